"""Token counts as Anthropic reports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.domain.usage import Usage, count

COUNTS = ("input_tokens", "output_tokens")


def usage_of(usage: object) -> Usage | None:
    """A `usage` object in OpenAI's convention; None when it counts nothing.

    Anthropic's input leaves cached tokens out, both read and written; OpenAI's has them in. `iterations` are not added
    up: the counts beside them are those that genai-prices bills.
    """
    if not isinstance(usage, Mapping) or all(usage.get(name) is None for name in COUNTS):
        return None
    read, written = count(usage.get("cache_read_input_tokens")), count(usage.get("cache_creation_input_tokens"))
    details = usage.get("output_tokens_details")
    thinking = details.get("thinking_tokens") if isinstance(details, Mapping) else None
    return Usage.clamped(
        count(usage.get("input_tokens")) + read + written, usage.get("output_tokens"), read, written, thinking
    )


def merge(so_far: dict[str, Any], usage: object) -> None:
    """In place: the last count that is not null. A stream repeats them cumulatively, so nothing is added."""
    if isinstance(usage, Mapping):
        so_far.update({name: value for name, value in usage.items() if value is not None})
