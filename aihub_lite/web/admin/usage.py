"""`/api/admin/usage`."""

from __future__ import annotations

from typing import get_args

from litestar import Router, get
from litestar.params import FromQuery

from aihub_lite.domain.money import usd
from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.usage import Dimension, Usages
from aihub_lite.web.admin.bodies import moment
from aihub_lite.web.admin.views import Json, TheGateway

DIMENSIONS: dict[str, Dimension] = {name: name for name in get_args(Dimension)}


@get("/")
async def sum_usage(gateway: TheGateway, by: FromQuery[str] = "model", since: FromQuery[str] = "7d") -> list[Json]:
    """Sums of all records since a span ago (`7d`) or a UTC date; every record counts, whatever came of it.

    The cost is a number, for whoever adds it up in a script.
    """
    if by not in DIMENSIONS:
        raise InvalidRequest(f"by: must be one of {', '.join(DIMENSIONS)}")
    since_ms = moment(since, gateway.clock.wall(), "since", ahead=False) * 1000
    sums = await Usages(gateway.database).sums(DIMENSIONS[by], since_ms)
    return [
        {
            by: each.key,
            "requests": each.requests,
            "errors": each.errors,
            "interrupted": each.interrupted,
            "prompt_tokens": each.prompt_tokens,
            "completion_tokens": each.completion_tokens,
            "cost_usd": float(usd(each.cost_nano)),
        }
        for each in sums
    ]


usage_router = Router("/usage", route_handlers=[sum_usage])
