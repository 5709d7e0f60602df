"""The straight line that every relayed request walks, top to bottom:

authenticate → limit → parse → resolve → price & hold → open (failover ends here) → relay → settle

authenticate   state/registry.py: tokens by the digests of their keys; safety/pauses.py: those that are paused
limit          state/limits.py, state/flight.py: requests per minute and at once, of a token and of the gateway
parse          adapters/surface.py: the body of each endpoint, as client/exchange.py reads it
resolve        state/registry.py, routing/route.py, routing/ordering.py: the model, and the channels that serve it
price & hold   line/holds.py, state/ledger.py: the most that it may cost is set aside
open           line/delivery.py around all that follows; line/failover.py, and line/attempt.py for each attempt
relay          line/relay.py, line/streaming.py: one chunk in flight, client/keepalive.py while there is none
settle         line/charging.py, state/ledger.py: on every exit there is, client/cancellation.py among them
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from aihub_lite.config import REFUSE, Settings
from aihub_lite.domain.addresses import address_of, network_of
from aihub_lite.domain.catalog import Model, asked_name, may_reach_any
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.strategy import DEFAULT
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import AccessDenied, GatewayError, ModelNotAllowed, NoChannel, PausedForSafety, UnknownModel
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.adapters.surface import AnySurface, Serving, SurfaceTraits
from aihub_lite.gateway.client.callers import product
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import KeepAlive
from aihub_lite.gateway.line.delivery import Delivery
from aihub_lite.gateway.line.failover import Failover
from aihub_lite.gateway.line.holds import estimate_on, most_of, size_at, tokens_at_most
from aihub_lite.gateway.line.labels import header_tags, labels_of
from aihub_lite.gateway.line.named import Case, Facts, left_share, listed_facts, walk_of
from aihub_lite.gateway.line.parsing import Parsing
from aihub_lite.gateway.line.unserved import is_404, none_has, unserved
from aihub_lite.gateway.line.walk_holds import WalkHolds, held
from aihub_lite.gateway.routing.account_limits import Demand
from aihub_lite.gateway.routing.homes import Homes, conversation_at, has_begun
from aihub_lite.gateway.routing.ordering import SizeAt, ordering_of
from aihub_lite.gateway.routing.route import Route, route_of
from aihub_lite.gateway.routing.router import Router
from aihub_lite.gateway.routing.walk import Walk
from aihub_lite.gateway.state.flight import Flight, Flights
from aihub_lite.gateway.state.ledger import Hold, Ledger
from aihub_lite.gateway.state.limits import Limiter, TokensUsed, TooManyRequests
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.wire.protocols import Request


def none_is_paused(token: Token) -> None:
    """Where nobody pauses any."""


def nobody_watches(flight: Flight, request: Request, size: int) -> None:
    """Where nobody looks for runaways."""


@attrs.define(eq=False)
class Line:
    """Everything a relayed request meets on its way."""

    live_settings: LiveSettings
    clock: Clock
    registry: Registry
    limits: Limiter
    flights: Flights
    router: Router
    ledger: Ledger
    failover: Failover
    keepalive: KeepAlive
    facts: Facts = listed_facts
    """What is known of a model beside its price."""
    watch: Callable[[Flight, Request, int], None] = nobody_watches
    """Hears of each conversation, and its bytes, before it is held for: whoever looks for those that run away."""
    parsing: Parsing = attrs.field(factory=Parsing)
    homes: Homes = attrs.field(default=attrs.Factory(lambda self: Homes(self.clock), takes_self=True))
    pause_of: Callable[[Token], PausedForSafety | None] = none_is_paused
    """What to refuse a token's requests with while it is paused."""

    @property
    def settings(self) -> Settings:
        """Those in force at this moment."""
        return self.live_settings.now

    async def serve(self, exchange: Exchange, surface: AnySurface = CHAT) -> None:
        """Answer one request. Raises GatewayError to refuse it, ClientGone when its client left early."""
        token = self.authenticate(exchange)
        self.check_pause(token)
        self.limit(token, exchange)
        with self.flights.slot() as slot, self.limits.slot(token):
            body = await surface.body(exchange, self.settings.max_body_bytes, self.settings.body_timeout)
            request: Request = await self.parsing.parsed(surface.parse, body, exchange.received, token.id)
            exchange.model = request.model
            if self.registry.catalog.patterns is not None:
                await self.registry.channels.price_matched(request.model, token.may_use)
            model = self.resolve(request.model, token, surface, exchange)
            route = self.route(model, token, surface, request, exchange)
            slot.flight = self.flight_of(token, surface, request, model, exchange)
            if surface.chat(request) is not None:
                self.watch(slot.flight, request, exchange.received)
            with self.limits.tokens(token, self.tokens_at_most(token, route, model, surface, request)) as tokens_used:
                async with self.hold(slot.flight, route, model, request, surface, tokens_used) as hold:
                    exchange.recorded = True
                    context = self.failover.context(slot.flight)
                    await Delivery(self.failover, self.keepalive, exchange, surface, request, hold, context).run(route)

    def authenticate(self, exchange: Exchange) -> Token:
        """The token whose key the client presents; raises Unauthenticated, RateLimited or AccessDenied."""
        if exchange.token is not None:
            return exchange.token
        now = self.clock.wall()
        for key in exchange.credentials():
            token = self.registry.tokens.of_key(key)
            if token is not None and token.live(now):
                if token.allow_ips and not within(exchange.address, token.allow_ips):
                    raise AccessDenied("This token may not be used from your address.")
                exchange.token_id = token.id
                return self.within_group(token, exchange)
        raise self.limits.authentication_failed(exchange.address)

    def within_group(self, token: Token, exchange: Exchange) -> Token:
        """The token, in the group that the request's path names where it names one; raises Unauthenticated or
        RateLimited where it may not use that: nobody learns by a key which groups there are."""
        group = exchange.scope.get("aihub.group")
        if not group or group == token.group:
            return token
        if token.reaches(group):
            return attrs.evolve(token, group=group)
        raise self.limits.authentication_failed(exchange.address)

    def check_pause(self, token: Token) -> None:
        """Raises PausedForSafety; before anything is counted, so that no client is told to try again."""
        refusal = self.pause_of(token)
        if refusal is not None:
            raise refusal

    def limit(self, token: Token, exchange: Exchange) -> None:
        """Count the request; whatever answer leaves says how many are left. Raises RateLimited."""
        try:
            left = self.limits.request(token)
        except TooManyRequests as error:
            exchange.extra_headers += error.left.headers()
            raise
        if left is not None:
            exchange.extra_headers += left.headers()

    def resolve(self, model_id: str, token: Token, surface: SurfaceTraits, exchange: Exchange) -> Model:
        """The model behind an id; raises ModelNotAllowed, or what `unserved` says."""
        resolved = self.registry.catalog.resolve(model_id)
        if resolved is None:
            raise self.unserved(model_id, token, surface, exchange)
        model, names = resolved
        if not token.may_use(names) and not (model.steps and may_reach_any(token, model)):
            raise ModelNotAllowed(f"This token may not use model {model_id}.")
        return model

    def route(
        self, model: Model, token: Token, surface: AnySurface, request: Request, exchange: Exchange
    ) -> Route | Walk:
        """As `plan`, for a client who waits; raises as `resolve` does, ModelUnpriced, and InvalidRequest."""
        if model.route is not None:
            walk = self.walk(model, model.route, token, request, surface, frozenset(header_tags(exchange)))
            if walk.refusal is None:
                return walk
            if isinstance(walk.refusal, NoChannel) and self.unknown_is_404(surface, exchange):
                raise UnknownModel(request.model, token.group, walk.refusal.why)
            raise walk.refusal
        try:
            return self.plan(model, token, request, surface)
        except NoChannel:
            if model.for_group(token.group):
                unknown_is_404 = self.unknown_is_404(surface, exchange)
                path = exchange.scope["path"]
                raise none_has(request.model, token.group, path, unknown_is_404=unknown_is_404) from None
            raise self.unserved(request.model, token, surface, exchange) from None

    def plan(self, model: Model, token: Token, request: Request, surface: Serving) -> Route:
        """The channels that may serve a request, in the order of its model's strategy: of those that are made, and of
        those that `route explain` explains. Raises NoChannel and ModelUnpriced."""
        priced = self.settings.unpriced == REFUSE and self.ledger.is_limited(token)
        route = route_of(model, token.group, request.model, self.router, surface.serves, priced=priced)
        if model.strategy != DEFAULT:
            sizes = self.size_at(model, request, surface)
            latencies = self.router.latencies
            chat = surface.chat(request)
            route.ordering = ordering_of(model.strategy, request, chat, sizes, latencies, self.clock.wall())
        return route

    def walk(
        self,
        model: Model,
        route: NamedRoute,
        token: Token,
        request: Request,
        surface: Serving,
        tags: frozenset[str] = frozenset(),
    ) -> Walk:
        """The models of a named route that can take a request, each as `plan` has it; where there is none, it says
        what to tell."""
        names = model.names
        if (resolved := self.registry.catalog.resolve(request.model)) is not None:
            names = resolved[1]
        left = left_share(self.ledger.balances.get(token.id), self.clock.wall())
        chat = surface.chat(request)
        conversation = home = None
        if chat is not None:
            conversation = conversation_at(route.name, token.id, chat)
        if conversation is not None and chat is not None and has_begun(chat):
            home = self.homes.model_of(conversation)
        case = Case(request, chat, token, names, tags, left, self.clock.wall(), self.facts, home)
        walk = walk_of(route, model.steps, case, self.router, lambda each: self.plan(each, token, request, surface))
        if conversation is not None:
            key = conversation
            walk.answered = lambda leg: self.homes.remember(key, leg.model.id)
        return walk

    def unserved(self, model_id: str, token: Token, surface: SurfaceTraits, exchange: Exchange) -> GatewayError:
        """What to tell where no enabled channel of the token's group offers a model."""
        return unserved(model_id, token, self.registry, unknown_is_404=self.unknown_is_404(surface, exchange))

    def unknown_is_404(self, surface: SurfaceTraits, exchange: Exchange) -> bool:
        """Whether 404 is what tells this client that a model is not there."""
        return is_404(self.settings.unknown_model_status, surface.name, exchange.header(b"user-agent"))

    def most_of(self, request: Request) -> Usage:
        """The most that a request may come to."""
        return most_of(request, self.settings)

    def size_at(self, model: Model, request: Request, surface: Serving) -> SizeAt:
        """The same at each of a model's candidates."""
        return size_at(model, request, surface, self.settings)

    def hold(
        self,
        flight: Flight,
        route: Route | Walk,
        model: Model,
        request: Request,
        surface: AnySurface,
        tokens_used: TokensUsed,
    ) -> Hold:
        """Set money aside for a request; whatever happens next is settled. Raises QuotaExhausted."""
        if isinstance(route, Walk):
            return held(route, WalkHolds(self.ledger, flight, request, surface, self.settings, self.clock, tokens_used))
        estimate = estimate_on(route, model, surface, request, self.settings, self.clock.wall())
        hold = self.ledger.hold(flight, estimate.price, estimate.most, estimate.prompt, tokens_used)
        if self.router.limits.in_use:
            route.demand = Demand(estimate.most.tokens, hold.amount)
        return hold

    def tokens_at_most(
        self, token: Token, route: Route | Walk, model: Model, surface: AnySurface, request: Request
    ) -> int:
        """What counts against a token's limit of tokens until the request has ended; nothing where it has none."""
        if not token.tpm:
            return 0
        return tokens_at_most(route, model, surface, request, self.settings)

    def flight_of(
        self, token: Token, surface: AnySurface, request: Request, model: Model, exchange: Exchange
    ) -> Flight:
        """The record of a request as it is before the first attempt."""
        asked = ""
        if model.route is not None or request.model not in model.names:
            asked = asked_name(request.model, model)
        labels = labels_of(exchange, request)
        return Flight(
            request_id=exchange.request_id,
            token=token,
            surface=surface.name,
            model=model.id,
            streamed=request.stream,
            asked=asked,
            tags=labels.tags,
            end_user=labels.end_user,
            traceparent=exchange.scope.get("aihub.traceparent", b""),
            route=model.route is not None,
            client=product(exchange.header(b"user-agent")),
            started=exchange.started,
            started_ms=int((self.clock.wall() - (self.clock.monotonic() - exchange.started)) * 1000),
        )


def within(address: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in any of the networks; what is no address lies in none."""
    try:
        ip = address_of(address)
        return any(ip in network_of(network) for network in networks)
    except ValueError:
        return False
