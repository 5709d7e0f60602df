"""The web application: chat and health, which are there at once, and behind them all that comes a moment later.

The other surfaces with the formats that they speak, and still more the framework, the admin API and the console with
its templates, take longer to import and to make than everything else of a start together. They come when somebody asks
for them first, or soon after the gateway answers.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import GatewayError, NotFound
from aihub_lite.gateway.client.exchange import JSON_HEADERS, Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.upkeep.readiness import Readiness
from aihub_lite.storage.meta import Meta
from aihub_lite.web.administration.later import MadeLater, Paths, made_whole
from aihub_lite.web.gate import CANONICAL_CHAT, App, Gate, is_own_path
from aihub_lite.web.relay.endpoint import Endpoint, endpoint, exchange_of
from aihub_lite.web.relay.replies import send_json
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.sign_in import SignIn

NOTHING_BESIDES: Mapping[str, Endpoint] = MappingProxyType({})


async def warm_up(app: Gate) -> None:
    """Make now what the first request for it would make."""
    await made_whole(app.app)


@attrs.frozen
class HealthChecks:
    """What balancers and supervisors ask."""

    gateway: Gateway
    readiness: Readiness

    async def alive(self, exchange: Exchange) -> None:
        """Answers as long as the process does."""
        await send_json(exchange, {"status": "ok"})

    async def ready(self, exchange: Exchange) -> None:
        """Answers 503 once the gateway drains or cannot book, so that a balancer sends new requests elsewhere."""
        status = "ready"
        if self.gateway.flights.draining:
            status = "draining"
        elif not await self.readiness.books():
            status = "storage_unavailable"
        code = 200
        if status != "ready":
            code = 503
        await exchange.answer(code, JSON_HEADERS, msgspec.json.encode({"status": status}))


def create_app(gateway: Gateway, besides: Mapping[str, Endpoint] = NOTHING_BESIDES) -> Gate:
    """The ASGI application over an open gateway, and what it answers `besides`, by path. Makes the admin key if there
    is none; raises BadSetting."""
    sign_in = SignIn.of(gateway)
    sightings = Sightings(gateway.registry, gateway.clock, gateway.refusals)

    # What the two import is imported only here, when it is needed: see above.

    def administration() -> App:
        from aihub_lite.web.administration.rooms import administration_rooms  # noqa: PLC0415

        return administration_rooms(gateway, sign_in, sightings)

    def surfaces() -> App:
        from aihub_lite.web.relay.routes import MOUNTED, relay_surfaces  # noqa: PLC0415

        return Paths(relay_surfaces(gateway, sightings), MOUNTED, MadeLater(administration))

    health = HealthChecks(gateway, Readiness(gateway.clock, gateway.ledger, Meta(gateway.database)))
    direct: Mapping[str, Endpoint] = {
        "/healthz": endpoint("GET", health.alive, None),
        "/readyz": endpoint("GET", health.ready, None),
        CANONICAL_CHAT: endpoint("POST", gateway.line.serve, sightings),
        **besides,
    }
    proxies = tuple(proxy.strip() for proxy in gateway.settings.trusted_proxies.split(",") if proxy.strip())

    def refused(scope: MutableMapping[str, Any], error: GatewayError) -> None:
        if not is_own_path(scope["path"]):
            sightings.refused(exchange_of(scope, None, None), error, seen=False)

    return Gate(MadeLater(surfaces), gateway.clock, proxies, direct, refused)


def only(endpoints: Mapping[str, Endpoint], clock: Clock) -> Gate:
    """An application that answers at these paths, and at no other."""

    async def nothing(exchange: Exchange) -> None:
        raise NotFound("Nothing else is served here.")

    return Gate(endpoint("", nothing, None), clock, direct=endpoints)
