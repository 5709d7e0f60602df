"""What OpenAI-compatible upstreams refuse, as data: a field they do not know is often a 400 or 422."""

from __future__ import annotations

from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class Quirks:
    """How a chat request must differ from what OpenAI takes; the defaults change nothing."""

    drop: frozenset[str] = frozenset()
    """Top-level fields to leave out."""
    drop_inside: frozenset[str] = frozenset()
    """Fields to leave out of messages, their parts and calls, and of tools."""
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] | None = None
    """The only spelling it takes; None: as it came."""
    max_completion_tokens_models: tuple[str, ...] = ()
    """Prefixes of upstream models that take `max_completion_tokens` only, whatever else holds."""
    developer_role: bool = True
    """False: `developer` messages are sent as `system`."""
    thinking_parts: bool = False
    """True: it says its thinking among the parts of a message and wants it back so; others refuse such parts."""
    thinking_models: tuple[str, ...] = ()
    """Prefixes of its models that think, and get back as such parts what `reasoning_content` holds, whoever thought
    it."""
    thought_calls: tuple[str, ...] = ()
    """Parts of names of upstream models that refuse a call in history without the thought that led to it. One that has
    none, since another model made it, gets a thought that says nothing."""
    stream_options: bool = True
    """False: it refuses `stream_options` and reports usage unasked."""

    efforts: frozenset[str] = frozenset()
    """The only values of `reasoning_effort` that it takes, the field is left out for others; empty: any."""
    no_tools: bool = True
    """False: it refuses a list of tools that is empty."""

    # The rest is about what clients of other surfaces send, which `fit` leaves out where it is not known to be taken.
    cache_marks: bool = False
    """True: a model behind it may read cache marks."""
    cache_key: bool = False
    """True: it takes `prompt_cache_key`, at its own address; strict servers elsewhere refuse what they do not know."""
    top_k: bool = False
    """True: it takes `top_k`, which is not OpenAI's."""
    late_system: bool = False
    """True: its models take system messages anywhere, at its own address. Templates of open models often refuse any
    but the first, and Claude Code ends its requests with one."""
    effort_none: bool = False
    """True: all its models take an effort of `none`."""
    effort_to_thinkers: bool = False
    """True: it refuses an effort for every model but those that it lets think."""


CACHE_HINTS = frozenset({"prompt_cache_key", "prompt_cache_retention", "safety_identifier"})
"""OpenAI's newer hints, which editors send to every endpoint."""
ANTHROPIC_HINTS = frozenset({"cache_control", "eager_input_streaming"})
SIGNED = "extra_content"
"""Where Gemini signs a message or a call."""
REASONING_HISTORY = frozenset({"reasoning_content", "reasoning_details", SIGNED})
ALL_REASONING = REASONING_HISTORY | {"reasoning"}
"""Every spelling of what a model thought, in a message of history."""

DEFAULT = Quirks()
"""An upstream that nothing is known of gets what the client sent."""
