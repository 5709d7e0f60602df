"""Which of our providers an upstream of LiteLLM's is, and how its address is written here.

LiteLLM names an upstream before the first slash of `model`, or in `custom_llm_provider`; its base URLs leave out what
its own clients append. Read in LiteLLM 1.108.7, November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import attrs

from aihub_lite.errors import InvalidRequest

Address = Callable[[str, str], str]
"""A base URL of ours, of one of theirs and its `api_version`."""

ENV = "os.environ/"
"""Before the name of a variable, where a value is in the environment."""


@attrs.frozen
class Upstream:
    """A provider of ours and how LiteLLM reaches it."""

    provider: str
    env: str = ""
    """The variable that LiteLLM reads a key from where none is configured; empty: none is needed."""
    address: Address = attrs.field(default=lambda base, _: base.rstrip("/"), repr=False)


def _below(path: str) -> Address:
    """Addresses to which LiteLLM appends a path that ours have in them."""

    def address(base: str, _: str) -> str:
        base = base.rstrip("/")
        for end in ("/messages", "/chat/completions"):
            base = base.removesuffix(end)
        return base if base.endswith(path) else base + path

    return address


def _azure(base: str, version: str) -> str:
    """A resource's address, with the version of the dated API where one is asked for."""
    parts = urlsplit(base)
    root = f"{parts.scheme}://{parts.netloc}"
    if not version or version in ("v1", "latest", "preview"):
        return f"{root}/openai/v1"
    return f"{root}/openai?api-version={version}"


def _plain(base: str, _: str) -> str:
    return base.rstrip("/").removesuffix("/chat/completions")


UPSTREAMS: Mapping[str, Upstream] = {
    "openai": Upstream("openai", "OPENAI_API_KEY", _plain),
    "text-completion-openai": Upstream("openai", "OPENAI_API_KEY", _plain),
    "custom_openai": Upstream("openai", "OPENAI_API_KEY", _plain),
    "openai_like": Upstream("openai", "OPENAI_LIKE_API_KEY", _plain),
    "litellm_proxy": Upstream("openai", "LITELLM_PROXY_API_KEY", _plain),
    "azure": Upstream("azure", "AZURE_API_KEY", _azure),
    "anthropic": Upstream("anthropic", "ANTHROPIC_API_KEY", _below("/v1")),
    "gemini": Upstream("gemini", "GEMINI_API_KEY", _below("/v1beta")),
    "cerebras": Upstream("cerebras", "CEREBRAS_API_KEY", _plain),
    "cohere": Upstream("cohere", "COHERE_API_KEY", _plain),
    "cohere_chat": Upstream("cohere", "COHERE_API_KEY", _plain),
    "dashscope": Upstream("dashscope", "DASHSCOPE_API_KEY", _plain),
    "deepinfra": Upstream("deepinfra", "DEEPINFRA_API_KEY", _plain),
    "deepseek": Upstream("deepseek", "DEEPSEEK_API_KEY", _plain),
    "fireworks_ai": Upstream("fireworks", "FIREWORKS_API_KEY", _plain),
    "groq": Upstream("groq", "GROQ_API_KEY", _plain),
    "hosted_vllm": Upstream("vllm", "", _plain),
    "huggingface": Upstream("huggingface", "HF_TOKEN", _plain),
    "hyperbolic": Upstream("hyperbolic", "HYPERBOLIC_API_KEY", _plain),
    "llamafile": Upstream("llamacpp", "", _plain),
    "lm_studio": Upstream("lmstudio", "", _plain),
    "minimax": Upstream("minimax", "MINIMAX_API_KEY", _plain),
    "mistral": Upstream("mistral", "MISTRAL_API_KEY", _plain),
    "moonshot": Upstream("moonshot", "MOONSHOT_API_KEY", _plain),
    "nebius": Upstream("nebius", "NEBIUS_API_KEY", _plain),
    "novita": Upstream("novita", "NOVITA_API_KEY", _plain),
    "nvidia_nim": Upstream("nvidia", "NVIDIA_NIM_API_KEY", _plain),
    "ollama": Upstream("ollama", "", _below("/v1")),
    "ollama_chat": Upstream("ollama", "", _below("/v1")),
    "openrouter": Upstream("openrouter", "OPENROUTER_API_KEY", _plain),
    "perplexity": Upstream("perplexity", "PERPLEXITYAI_API_KEY", _plain),
    "sambanova": Upstream("sambanova", "SAMBANOVA_API_KEY", _plain),
    "together_ai": Upstream("together", "TOGETHERAI_API_KEY", _plain),
    "vercel_ai_gateway": Upstream("vercel", "VERCEL_AI_GATEWAY_API_KEY", _plain),
    "volcengine": Upstream("volcengine", "VOLCENGINE_API_KEY", _plain),
    "xai": Upstream("xai", "XAI_API_KEY", _plain),
    "zai": Upstream("zai", "ZAI_API_KEY", _plain),
}
BY_HAND: Mapping[str, str] = {
    "bedrock": "add it with: channel add --type bedrock --region REGION",
    "bedrock_converse": "add it with: channel add --type bedrock --region REGION",
    "sagemaker": "there is no such provider here",
    "vertex_ai": "add it with: channel add --type vertex --project PROJECT --region REGION",
    "vertex_ai_beta": "add it with: channel add --type vertex --project PROJECT --region REGION",
}
"""Whose credentials are those of a cloud, which a configuration of LiteLLM's has no copy of."""
GUESSED: Mapping[str, str] = {
    "gpt-": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "chatgpt-": "openai",
    "text-embedding-": "openai",
    "dall-e-": "openai",
    "whisper-": "openai",
    "tts-": "openai",
    "claude-": "anthropic",
    "command-": "cohere",
}
"""What the names of models begin with for which LiteLLM needs no provider."""


def upstream_of(model: str, custom: str, api_base: str) -> tuple[Upstream, str]:
    """The upstream of `litellm_params.model`, and the model's id there. Raises InvalidRequest with the reason where
    there is none."""
    prefix, slash, rest = model.partition("/")
    name, upstream_model = custom, model
    if slash and prefix == custom:
        upstream_model = rest
    if not custom:
        if slash and (prefix in UPSTREAMS or prefix in BY_HAND):
            name, upstream_model = prefix, rest
        elif guessed := next((each for start, each in GUESSED.items() if model.startswith(start)), ""):
            name = guessed
        elif api_base:
            name = "openai"
        else:
            name = ""
            if slash:
                name = prefix
    if name in UPSTREAMS:
        return UPSTREAMS[name], upstream_model
    if name in BY_HAND:
        raise InvalidRequest(f"{name}: {BY_HAND[name]}")
    if not name:
        raise InvalidRequest(f"model {model!r} names no provider")
    raise InvalidRequest(
        f"there is no provider like {name!r} here: where it speaks OpenAI's API, add it by its base URL"
    )
