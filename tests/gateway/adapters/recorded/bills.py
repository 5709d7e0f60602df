"""What is booked for a recorded answer, beside what the price project makes of it and what its upstream says itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from aihub_lite.domain.money import cost_of, with_fee
from aihub_lite.domain.usage import Usage
from tests.gateway.adapters.recorded.checks import surfaces_for
from tests.gateway.adapters.recorded.exchanges import told
from tests.gateway.adapters.recorded.oracle import Opinion, opinion_on, our_prices
from tests.support.replay import Vector
from tests.wire.chat.test_provider_bills import charged_in, said_by


@attrs.frozen
class Bill:
    """One answer's."""

    vector: Vector
    usage: Usage
    """As it is booked."""
    opinion: Opinion | None
    cost_nano: int | None
    """Of its tokens, at the gateway's own price of the model that the answer names; None where it has none."""
    own_fee_nano: int
    """What we find billed besides them."""
    charged_nano: int
    """By the upstream itself; 0 where it says nothing."""

    @property
    def counts(self) -> tuple[int, ...]:
        """As an Opinion has them."""
        usage = self.usage
        return usage.prompt_tokens, usage.completion_tokens, usage.cache_read_tokens, usage.cache_write_tokens

    @property
    def fee_nano(self) -> int:
        """What the price project finds billed besides the tokens."""
        opinion = self.opinion
        if opinion is None or opinion.total_nano is None or opinion.tokens_nano is None:
            return 0
        return opinion.total_nano - opinion.tokens_nano


def bills_of(answers: Iterable[Vector]) -> Iterator[Bill]:
    """Of conversations, each once: the surfaces book the same."""
    vectors = [vector for vector in answers if vector.endpoint != "embeddings"]
    opinions = [opinion_on(vector) for vector in vectors]
    prices = our_prices(opinion.ref for opinion in opinions if opinion is not None and opinion.tokens_nano is not None)
    for vector, opinion in zip(vectors, opinions, strict=True):
        usage = told(surfaces_for(vector)[0], vector).usage
        price = prices.get(opinion.ref) if opinion is not None else None
        cost = None
        fee = 0
        if price is not None:
            cost = cost_of(attrs.evolve(usage, hosted=None), price)
            fee = cost_of(with_fee(usage, price), price) - cost
        yield Bill(vector, usage, opinion, cost, fee, charged_in(said_by(vector)[0]))
