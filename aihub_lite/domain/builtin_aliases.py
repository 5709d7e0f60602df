"""Built-in aliases: ids as people, documentation and aggregators write them, at the names upstreams know.

A row of `SPELLINGS` is one model under all its names; a row of `NICKNAMES` a short name and what it stands for.
An alias applies only while its own id is offered by no channel, and leads to the first of its targets that is.
Compared without provider prefix, so `anthropic/claude-sonnet-4.6` works like `claude-sonnet-4.6`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CLAUDE = (
    # Anthropic's "Models overview" and `GET /v1/models` of api.anthropic.com: dashes, older ones with a date.
    # OpenRouter and most documentation: dots, to which api.anthropic.com answers 404. Until 3.7 the number comes first.
    ("claude-3-haiku", "claude-3-haiku-20240307", "claude-3.0-haiku"),
    ("claude-3-opus", "claude-3-opus-20240229", "claude-3-opus-latest", "claude-3.0-opus"),
    ("claude-3.5-haiku", "claude-3-5-haiku-20241022", "claude-3-5-haiku-latest", "claude-3-5-haiku"),
    ("claude-3.5-sonnet", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet-latest", "claude-3-5-sonnet"),
    ("claude-3.7-sonnet", "claude-3-7-sonnet-20250219", "claude-3-7-sonnet-latest", "claude-3-7-sonnet"),
    ("claude-sonnet-4", "claude-sonnet-4-20250514", "claude-sonnet-4-0", "claude-sonnet-4.0", "claude-4-sonnet"),
    ("claude-opus-4", "claude-opus-4-20250514", "claude-opus-4-0", "claude-opus-4.0", "claude-4-opus"),
    ("claude-opus-4-1", "claude-opus-4-1-20250805", "claude-opus-4.1", "claude-4.1-opus"),
    ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4.5", "claude-4.5-sonnet"),
    ("claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-haiku-4.5", "claude-4.5-haiku"),
    ("claude-opus-4-5", "claude-opus-4-5-20251101", "claude-opus-4.5", "claude-4.5-opus"),
    ("claude-sonnet-4-6", "claude-sonnet-4.6", "claude-4.6-sonnet"),
    ("claude-opus-4-6", "claude-opus-4.6", "claude-4.6-opus"),
    ("claude-opus-4-7", "claude-opus-4.7", "claude-4.7-opus"),
    ("claude-opus-4-8", "claude-opus-4.8", "claude-4.8-opus"),
    ("claude-sonnet-5", "claude-sonnet-5-0", "claude-sonnet-5.0", "claude-5-sonnet"),
    ("claude-opus-5", "claude-opus-5-0", "claude-opus-5.0", "claude-5-opus"),
    ("claude-fable-5", "claude-fable-5-0", "claude-fable-5.0"),
    ("claude-fable-5-1", "claude-fable-5.1"),
    ("claude-fable-5-2", "claude-fable-5.2"),
    ("claude-haiku-5-5", "claude-haiku-5.5", "claude-5.5-haiku"),
    ("claude-sonnet-5-5", "claude-sonnet-5.5", "claude-5.5-sonnet"),
    ("claude-opus-5-5", "claude-opus-5.5", "claude-5.5-opus"),
)

LLAMA = (
    # OpenRouter's model list; Groq's and Together's "Supported models"; Cerebras' and Fireworks' own spellings.
    (
        "llama-4-maverick",
        "llama-4-maverick-17b-128e-instruct",
        "Llama-4-Maverick-17B-128E-Instruct-FP8",
        "llama-4-maverick-17b-128e-instruct-fp8",
        "accounts/fireworks/models/llama4-maverick-instruct-basic",
    ),
    (
        "llama-4-scout",
        "llama-4-scout-17b-16e-instruct",
        "Llama-4-Scout-17B-16E-Instruct",
        "accounts/fireworks/models/llama4-scout-instruct-basic",
    ),
    (
        "llama-3.3-70b",
        "llama-3.3-70b-instruct",
        "llama-3.3-70b-versatile",
        "Llama-3.3-70B-Instruct-Turbo",
        "accounts/fireworks/models/llama-v3p3-70b-instruct",
    ),
    (
        "llama-3.1-8b",
        "llama-3.1-8b-instruct",
        "llama-3.1-8b-instant",
        "llama3.1-8b",
        "Meta-Llama-3.1-8B-Instruct-Turbo",
        "accounts/fireworks/models/llama-v3p1-8b-instruct",
    ),
)

OPEN_WEIGHTS = (
    # The makers' own API first, then OpenRouter, Together (Hugging Face names), Fireworks (`p` for a dot).
    ("deepseek-v3.2", "DeepSeek-V3.2", "accounts/fireworks/models/deepseek-v3p2"),
    ("deepseek-v4-pro", "DeepSeek-V4-Pro", "accounts/fireworks/models/deepseek-v4-pro"),
    ("deepseek-v4-flash", "DeepSeek-V4-Flash", "accounts/fireworks/models/deepseek-v4-flash"),
    ("qwen3-32b", "qwen-3-32b", "Qwen3-32B"),
    ("qwen3-coder", "qwen3-coder-plus", "qwen-3-coder-480b", "Qwen3-Coder-480B-A35B-Instruct"),
    ("qwen3-235b-a22b", "Qwen3-235B-A22B", "accounts/fireworks/models/qwen3-235b-a22b"),
    ("gpt-oss-120b", "accounts/fireworks/models/gpt-oss-120b"),
    ("gpt-oss-20b", "accounts/fireworks/models/gpt-oss-20b"),
    ("kimi-k2.5", "Kimi-K2.5", "accounts/fireworks/models/kimi-k2p5"),
    ("kimi-k2.6", "Kimi-K2.6", "accounts/fireworks/models/kimi-k2p6"),
    ("kimi-k3", "Kimi-K3", "accounts/fireworks/models/kimi-k3"),
    # Z.ai's API takes lower case, Hugging Face and price tables write upper case, Cerebras prefixes `zai-`.
    ("glm-4.5", "GLM-4.5"),
    ("glm-4.6", "GLM-4.6"),
    ("glm-4.7", "GLM-4.7", "zai-glm-4.7", "accounts/fireworks/models/glm-4p7"),
    ("glm-5", "GLM-5"),
    ("glm-5.1", "GLM-5.1", "accounts/fireworks/models/glm-5p1"),
)

GROK = (
    # docs.x.ai "Models": Grok 4 carries its date; reasoning is part of the id in the fast family.
    ("grok-4", "grok-4-0709", "grok-4-latest"),
    ("grok-3", "grok-3-latest"),
    ("grok-3-mini", "grok-3-mini-latest"),
    ("grok-4-fast", "grok-4-fast-reasoning"),
    ("grok-4.1-fast", "grok-4-1-fast", "grok-4-1-fast-reasoning"),
    ("grok-4.20", "grok-4-20", "grok-4.20-reasoning"),
    ("grok-4.3", "grok-4-3"),
    ("grok-4.5", "grok-4-5"),
    ("grok-code-fast", "grok-code-fast-1"),
)

SPELLINGS = CLAUDE + LLAMA + OPEN_WEIGHTS + GROK
"""Each row: the names of one model, the preferred one first."""

NICKNAMES: Mapping[str, tuple[str, ...]] = {
    # api-docs.deepseek.com "Models & Pricing" and its change log: `deepseek-chat` and `deepseek-reasoner` are always
    # the newest version, and since V4 both are V4 Flash; the rest are the open weights' names elsewhere.
    "deepseek-v3": ("deepseek-chat", "deepseek-chat-v3-0324", "deepseek-v3-0324", "DeepSeek-V3", "deepseek-v4-flash"),
    "deepseek-r1": ("deepseek-reasoner", "deepseek-r1-0528", "DeepSeek-R1", "DeepSeek-R1-0528", "deepseek-v4-flash"),
    "deepseek-chat": ("deepseek-v4-flash", "deepseek-v3.2", "deepseek-chat-v3.1"),
    "deepseek-reasoner": ("deepseek-v4-flash", "deepseek-r1", "deepseek-r1-0528"),
    # docs.mistral.ai "Models": `-latest` is the short name of a family.
    "mistral-large": ("mistral-large-latest",),
    "mistral-medium": ("mistral-medium-latest",),
    "mistral-small": ("mistral-small-latest",),
    "mistral-nemo": ("open-mistral-nemo", "mistral-tiny-latest"),
    "magistral-medium": ("magistral-medium-latest",),
    "magistral-small": ("magistral-small-latest",),
    "ministral-8b": ("ministral-8b-latest",),
    "ministral-3b": ("ministral-3b-latest",),
    "pixtral-large": ("pixtral-large-latest",),
    "codestral": ("codestral-latest",),
    "devstral": ("devstral-latest", "devstral-medium-latest", "devstral-small-latest"),
    # ai.google.dev "Gemini models": 3.x were published as previews first; undated names follow.
    "gemini-3-pro": ("gemini-3-pro-preview", "gemini-3.1-pro-preview"),
    "gemini-3-flash": ("gemini-3-flash-preview",),
    "gemini-3.1-pro": ("gemini-3.1-pro-preview",),
    "gemini-3.1-flash-lite": ("gemini-3.1-flash-lite-preview",),
    "gemini-pro": ("gemini-pro-latest", "gemini-2.5-pro"),
    "gemini-flash": ("gemini-flash-latest", "gemini-2.5-flash"),
    # Alibaba Cloud "Model Studio": commercial names next to the open-weight ones; `qwen-X` is always the newest.
    "qwen-max": ("qwen-max-latest", "qwen3-max"),
    "qwen-plus": ("qwen-plus-latest",),
    "qwen-turbo": ("qwen-turbo-latest", "qwen-flash"),
    "qwen3-max": ("qwen3-max-preview", "qwen-max"),
    "qwen-coder": ("qwen3-coder-plus", "qwen3-coder"),
    # platform.moonshot.ai "Models".
    "kimi-k2": ("kimi-k2-0905-preview", "kimi-k2-0711-preview", "kimi-k2-instruct", "kimi-k2-0905"),
    "kimi-latest": ("kimi-k3", "kimi-k2.6", "kimi-k2.5"),
}
"""Short name to the ids it may stand for, in order of preference."""


def _table() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for row in SPELLINGS:
        for name in row:
            table[name] = tuple(other for other in row if other != name)
    for name, targets in NICKNAMES.items():
        table[name] = (*table.get(name, ()), *targets)
    return table


BUILTIN_ALIASES: Mapping[str, tuple[str, ...]] = _table()
"""Alias to its possible targets, in order."""

PREFIXES = frozenset({
    "ai21", "alibaba", "amazon", "anthropic", "cerebras", "cohere", "dashscope", "deepseek", "deepseek-ai",
    "fireworks", "gemini", "google", "groq", "lmstudio", "meta", "meta-llama", "minimax", "mistral", "mistralai",
    "moonshot", "moonshotai", "nvidia", "ollama", "openai", "openrouter", "perplexity", "qwen", "siliconflow",
    "thudm", "together", "vllm", "x-ai", "xai", "z-ai", "zai", "zai-org",
})  # fmt: skip
"""Provider prefixes that clients and aggregators write before an id; other ids keep their slash."""

DATE = re.compile(r"-20\d{6}$")
"""At the end of Anthropic's ids of models."""


def canonical(model: str) -> str:
    """The public id: without a known provider prefix (`openai/gpt-4o` is `gpt-4o`)."""
    prefix, _, rest = model.partition("/")
    if rest and prefix.lower() in PREFIXES:
        return rest
    return model


def undated(model: str) -> str:
    """An id upstream without the date of its version: `claude-opus-4-5-20251101` is `claude-opus-4-5`."""
    return DATE.sub("", model)
