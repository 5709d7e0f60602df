"""What OpenAI-compatible upstreams refuse, as data: a field they do not know is often a 400 or 422."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class Quirks:
    """How a chat request must differ from what OpenAI takes; the defaults change nothing."""

    drop: frozenset[str] = frozenset()
    """Top-level fields to leave out."""
    drop_inside: frozenset[str] = frozenset()
    """Fields to leave out of messages, their parts and tools."""
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] | None = None
    """The only spelling it takes; None: as it came."""
    max_completion_tokens_models: tuple[str, ...] = ()
    """Prefixes of upstream models that take `max_completion_tokens` only, whatever else holds."""
    developer_role: bool = True
    """False: `developer` messages are sent as `system`."""
    thinking_parts: bool = False
    """True: it says its thinking among the parts of a message and wants it back so; others refuse such parts."""
    stream_options: bool = True
    """False: it refuses `stream_options` and reports usage unasked."""


CACHE_HINTS = frozenset({"prompt_cache_key", "prompt_cache_retention", "safety_identifier"})
"""OpenAI's newer hints, which editors send to every endpoint."""
ANTHROPIC_HINTS = frozenset({"cache_control", "eager_input_streaming"})
REASONING_HISTORY = frozenset({"reasoning_content", "reasoning_details"})

DEFAULT = Quirks()
"""An upstream that nothing is known of gets what the client sent."""

_OPENAI = Quirks(
    drop_inside=ANTHROPIC_HINTS | REASONING_HISTORY, max_completion_tokens_models=("o1", "o3", "o4", "gpt-5")
)
_LOCAL = Quirks(max_tokens_name="max_tokens", developer_role=False)
_PLAIN = Quirks(drop=CACHE_HINTS, max_tokens_name="max_tokens", developer_role=False)

QUIRKS: Mapping[str, Quirks] = {
    # `openai` also stands for any compatible server by its base URL, so no spelling is forced on all its models.
    "openai": _OPENAI,
    "azure": _OPENAI,
    "anthropic": Quirks(drop=CACHE_HINTS, drop_inside=REASONING_HISTORY),
    "gemini": Quirks(drop=CACHE_HINTS | {"store", "metadata", "parallel_tool_calls", "service_tier"}),
    "deepseek": _PLAIN,
    "mistral": Quirks(
        # Unknown fields, at any depth, are a 422 there.
        drop=frozenset({"store", "user", "logit_bias", "logprobs", "top_logprobs", "service_tier", "verbosity"})
        | {"prompt_cache_retention", "safety_identifier", "modalities"},
        drop_inside=ANTHROPIC_HINTS | REASONING_HISTORY,
        max_tokens_name="max_tokens",
        developer_role=False,
        thinking_parts=True,
        stream_options=False,
    ),
    "xai": Quirks(drop=frozenset({"prompt_cache_retention", "safety_identifier"}), developer_role=False),
    "groq": Quirks(drop=CACHE_HINTS | {"store", "logprobs", "top_logprobs"}, drop_inside=REASONING_HISTORY),
    "cerebras": Quirks(
        drop=CACHE_HINTS | {"store", "frequency_penalty", "presence_penalty", "logit_bias"},
        drop_inside=ANTHROPIC_HINTS | REASONING_HISTORY,
        max_tokens_name="max_completion_tokens",
    ),
    "dashscope": _PLAIN,
    "moonshot": _PLAIN,
    "zai": _PLAIN,
    "siliconflow": _PLAIN,
    "together": _PLAIN,
    "fireworks": Quirks(drop=CACHE_HINTS, developer_role=False),
    "huggingface": _PLAIN,
    "ollama": _LOCAL,
    "lmstudio": _LOCAL,
    "vllm": Quirks(developer_role=False),
}
"""By provider name."""


def quirks_of(provider: str) -> Quirks:
    """Those of a provider by name; `DEFAULT` for one that nothing is known of."""
    return QUIRKS.get(provider, DEFAULT)
