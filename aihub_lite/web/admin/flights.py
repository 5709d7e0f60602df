"""`/api/admin/flights`: requests under way."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.params import FromPath

from aihub_lite.errors import NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.flight import Flight
from aihub_lite.web.admin.views import Json, TheGateway


def flight_json(gateway: Gateway, flight: Flight) -> Json:
    """One request on its way; `completion_tokens` is an estimate from what was relayed so far."""
    return {
        "id": flight.request_id,
        "token": flight.token.name,
        "token_id": flight.token.id,
        "model": flight.model,
        "channel": flight.candidate.channel.name if flight.candidate else None,
        "streamed": flight.streamed,
        "client": flight.client,
        "attempts": len(flight.attempts),
        "age_s": round(gateway.clock.monotonic() - flight.started, 1),
        "completion_tokens": flight.relayed.estimated(0).completion_tokens if flight.relayed else 0,
    }


@get("/")
async def list_flights(gateway: TheGateway) -> list[Json]:
    """Oldest first."""
    flights = sorted(gateway.flights.open.values(), key=lambda each: each.started)
    return [flight_json(gateway, flight) for flight in flights]


@post("/{ref:str}/stop", status_code=200)
async def stop_flight(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Ends a request; what was relayed of it is charged."""
    flight = gateway.flights.open.get(ref)
    if flight is None:
        raise NotFound(f"Request {ref[:64]!r} is not under way.")
    flight.cut("stopped")
    return {"id": flight.request_id, "stopped": True}


flights_router = Router("/flights", route_handlers=[list_flights, stop_flight])
