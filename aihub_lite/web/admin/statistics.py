"""`/api/admin/statistics`: what was used over time, by model, token or channel, in the reader's own days."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import reduce
from typing import get_args
from zoneinfo import ZoneInfo

import attrs
from litestar import Router, get
from litestar.params import FromQuery

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Part, PartSums, Statistics, Sums
from aihub_lite.web.admin.overview import HOUR, HOURS, sums_json
from aihub_lite.web.admin.views import Json, TheGateway, moment_text

SPANS = {"24h": 0, "7d": 7, "30d": 30}
"""In days of the reader, the one that runs included; 0: in hours."""
PARTS: dict[str, Part] = {name: name for name in get_args(Part)}


@attrs.frozen
class Member:
    """A token, model or channel: its sums together and in each step."""

    id: str
    name: str
    total: Sums
    steps: tuple[Sums, ...]


@attrs.frozen
class Figures:
    """All members, dearest first, over steps between `edges` (Unix seconds, one more than there are steps)."""

    edges: list[int]
    members: list[Member]

    @property
    def total(self) -> Sums:
        """Everything."""
        return reduce(Sums.__add__, (member.total for member in self.members), Sums())


def zone_named(name: str) -> tzinfo:
    """A zone of the IANA database; raises InvalidRequest."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # not found is a KeyError in name only: ZoneInfoNotFoundError
        raise InvalidRequest(f"zone: {name[:64]!r} is not a time zone") from None
    except KeyError:
        raise InvalidRequest(f"zone: {name[:64]!r} is not a time zone that this machine knows") from None


def edges_of(span: str, now: float, zone: tzinfo) -> list[int]:
    """Where steps begin, and where the last one ends. Days of a reader have 23 or 25 hours when clocks change."""
    if span not in SPANS:
        raise InvalidRequest(f"span: must be one of {', '.join(SPANS)}")
    if not SPANS[span]:
        end = int(now) // HOUR + 1
        return [number * HOUR for number in range(end - HOURS, end + 1)]
    today = datetime.fromtimestamp(now, zone).date()
    days = [today + timedelta(days=number) for number in range(1 - SPANS[span], 2)]
    return [int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) for day in days]


async def figures(gateway: Gateway, span: str, by: str, zone: tzinfo) -> Figures:
    """Raises InvalidRequest."""
    if by not in PARTS:
        raise InvalidRequest(f"by: must be one of {', '.join(PARTS)}")
    edges = edges_of(span, gateway.clock.wall(), zone)
    found = await Statistics(gateway.database).parts(PARTS[by], edges)
    return Figures(edges, sorted(_members(found, len(edges) - 1), key=_rank))


def _members(found: list[PartSums], count: int) -> list[Member]:
    steps: dict[str, list[Sums]] = {}
    names: dict[str, str] = {}
    for part in found:
        names[part.id] = part.name
        steps.setdefault(part.id, [Sums()] * count)[part.step] = part.sums
    return [Member(member, names[member], reduce(Sums.__add__, line), tuple(line)) for member, line in steps.items()]


def _rank(member: Member) -> tuple[int, int, str]:
    return -member.total.cost_nano, -member.total.requests, member.name


@get("/")
async def show_statistics(
    gateway: TheGateway, span: FromQuery[str] = "7d", by: FromQuery[str] = "model", zone: FromQuery[str] = "UTC"
) -> Json:
    """Of every member the sums, together and for each step; `steps` are the steps' beginnings."""
    found = await figures(gateway, span, by, zone_named(zone))
    return {
        "steps": [moment_text(edge) for edge in found.edges[:-1]],
        "total": sums_json(found.total),
        "members": [
            {
                "id": member.id,
                "name": member.name,
                **sums_json(member.total),
                "steps": [sums_json(sums) for sums in member.steps],
            }
            for member in found.members
        ],
    }


statistics_router = Router("/statistics", route_handlers=[show_statistics])
