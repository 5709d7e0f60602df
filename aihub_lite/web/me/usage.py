"""`/api/me/usage`: what one's own requests came to.

Nothing here tells which channels there are, what they cost the operator, or whose any other request was.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import reduce

import attrs
from litestar import get
from litestar.params import FromQuery

from aihub_lite.domain.people.person import Person
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.own_tokens import own_name
from aihub_lite.storage.people.usage import PersonUsage
from aihub_lite.storage.statistics import PartSums, Sums
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.spans import edges_of, zone_named
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json, moment_text


@attrs.frozen
class OwnUsage:
    """A person's sums over a span: by step, by model and by token, dearest first, and together."""

    edges: list[int]
    steps: list[Sums]
    models: list[tuple[str, Sums]]
    tokens: list[tuple[str, Sums]]

    @property
    def total(self) -> Sums:
        """The sums of all steps together."""
        return reduce(Sums.__add__, self.steps, Sums())


async def own_usage(gateway: Gateway, person: Person, span: str, zone: tzinfo) -> OwnUsage:
    """What a person used in a span up to now; raises InvalidRequest."""
    edges = edges_of(span, gateway.clock.wall(), zone)
    usage = PersonUsage(gateway.database)
    by_model = await usage.parts(person.id, "model", edges)
    by_token = await usage.parts(person.id, "token", edges)
    steps = [Sums()] * (len(edges) - 1)
    for part in by_model:
        steps[part.step] += part.sums
    tokens = [(own_name(person, name), sums) for name, sums in together(by_token)]
    return OwnUsage(edges, steps, together(by_model), tokens)


def together(parts: list[PartSums]) -> list[tuple[str, Sums]]:
    """The sums of each member over all steps, dearest first, with the member's name."""
    names = {part.id: part.name for part in parts}
    sums: dict[str, Sums] = {}
    for part in parts:
        sums[part.id] = sums.get(part.id, Sums()) + part.sums
    members = [(names[member], total) for member, total in sums.items()]
    return sorted(members, key=lambda member: (-member[1].cost_nano, -member[1].requests, member[0]))


@get("/usage")
async def show_own_usage(
    request: AnyRequest, gateway: TheGateway, span: FromQuery[str] = "30d", zone: FromQuery[str] = "UTC"
) -> Json:
    """Show the sums of one's own requests: of each step of a span, of each model and token, and together."""
    usage = await own_usage(gateway, person_of(request), span, zone_named(zone))
    return {
        "total": sums_json(usage.total),
        "steps": [
            {"start": moment_text(start), **sums_json(sums)}
            for start, sums in zip(usage.edges, usage.steps, strict=False)
        ],
        "models": [{"model": name, **sums_json(sums)} for name, sums in usage.models],
        "tokens": [{"token": name, **sums_json(sums)} for name, sums in usage.tokens],
    }


USAGE = [show_own_usage]
