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
SEARCH_NANO = {"anthropic": 10_000_000, "gemini": 14_000_000}
"""Nano-USD of one search that the provider ran, as Anthropic and Google (from Gemini 3 on) document it: genai-prices
reckons with tokens alone."""
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

    def cost_nano(self, wire: str, searches: int) -> int | None:
        """With the searches that ran for it; None where there is no price."""
        if self.nano is None or not searches:
            return self.nano
        return self.nano + searches * SEARCH_NANO[wire]


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
    body = record["body"].get(USAGE[wire])
    model = str(record.get("model", ""))
    # Claude's way of counting is also read out of answers of others' models, at endpoints like Anthropic's.
    ours = body and (wire != "anthropic" or "claude" in model) and not _iterates(body)
    for entry in record["extracted"] if ours else ():
        for one in entry["extractors"]:
            if (one["provider_id"], one["api_flavor"]) == EXTRACTORS[wire]:
                split = entry["usage"]
                modal = any(kind in name for name in split for kind in ("audio", "image", "video"))
                yield Opinion(body, model, tuple(split.get(name, 0) for name in NAMES), _nano(one), modal)


def _iterates(body: dict[str, Any]) -> bool:
    """Whether Anthropic bills more than the counts at the top, which are all that genai-prices reads."""
    return any(step["type"] != "message" for step in body.get("iterations") or ())


def _nano(one: dict[str, str]) -> int | None:
    if "input_price" not in one:
        return None
    usd = Decimal(one["input_price"]) + Decimal(one["output_price"])
    return int((usd * NANO).to_integral_value(ROUND_CEILING))
