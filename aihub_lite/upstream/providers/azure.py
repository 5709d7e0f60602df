"""Addresses at Azure OpenAI.

A resource has two APIs. `https://NAME.openai.azure.com/openai/v1` is as OpenAI's own. The older one has its endpoints
below the name of a deployment, and wants a dated `api-version`:
`https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT/chat/completions?api-version=2024-10-21`. Its base URL is
written with that version here: `https://NAME.openai.azure.com/openai?api-version=2024-10-21`.

Source: learn.microsoft.com, "Azure OpenAI in Microsoft Foundry Models v1 API", and openai-python 2.20.0, `AzureOpenAI`.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

V1 = "/openai/v1"
DATED = "/openai"
DEPLOYED = frozenset(
    {
        "/chat/completions",
        "/completions",
        "/embeddings",
        "/images/generations",
        "/images/edits",
        "/audio/speech",
        "/audio/transcriptions",
        "/audio/translations",
    }
)
"""Endpoints that stand below a deployment's name in the older API; those of Responses do not."""
PLAIN = "!$&'()*+,;=:@"
"""What stands in a segment of a path as it is, beside letters, digits and `-._~` (RFC 3986, 3.3)."""
PASTED = re.compile(r"(/openai/v1|/openai)(/.*)?")
"""A path as Azure's portal shows it, down to the endpoint ("Target URI")."""


def base_url_of(text: str) -> str:
    """The base URL in an address that somebody copied: of a resource, a deployment or one of its endpoints."""
    address, mark, query = text.partition("?")
    try:
        parts = urlsplit(address)
    except ValueError:
        return text  # it is nowhere, as whoever checks it will say
    if not parts.scheme or "#" in text:
        return text
    path = parts.path.rstrip("/")
    if pasted := PASTED.fullmatch(path):
        path = pasted[1]
    if not path:
        path = DATED if query else V1
    return f"{parts.scheme}://{parts.netloc}{path}{mark}{query}"


def is_dated(base_url: str) -> bool:
    """Whether a base URL is of the older API; the newer one may be asked for a version too, as `preview`."""
    base, mark, _ = base_url.partition("?")
    return bool(mark) and not base.endswith("/v1")


def deployment_path(path: str, deployment: str) -> str:
    """The path of an endpoint of the older API, below its base URL."""
    if path not in DEPLOYED:
        return path
    return f"/deployments/{quote(deployment, safe=PLAIN)}{path}"
