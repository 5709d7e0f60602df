"""Which of our providers an upstream of gpt-load's is. Read in gpt-load cc5383c, November 2026."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from aihub_lite.errors import InvalidRequest

OWN_HOSTS: Mapping[str, str] = {
    "api.anthropic.com": "anthropic",
    "api.cerebras.ai": "cerebras",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.moonshot.ai": "moonshot",
    "api.openai.com": "openai",
    "api.siliconflow.com": "siliconflow",
    "api.x.ai": "xai",
    "generativelanguage.googleapis.com": "gemini",
    "integrate.api.nvidia.com": "nvidia",
    "openrouter.ai": "openrouter",
}
"""Servers whose provider has a base URL of its own here."""
TYPES: Mapping[str, tuple[str, str]] = {
    "openai": ("openai", "/v1"),
    "openai-response": ("openai", "/v1"),
    "anthropic": ("anthropic", "/v1"),
    "gemini": ("gemini", "/v1beta"),
}
"""The provider of each `channel_type`, and the version that its clients write and our base URLs have in them."""

VERTEX = "aiplatform.googleapis.com"
PUBLISHER = "/publishers/google"
"""What gpt-load puts before the path of Gemini's own API, for upstreams at Vertex AI that are asked with an API key."""


def kind_of(channel_type: str, url: str) -> tuple[str, str]:
    """The provider and base URL of an upstream, the latter empty where it is the provider's own. Raises
    InvalidRequest with the reason where there is none."""
    if channel_type not in TYPES:
        raise InvalidRequest(f"there is no provider like {channel_type!r} here")
    provider, version = TYPES[channel_type]
    parts = urlsplit(url)
    if provider == "gemini" and (parts.hostname == VERTEX or parts.path.rstrip("/").endswith(PUBLISHER)):
        path = parts.path.rstrip("/").removesuffix(PUBLISHER) or "/v1"
        return "vertex", f"{parts.scheme}://{parts.netloc}{path}"
    own = OWN_HOSTS.get(parts.hostname or "")
    if own is not None and (own == provider or provider == "openai") and own not in ("anthropic", "gemini"):
        return own, ""
    if own == provider:
        return own, ""
    base = url.rstrip("/")
    if not base.endswith(version):
        base += version
    return provider, base
