"""`/api/admin/overview`: the last day, this month, and what somebody should look at."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import reduce

from litestar import get

from aihub_lite.domain.alerts.condition import Condition
from aihub_lite.gateway.conditions.conditions import conditions_of
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Statistics, Sums
from aihub_lite.web.admin.channel_views import change_json
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.spans import edges_of, midnight
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json, moment_text

MOST = 100
"""Items that are shown one by one."""


async def overview(gateway: Gateway) -> Json:
    """The last 24 hours, the current one included, one by one and together, this month, and what needs attention."""
    edges = edges_of("24h", gateway.clock.wall(), UTC)
    steps = await Statistics(gateway.database).steps(edges)
    # `edges` has one more than there are steps: the end of the last.
    hours = [{"start": moment_text(start), **sums_json(sums)} for start, sums in zip(edges, steps, strict=False)]
    day = sums_json(reduce(Sums.__add__, steps))
    return {
        "day": day,
        "hours": hours,
        "month": await _month(gateway, end=edges[-1]),
        "attention": await attention(gateway),
        "news": news_json(gateway),
    }


async def _month(gateway: Gateway, end: int) -> Json:
    """The sums of the month in UTC, as budgets count it, so far."""
    today = datetime.fromtimestamp(gateway.clock.wall(), UTC).date()
    start = midnight(today.replace(day=1), UTC)
    (sums,) = await Statistics(gateway.database).steps([start, end])
    return {"start": moment_text(start), **sums_json(sums)}


def news_json(gateway: Gateway) -> list[Json]:
    """Models that came to upstreams' lists in the last days, or went, newest first."""
    return [
        {
            "at": moment_text(news.at),
            "channel": news.channel,
            "channel_id": news.channel_id,
            **change_json(news.change),
        }
        for news in gateway.registry.news.latest
    ]


async def attention(gateway: Gateway) -> list[Json]:
    """What an operator should look at: `kind` of trouble, `subject` and `id` of what has it, and `detail`.

    Of more than `MOST`, the last says by its subject how many are left out.
    """
    items = [_item(condition) for condition in await conditions_of(gateway) if condition.shown]
    if len(items) > MOST:
        return [*items[:MOST], _item(Condition("more", str(len(items) - MOST), "", ""))]
    return items


def _item(condition: Condition) -> Json:
    return {
        "kind": condition.kind,
        "subject": condition.subject,
        "id": condition.id,
        "detail": condition.detail,
    }


@get("/")
async def show_overview(gateway: TheGateway) -> Json:
    """Show the last day, this month so far, and what needs attention at this moment."""
    return await overview(gateway)


overview_router = PathRouter("/overview", route_handlers=[show_overview])
