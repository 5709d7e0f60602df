"""The straight line every relayed request walks, top to bottom:

authenticate → limit → parse → resolve → price & hold → open (failover ends here) → relay → settle
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address, ip_network

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.catalog import Model
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import cost_of
from aihub_lite.domain.strategy import DEFAULT
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.domain.usage import Outcome, Usage
from aihub_lite.errors import AccessDenied, GatewayError, ModelNotAllowed, NoChannel, Stopped, StorageUnavailable
from aihub_lite.gateway.charging import aborted
from aihub_lite.gateway.exchange import ClientGone, Exchange
from aihub_lite.gateway.flight import Flight, Flights
from aihub_lite.gateway.ledger import Hold, Ledger
from aihub_lite.gateway.limits import Counted, Limiter, TooManyRequests
from aihub_lite.gateway.opening import Opener
from aihub_lite.gateway.presence import Cut, Presence
from aihub_lite.gateway.pulse import Pulse
from aihub_lite.gateway.registry import Registry
from aihub_lite.gateway.relay import relay
from aihub_lite.gateway.routing import Route, Router, route_of
from aihub_lite.gateway.strategy import ByConversation, ByPrice, BySpeed, Ordering
from aihub_lite.gateway.streaming import Streaming
from aihub_lite.gateway.surface import CHAT, Surface
from aihub_lite.wire.conversation import conversation_of
from aihub_lite.wire.estimate import modal_estimate
from aihub_lite.wire.shapes import Answer, Request

FIELD = re.compile(r"[\w.-]{1,64}", re.ASCII)
MOST_NAMED = 50
"""Fields: clients take heads of 16 KB."""
PRODUCT = re.compile(r"[\w.-]{1,32}/(?:\w{1,16} )?[\w.-]{1,24}", re.ASCII)


@attrs.define(eq=False)
class Line:
    """Everything a relayed request meets on its way."""

    settings: Settings
    clock: Clock
    registry: Registry
    limits: Limiter
    flights: Flights
    router: Router
    ledger: Ledger
    opener: Opener
    pulse: Pulse

    async def serve(self, exchange: Exchange, surface: Surface = CHAT) -> None:
        """Answer one request. Raises GatewayError to refuse it, ClientGone when its client left early."""
        token = self.authenticate(exchange)
        self.limit(token, exchange)
        with self.flights.place() as place, self.limits.slot(token):
            body = await surface.body(exchange, self.settings.max_body_bytes, self.settings.body_timeout)
            asked = surface.parse(body)
            model = self.resolve(asked.model, token)
            able = None if surface.everywhere else surface.wire
            route = route_of(model, token.group, asked.model, self.router, able)
            if model.strategy != DEFAULT:
                route.ordering = self.ordering(model, surface, asked)
            place.flight = self.flight_of(token, surface, asked, model, exchange)
            with self.limits.tokens(token, asked.prompt_estimate) as counted:
                async with self.hold(place.flight, surface, asked, model, route, counted) as hold:
                    await self.open_and_relay(hold, surface, asked, route, exchange)

    def authenticate(self, exchange: Exchange) -> Token:
        """The token whose key the client presents; raises Unauthenticated, RateLimited or AccessDenied."""
        if exchange.token is not None:
            return exchange.token
        now = self.clock.wall()
        for key in exchange.credentials():
            token = self.registry.tokens_by_digest.get(digest_of(key))
            if token is not None and token.live(now):
                if token.allow_ips and not within(exchange.address, token.allow_ips):
                    raise AccessDenied("This token may not be used from your address.")
                exchange.token_id = token.id
                return token
        raise self.limits.authentication_failed(exchange.address)

    def limit(self, token: Token, exchange: Exchange) -> None:
        """Count the request; every answer says how many are left. Raises RateLimited."""
        try:
            left = self.limits.request(token)
        except TooManyRequests as error:
            exchange.extra_headers += error.left.headers()
            raise
        if left is not None:
            exchange.extra_headers += left.headers()

    def resolve(self, asked: str, token: Token) -> Model:
        """The model behind an id; raises NoChannel or ModelNotAllowed."""
        found = self.registry.catalog.resolve(asked)
        if found is None:
            raise NoChannel(asked, token.group)
        model, names = found
        if not token.may_use(names):
            raise ModelNotAllowed(f"This token may not use model {asked}.")
        return model

    def hold(
        self, flight: Flight, surface: Surface, asked: Request, model: Model, route: Route, counted: Counted
    ) -> Hold:
        """Set money aside for the dearest way to serve the request; whatever happens next is settled."""
        most, prompt = self.most(asked), asked.usage()
        prices = {lane.candidate.price for lane in route.lanes} or {each.price for each in model.candidates}
        if any(price.rates.modal for price in prices) and (chat := surface.chat(asked)) is not None:
            most, prompt = (
                each.with_modal(modal_estimate(chat.body, each.completion_tokens)) for each in (most, prompt)
            )
        price = prices.pop() if len(prices) == 1 else max(prices, key=lambda each: cost_of(most, each))
        return self.ledger.hold(flight, price, most, prompt, counted)

    async def end_early(
        self,
        answer: Streaming | Answer | None,
        hold: Hold,
        asked: Request,
        outcome: Outcome,
        status: int,
        code: str,
    ) -> None:
        """Stop the upstream of a request that ended before its answer did, and book it by the table of aborts.

        In this order: while the books wait for the disk, the upstream would go on and bill.
        """
        try:
            await closed(answer)
        finally:
            usage, source = aborted(asked, hold.flight.relayed, outcome)
            await hold.settle(outcome, usage=usage, source=source, status=status, error_code=code)

    def most(self, asked: Request) -> Usage:
        """What is held for; the cap keeps agents that ask for 64k completion tokens and use little working."""
        each = self.settings.completion_hold if asked.max_tokens is None else asked.max_tokens
        return asked.usage(asked.n * min(each, self.settings.completion_hold_cap))

    def ordering(self, model: Model, surface: Surface, asked: Request) -> Ordering | None:
        """The order in which a request tries channels by its model's strategy; None: by priority and weight."""
        match model.strategy:
            case "cheapest":
                return ByPrice(self.most(asked))
            case "fastest":
                return BySpeed(self.router.speeds, asked.stream)
            case "sticky":
                chat = surface.chat(asked)
                return None if chat is None else ByConversation(conversation_of(chat.body["messages"]))
            case "priority":
                return None

    def flight_of(self, token: Token, surface: Surface, asked: Request, model: Model, exchange: Exchange) -> Flight:
        """What is known of a request before its first attempt."""
        return Flight(
            request_id=exchange.request_id,
            token=token,
            surface=surface.name,
            model=model.id,
            streamed=asked.stream,
            client=product(exchange.header(b"user-agent")),
            started=exchange.started,
            started_ms=int((self.clock.wall() - (self.clock.monotonic() - exchange.started)) * 1000),
        )

    async def open_and_relay(
        self, hold: Hold, surface: Surface, asked: Request, route: Route, exchange: Exchange
    ) -> None:
        """Pass on the answer of the first channel that gives one, which settles it, and close it on every exit.

        However it ends early, that is booked here: the client left, somebody stopped it, the upstream failed.
        """
        flight = hold.flight
        answer: Streaming | Answer | None = None

        def grace() -> float:
            if not asked.stream:
                return self.settings.abort_grace
            complete = isinstance(answer, Streaming) and answer.stream.complete
            return self.settings.usage_grace if complete else 0.0

        idle = surface.idle(asked, flight, self.clock) if asked.stream else None
        try:
            async with Presence(exchange, flight, grace):
                with self.pulse.watching(exchange, flight, idle):
                    answer = await self.opener.open(flight, surface, asked, route)
                    if flight.dropped:
                        exchange.extra_headers.append((b"x-aihub-dropped-params", listed(flight.dropped)))
                    await relay(answer, asked, exchange, hold)
                    self.opener.completed(flight)
        except (Cut, asyncio.CancelledError) as error:
            outcome: Outcome = error.outcome if isinstance(error, Cut) else "stopped"
            with suppress(StorageUnavailable):  # nobody waits for an answer who could be told
                await self.end_early(answer, hold, asked, outcome, 499, "")
            if isinstance(error, asyncio.CancelledError):
                raise
            raise (ClientGone if outcome == "client_gone" else Stopped) from None
        except GatewayError as error:
            outcome = "cut_off" if flight.relayed else "error"
            self.opener.broke_off(flight, error)
            await self.end_early(answer, hold, asked, outcome, error.status, error.word)
            raise
        finally:
            await closed(answer)


def listed(names: Sequence[str]) -> bytes:
    """Names of a client's fields as a header may hold them; what is no name, or too many, is told of as `?`."""
    found = [name for name in names if FIELD.fullmatch(name)][:MOST_NAMED]
    return ",".join(found if len(found) == len(names) else [*found, "?"]).encode()


async def closed(answer: Streaming | Answer | None) -> None:
    """Close what an answer holds open, if anything."""
    if isinstance(answer, Streaming):
        await answer.aclose()


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in any of the networks; what is no address lies in none."""
    try:
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found  # how a dual-stack socket shows IPv4
        return any(found in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


@lru_cache(maxsize=256)
def product(user_agent: str) -> str:
    """The client's own name and version (`OpenAI/Python 3.54.0`), or nothing; free text is not kept."""
    found = PRODUCT.match(user_agent)
    return found.group() if found else ""
