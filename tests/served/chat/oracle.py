"""What genai-prices makes of recorded usage bodies: the split into kinds of tokens, and the price."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.money import NANO
from tests.support.replay import VECTORS

EXTRACTORS = {"anthropic": ("anthropic", "default"), "gemini": ("google", "default")}
"""Of each wire: whose prices, and which way of reading a usage body."""
NAMES = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
USAGE = {"anthropic": "usage", "gemini": "usageMetadata"}
"""Where it stands in an answer."""


@attrs.frozen
class Opinion:
    """On one usage body. `counts` as `NAMES`; `nano` is None where there is no price."""

    body: dict[str, Any]
    model: str
    counts: tuple[int, ...]
    nano: int | None
    modal: bool
    """Whether some tokens are audio, images or video."""


@functools.cache
def opinions(wire: str) -> tuple[Opinion, ...]:
    """All on bodies of this wire, in the file's order; none on those of chat, which other tests hold against it."""
    path = VECTORS / "usages.jsonl"
    lines = path.read_bytes().splitlines() if wire in EXTRACTORS and path.is_file() else []
    return tuple(opinion for line in lines for opinion in _of(msgspec.json.decode(line), wire))


def opinion_on(wire: str, body: object) -> Opinion | None:
    """On exactly this body."""
    return next((opinion for opinion in opinions(wire) if opinion.body == body), None)


def _of(record: dict[str, Any], wire: str) -> Iterator[Opinion]:
    body, model = record["body"].get(USAGE[wire]), str(record.get("model", ""))
    # Claude's way of counting is also read out of answers of others' models, at endpoints like Anthropic's.
    ours = body and (wire != "anthropic" or "claude" in model)
    for entry in record["extracted"] if ours else ():
        for one in entry["extractors"]:
            if (one["provider_id"], one["api_flavor"]) == EXTRACTORS[wire]:
                split = entry["usage"]
                modal = any(kind in name for name in split for kind in ("audio", "image", "video"))
                yield Opinion(body, model, tuple(split.get(name, 0) for name in NAMES), _nano(one), modal)


def _nano(one: dict[str, str]) -> int | None:
    if "input_price" not in one:
        return None
    usd = Decimal(one["input_price"]) + Decimal(one["output_price"])
    return int((usd * NANO).to_integral_value(ROUND_CEILING))
