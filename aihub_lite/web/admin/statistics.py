"""`/api/admin/statistics`: what was used over time, by model, token or channel, in the reader's own days."""

from __future__ import annotations

from functools import reduce
from typing import Annotated, get_args

import attrs
from litestar import Router, get
from litestar.params import FromQuery, QueryParameter

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Part, PartSums, Statistics, Sums
from aihub_lite.web.admin.overview import sums_json
from aihub_lite.web.admin.spans import Span, span_of, zone_named
from aihub_lite.web.admin.views import Json, TheGateway, moment_text

PARTS: dict[str, Part] = {name: name for name in get_args(Part)}
From = Annotated[str, QueryParameter(name="from")]
To = Annotated[str, QueryParameter(name="to")]


@attrs.frozen
class Member:
    """A token, model or channel: its sums together and in each step."""

    id: str
    name: str
    total: Sums
    steps: tuple[Sums, ...]


@attrs.frozen
class Figures:
    """All members, dearest first, over the steps of a time."""

    span: Span
    members: list[Member]

    @property
    def total(self) -> Sums:
        """Everything."""
        return reduce(Sums.__add__, (member.total for member in self.members), Sums())


async def figures(gateway: Gateway, span: Span, by: str) -> Figures:
    """Raises InvalidRequest."""
    if by not in PARTS:
        raise InvalidRequest(f"by: must be one of {', '.join(PARTS)}")
    found = await Statistics(gateway.database).parts(PARTS[by], span.edges)
    return Figures(span, sorted(_members(found, len(span.edges) - 1), key=_rank))


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
    gateway: TheGateway,
    first: From = "",
    last: To = "",
    span: FromQuery[str] = "7d",
    by: FromQuery[str] = "model",
    zone: FromQuery[str] = "UTC",
) -> Json:
    """Of every member the sums, together and for each step; `steps` are the steps' beginnings."""
    wanted = span_of(span, first, last, gateway.clock.wall(), zone_named(zone))
    found = await figures(gateway, wanted, by)
    return {
        "steps": [moment_text(edge) for edge in wanted.edges[:-1]],
        "end": moment_text(wanted.edges[-1]),
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
