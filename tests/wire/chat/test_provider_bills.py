"""Recorded answers in which a provider says what it charged, beside what they cost here."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.money import NANO, Price, cost_of, with_fee
from aihub_lite.domain.usage import Usage
from aihub_lite.upstream.price_lookup import ModelRef, default_prices
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.chat.usage import usage_of
from tests.support.replay import Vector, requires_vectors, vectors

RECORDED_ON = date(2025, 12, 1)
"""About the day of the recordings, whose prices the bills are made of."""
TICKS = 10_000_000_000
"""xAI's in a dollar."""
SOURCES = (
    *("openrouter", "fixtures", "more/ellmer", "more/fantasy", "more/llm", "more/logfire", "more/openinference"),
    *("more/otel", "more/prism", "more/vercel"),
)
VENDORS = {"anthropic": "anthropic", "google": "google", "openai": "openai"}
"""Whose prices Vercel passes on, by how its names of models begin, and as the price table has them."""

WITHIN = "within 1 %"
TWICE = "Vercel adds reasoning to a completion that it is part of already, as it comes from OpenAI"
"""Its texts show it: 256 tokens with 192 of reasoning, for 106 letters. Right is what OpenAI says of itself; what
Vercel charges all the same is the upstream's own figure."""
RAN = "OpenRouter ran a tool or read a file, for which it charges besides the tokens, and says of neither what it was"
HOSTS = "hosts of open models set rates of their own, and the price table knows one of them"
FELL_BACK = "OpenRouter answered with the second of the models that were asked for"
CACHED = "OpenRouter counts what Gemini writes to its cache, and for how long, as the price table does not"
LATER = "the price table has another price, of a model that came out after that day"
INVENTED = "the figures were made up for a test"
UNPRICED = "the price table has no price for it"
REASONS = {
    ("openrouter", "openai/gpt-4o-mini"): RAN,
    ("openrouter", "openai/gpt-5.1-codex-mini"): RAN,
    ("openrouter", "deepseek/deepseek-chat"): HOSTS,
    ("openrouter", "google/gemini-2.0-flash-exp:free"): FELL_BACK,
    ("openrouter", "google/gemini-2.5-flash"): CACHED,
    ("openrouter", "google/gemini-3.6-flash"): LATER,
    ("openrouter", "openai/gpt-5.6-sol"): LATER,
    ("openrouter", "moonshotai/kimi-k2.5"): HOSTS,
    ("openrouter", "openai/gpt-oss-20b"): HOSTS,
    ("openrouter", "qwen/qwen3-30b-a3b-instruct-2507"): HOSTS,
    ("openrouter", "z-ai/glm-4.6"): HOSTS,
    ("other", "moonshotai/kimi-k2.5"): HOSTS,
    ("xai", "grok-4.5"): INVENTED,
}
"""Why a bill may differ by more than 1 %, by provider and model."""
EXPECTED = {
    ("openai", UNPRICED): 7,
    ("openai-compatible", WITHIN): 4,
    ("openrouter", WITHIN): 92,
    ("openrouter", CACHED): 2,
    ("openrouter", FELL_BACK): 1,
    ("openrouter", HOSTS): 15,
    ("openrouter", LATER): 3,
    ("openrouter", RAN): 3,
    ("openrouter", UNPRICED): 12,
    ("other", HOSTS): 7,
    ("perplexity", WITHIN): 3,
    ("vercel", WITHIN): 56,
    ("vercel", TWICE): 10,
    ("xai", WITHIN): 36,
    ("xai", INVENTED): 2,
}
"""How many bills come out how, by provider."""


@attrs.frozen
class Bill:
    """What a provider charged for an answer, and what we make of the answer."""

    vector: Vector
    wanted: ModelRef
    charged: int
    """Nano-USD, by the provider."""
    usage: Usage


def bills() -> Iterator[Bill]:
    for vector in vectors(None, SOURCES, status=200):
        said, model = said_by(vector)
        charged = charged_in(said)
        usage = usage_read(vector, said) if charged else None
        if charged and usage is not None:
            yield Bill(vector, wanted(vector, model), charged, usage)


def said_by(vector: Vector) -> tuple[dict[str, Any], str]:
    """The usage that an answer ends with, and the model that it names, read naively."""
    answers = [answer.get("response") or answer for answer in documents(vector)]
    usages = [answer["usage"] for answer in answers if isinstance(answer.get("usage"), dict)]
    models = [str(answer["model"]) for answer in answers if answer.get("model")]
    asked = (vector.request or {}).get("model")
    return (usages or [{}])[-1], asked or (models or [""])[0]


def documents(vector: Vector) -> list[dict[str, Any]]:
    if vector.endpoint not in ("chat", "responses"):
        return []
    bodies = [vector.body]
    if vector.streamed:
        bodies = [line[6:] for line in vector.body.split(b"\n") if line.startswith(b"data: {")]
    decoded = []
    for body in bodies:
        with suppress(msgspec.DecodeError):
            decoded.append(msgspec.json.decode(body))
    return [document for document in decoded if isinstance(document, dict)]


def charged_in(usage: dict[str, Any]) -> int:
    """0 where the provider says nothing, or that nothing was charged."""
    if ticks := usage.get("cost_in_usd_ticks"):
        return round(Decimal(ticks) * NANO / TICKS)
    cost = usage.get("cost") or 0
    if isinstance(cost, dict):
        cost = cost["total_cost"]
    charged = Decimal(str(cost))
    if usage.get("is_byok"):
        charged += Decimal(str(usage["cost_details"]["upstream_inference_cost"]))
    return round(charged * NANO)


def usage_read(vector: Vector, said: dict[str, Any]) -> Usage | None:
    if vector.endpoint == "responses":
        return usage_of(said)
    if not vector.streamed:
        return answer_of(vector.body, "m", "r", 0).usage
    stream = ChatStream("m", "r", 0, include_usage=True)
    for line in vector.body.split(b"\n"):
        if line.startswith(b"data:"):
            stream.push(line[5:])
    return stream.usage


def wanted(vector: Vector, model: str) -> ModelRef:
    if vector.provider == "vercel":
        vendor, _, name = model.partition("/")
        return VENDORS[vendor], name
    if model.startswith("grok"):
        return "x-ai", model
    if vector.provider == "perplexity":
        return "perplexity", model
    return "openrouter", model


def reason_for(bill: Bill, *, priced: bool) -> str:
    """Why a bill may differ by more than 1 %; empty: there is none."""
    if not priced:
        return UNPRICED
    if bill.vector.provider == "vercel" and bill.wanted[0] == "openai" and bill.usage.reasoning_tokens:
        return TWICE
    return REASONS.get((bill.vector.provider, bill.wanted[1]), "")


def outcome_of(bill: Bill, price: Price | None) -> str:
    """`WITHIN`, or why not; empty where there is no reason."""
    if price is not None:
        off = abs(cost_of(with_fee(bill.usage, price), price) - bill.charged)
        # Perplexity says its figures in thousandths of a dollar.
        if off * 100 <= bill.charged or (bill.vector.provider == "perplexity" and off <= NANO // 2000):
            return WITHIN
    return reason_for(bill, priced=price is not None)


@requires_vectors
def test_an_answer_costs_what_its_provider_says_that_it_charged() -> None:
    """A Grok answer with 300 tokens of thought was booked at a seventh of what xAI had charged for it."""
    found = list(bills())
    if not any(bill.vector.provider == "vercel" for bill in found):
        pytest.skip("needs the further recordings in ../shared/vectors/more")
    listed = asyncio.run(default_prices(sorted({bill.wanted for bill in found}, key=str), RECORDED_ON))
    # What is guessed is the maker's price, and no word about what this provider asks.
    prices = {name: price for name, entry in listed.items() if (price := entry.price) and not price.guessed}
    outcomes = [(bill, outcome_of(bill, prices.get(bill.wanted))) for bill in found]
    rows = Counter((bill.vector.provider, outcome) for bill, outcome in outcomes)
    for (provider, outcome), number in sorted(rows.items()):
        print(f"{provider:18}{number:5}  {outcome}")
    assert [] == [bill for bill, outcome in outcomes if not outcome][:3]
    assert EXPECTED == rows


@requires_vectors
def test_what_a_provider_says_that_it_charged_is_kept_to_the_nano_dollar() -> None:
    """Every call of Perplexity's was booked at 0, while each of its answers says what it cost."""
    wrong = [bill for bill in bills() if bill.usage.upstream_cost_nano != bill.charged]
    assert [] == wrong[:3]
