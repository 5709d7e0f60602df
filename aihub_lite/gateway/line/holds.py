"""What is set aside for a request before anybody answers it: the most that it may come to, at the dearest price."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.catalog import Candidate, Model
from aihub_lite.domain.money import Price, dearest_cost, with_fee
from aihub_lite.domain.usage import Usage
from aihub_lite.gateway.adapters.overridden import as_sent
from aihub_lite.gateway.adapters.surface import AnySurface, Serving
from aihub_lite.gateway.routing.ordering import SizeAt
from aihub_lite.gateway.routing.route import Route
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.estimate import modal_estimate
from aihub_lite.wire.protocols import Request


@attrs.frozen
class Estimate:
    """What a request may come to by our own count."""

    price: Price
    """The dearest of those that it may be charged at."""
    most: Usage
    prompt: Usage
    """Its prompt alone, which a crash would charge."""


def estimate_of(request: Request, chat: ChatRequest | None, prices: Collection[Price], settings: Settings) -> Estimate:
    """At the dearest of `prices`. Sound and pictures in a chat are counted apart where one of the prices does so, and
    calls of tools that the provider runs."""
    most = most_of(request, settings)
    prompt = request.usage()
    if chat is not None and any(price.has_modal for price in prices):
        most = most.with_modal(modal_estimate(chat.body, most.completion_tokens))
        prompt = prompt.with_modal(modal_estimate(chat.body, prompt.completion_tokens))
    if any(price.hosted for price in prices):
        most = most.with_hosted(request.hosted_at_most())
    if len(prices) == 1:
        (price,) = prices
    else:
        price = max(prices, key=lambda price: dearest_cost(with_fee(most, price), price))
    most = with_fee(most, price)
    if price.services and request.tier:
        most = at_asked_tier(most, request.tier, price)
    return Estimate(price, most, prompt)


def estimate_on(
    route: Route,
    model: Model,
    surface: AnySurface,
    request: Request,
    settings: Settings,
    now: float,
) -> Estimate:
    """The dearest of what a request may come to on its route: a channel may set how much it may write.

    The prompt is that of the client: what a channel puts before it is known when one has it.
    """
    chat = surface.chat(request)
    estimate = estimate_of(request, chat, prices_of(route, model, now), settings)
    if not model.overridden:
        return estimate
    estimates = [
        estimate_of(as_sent(request, surface, candidate), chat, {candidate.price.on(now)}, settings)
        for candidate in candidates_of(route, model)
    ]
    dearest = max(estimates, key=lambda estimate: dearest_cost(estimate.most, estimate.price))
    return attrs.evolve(dearest, prompt=estimate.prompt)


def tokens_at_most(route: Route | Walk, model: Model, surface: AnySurface, request: Request, settings: Settings) -> int:
    """The most tokens that a request may come to on its route."""
    if not model.overridden:
        most = [most_of(request, settings)]
    else:
        candidates = candidates_of(route, model)
        most = [most_of(as_sent(request, surface, candidate), settings) for candidate in candidates]
    return max(usage.prompt_tokens + usage.completion_tokens for usage in most)


def at_asked_tier(most: Usage, asked: str, price: Price) -> Usage:
    """The same at the dearest tier of service that an answer may be given at: all that is asked for, or a part."""
    parts = set(asked.split("+"))
    tiers = ["", *(tier.name for tier in price.services if parts.issuperset(tier.name.split("+")))]
    return max((attrs.evolve(most, tier=tier) for tier in tiers), key=lambda usage: dearest_cost(usage, price))


def most_of(request: Request, settings: Settings) -> Usage:
    """The most that a request may come to. The cap is for agents that ask for 64k completion tokens and use few."""
    max_tokens = request.max_tokens
    if max_tokens is None:
        max_tokens = settings.completion_hold
    return request.usage(request.n * min(max_tokens, settings.completion_hold_cap))


def size_at(model: Model, request: Request, surface: Serving, settings: Settings) -> SizeAt:
    """The most that a request may come to at each of a model's candidates."""
    size = most_of(request, settings)
    if not model.overridden:
        return lambda _: size
    sizes: dict[int, Usage] = {}

    def size_of(candidate: Candidate) -> Usage:
        known = sizes.get(id(candidate))  # to compare two of them would cost more
        if known is None:
            known = sizes[id(candidate)] = most_of(as_sent(request, surface, candidate), settings)
        return known

    return size_of


def prices_of(route: Route, model: Model, now: float) -> Collection[Price]:
    """Those that a request may be charged at, as they are on the day of Unix time `now`."""
    prices = [candidate.price.on(now) for candidate in candidates_of(route, model)]
    if len(prices) == 1:
        return prices  # most models have one channel, and to hash a price takes longer than to look at it
    return set(prices)


def candidates_of(route: Route | Walk, model: Model) -> Sequence[Candidate]:
    """Who may answer a request: those of its route, or of its model where no key of the route can be used."""
    return [lane.candidate for lane in route.lanes] or model.candidates
