"""`/api/admin/flights` and `/api/admin/status`: the requests that are under way, and how much of anything there is."""

from __future__ import annotations

import asyncio

from litestar import get, post
from litestar.params import FromPath

from aihub_lite import __version__
from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json


def flight_json(gateway: Gateway, flight: Flight) -> Json:
    """One request under way; `completion_tokens` is an estimate from what was relayed so far."""
    channel = None
    if flight.candidate:
        channel = flight.candidate.channel.name
    completion_tokens = 0
    if flight.relayed:
        completion_tokens = flight.relayed.estimated(0).completion_tokens
    return {
        "id": flight.request_id,
        "token": flight.token.name,
        "token_id": flight.token.id,
        "model": flight.model,
        "asked": flight.asked or None,
        "channel": channel,
        "streamed": flight.streamed,
        "client": flight.client,
        "waiting": flight.waiting,
        "attempts": len(flight.attempts),
        "age_s": round(gateway.clock.monotonic() - flight.started, 1),
        "completion_tokens": completion_tokens,
    }


def flights_json(gateway: Gateway) -> list[Json]:
    """List requests under way, oldest first."""
    flights = sorted(gateway.flights.open.values(), key=lambda flight: flight.started)
    return [flight_json(gateway, flight) for flight in flights]


@get("/flights")
async def list_flights(gateway: TheGateway) -> list[Json]:
    """List requests under way, oldest first."""
    return flights_json(gateway)


@post("/flights/{ref:str}/stop", status_code=200)
async def stop_flight(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Stop a request under way; what was relayed of it is charged."""
    flight = gateway.flights.open.get(ref)
    if flight is None:
        raise NotFound(f"Request {ref[:64]!r} is not under way.")
    flight.cut("stopped")
    return {"id": flight.request_id, "stopped": True}


def status_of(gateway: Gateway) -> Json:
    """Figures of this process; money in nano-USD, times in seconds."""
    return {
        "version": __version__,
        "uptime_s": round(gateway.clock.monotonic() - gateway.started, 3),
        "draining": gateway.flights.draining,
        "in_flight": gateway.flights.slots_taken,
        "waiting": gateway.queue.waiting,
        "waited": gateway.queue.waited,
        "refused_at_limits": gateway.queue.refused,
        "open_holds": len(gateway.ledger.open_holds),
        "held_nano": gateway.ledger.held,
        "unbooked": gateway.ledger.unbooked,
        "lost_settlements": gateway.ledger.lost,
        "upstream_connections": gateway.transport.busy,
        "tasks": len(asyncio.all_tasks()),
        "tokens": len(gateway.registry.tokens.by_digest),
        "channels": len(gateway.registry.channels.by_id),
        "models": len(gateway.registry.catalog.models),
    }


@get("/status")
async def show_status(gateway: TheGateway) -> Json:
    """Show the gateway's figures at this moment."""
    return status_of(gateway)


flights_router = PathRouter("/", route_handlers=[list_flights, stop_flight, show_status])
