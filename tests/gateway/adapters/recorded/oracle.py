"""What genai-prices reads out of a recorded answer by its own extractor, and what that costs by its own reckoning."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal

import attrs
from genai_prices.data_snapshot import get_snapshot

from aihub_lite.domain.money import NANO, Price
from aihub_lite.upstream.price_lookup import ModelRef, default_prices
from tests.gateway.adapters.recorded.whole import document
from tests.support.replay import Vector

RECORDED_AT = datetime(2025, 12, 1, 2, tzinfo=UTC)
"""About the day of the recordings, a weekday, at an hour in which prices that change with the hour are highest."""
EXTRACTORS = {
    "generateContent": ("google", "default"),
    "messages": ("anthropic", "default"),
    "groq": ("groq", "default"),
    "mistral": ("mistral", "default"),
    "perplexity": ("perplexity", "default"),
}
"""Whose prices, and which way of reading, by the endpoint or else by the provider; of others the endpoint's own."""
PRICE_IDS = {
    "azure": "azure",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "moonshotai": "moonshotai",
    "openrouter": "openrouter",
    "xai": "x-ai",
    "zai": "zai",
}
"""Of providers with extractors named as the endpoint is; all others are read as OpenAI's answers are."""


@attrs.frozen
class Opinion:
    """On one answer."""

    counts: tuple[int, ...]
    """Prompt, completion, read from and written to a cache."""
    ref: ModelRef
    tokens_nano: int | None
    """What its tokens cost; None where there is no price."""
    total_nano: int | None
    """The same with what is billed besides: searches, requests."""


def opinion_on(vector: Vector) -> Opinion | None:
    """None where the answer has no usage."""
    answer = answer_with_usage(vector)
    provider_id, flavour = extractor_for(vector)
    snapshot = get_snapshot()
    provider = snapshot.find_provider(None, provider_id, None)
    try:
        model, usage = provider.extract_usage(answer, api_flavor=flavour)
    except (ValueError, AttributeError):  # a usage that is not there, or whose modality is a number
        return None
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    counts = tuple(int(usage.reported_value(name)) for name in names)
    ref = (provider_id, model or "")
    with suppress(LookupError, ValueError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        price = snapshot.calc(usage, model or "", provider_id, None, RECORDED_AT)
        if price.total_price:  # a model may be listed without what it costs
            return Opinion(counts, ref, _nano(price.input_price + price.output_price), _nano(price.total_price))
    return Opinion(counts, ref, None, None)


def extractor_for(vector: Vector) -> tuple[str, str]:
    """Whose, and which."""
    named = EXTRACTORS.get(vector.endpoint) or EXTRACTORS.get(vector.provider)
    return named or (PRICE_IDS.get(vector.provider, "openai"), vector.endpoint)


def answer_with_usage(vector: Vector) -> object:
    """One document with the whole usage: of an array of Gemini's the last that has one."""
    answer = document(vector)
    if isinstance(answer, list):
        counted = [event for event in answer if "totalTokenCount" in event.get("usageMetadata", {})]
        return (counted or [{}])[-1]
    return answer


def _nano(usd: Decimal) -> int:
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def our_prices(refs: Iterable[ModelRef]) -> Mapping[ModelRef, Price]:
    """What the gateway takes for these models, at the same moment."""
    listed = asyncio.run(default_prices(sorted(set(refs), key=str), RECORDED_AT.date()))
    moment = RECORDED_AT.timestamp()
    return {ref: entry.price.at(moment) for ref, entry in listed.items() if entry.price is not None}
