"""Hosted tools: what a provider runs itself while a model answers, and bills by the call, beside the tokens."""

from __future__ import annotations

from typing import Self

import attrs

THOUSAND = 1000
"""How many calls a rate is for, as providers and the price table have it."""


@attrs.frozen(kw_only=True)
class Hosted:
    """How often each of them ran for one request, and what is billed for the request as such."""

    web_search: int = 0
    file_search: int = 0
    """Searches of files that were uploaded to the provider."""
    code_session: int = 0
    """Containers in which code ran."""
    request: int = 0
    """1 where there is a fee for each request; at Perplexity, one with a large search context."""
    request_low: int = 0
    request_medium: int = 0
    """The same with a smaller search context."""

    def counts(self) -> dict[str, int]:
        """Those that are not 0, by name."""
        return {name: count for name in HOSTED if (count := getattr(self, name))}

    def most(self, other: Self | None) -> Self:
        """The larger count of each."""
        if other is None or other == self:
            return self
        return attrs.evolve(self, **{name: max(getattr(self, name), getattr(other, name)) for name in HOSTED})


HOSTED = tuple(field.name for field in attrs.fields(Hosted))
FEES = ("request", "request_low", "request_medium")
"""Those that a request has by itself, whatever ran for it."""


@attrs.frozen(kw_only=True)
class HostedRates:
    """Nano-USD for a thousand of each. None: not known, but a request with a smaller context costs what any does."""

    web_search: int | None = None
    file_search: int | None = None
    code_session: int | None = None
    request: int | None = None
    request_low: int | None = None
    request_medium: int | None = None

    def rate_of(self, kind: str) -> int | None:
        """What a thousand of a kind cost."""
        rate: int | None = getattr(self, kind)
        if rate is None and kind in FEES:
            return self.request
        return rate

    def over(self, others: Self | None) -> Self:
        """These, and those of the others for what has none here."""
        if others is None:
            return self
        missing = {name: getattr(others, name) for name in HOSTED if getattr(self, name) is None}
        return attrs.evolve(self, **missing)


def hosted_of(counts: dict[str, int]) -> Hosted | None:
    """None where nothing ran."""
    if not any(counts.values()):
        return None
    return Hosted(**counts)


def fees_of(hosted: Hosted, rates: HostedRates) -> int:
    """Thousandths of nano-USD for what ran, so that nothing is rounded yet."""
    return sum(count * (rates.rate_of(kind) or 0) for kind, count in hosted.counts().items())
