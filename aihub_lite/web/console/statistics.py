"""`/console/statistics`: what was used, and what it cost."""

from __future__ import annotations

import csv
import io
from datetime import UTC, tzinfo
from typing import Any, Literal

import attrs
from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Sums
from aihub_lite.web.admin.overview import sums_json
from aihub_lite.web.admin.statistics import PARTS, SPANS, Figures, figures, zone_named
from aihub_lite.web.admin.views import TheGateway, moment_text, money
from aihub_lite.web.console.pages import AnyRequest, page

ZONE_COOKIE = "aihub_zone"
Metric = Literal["cost", "requests", "tokens", "errors"]
METRICS: tuple[Metric, ...] = ("cost", "requests", "tokens", "errors")
SHOWN = 5
"""Members with a colour of their own; the rest is drawn together."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the start of a cell."""


@attrs.frozen
class Line:
    """One column of the chart: a member, or the rest, with what to show of each step."""

    name: str
    values: list[int]


def value_of(sums: Sums, metric: Metric) -> int:
    """A metric's figure; cost in nano-USD."""
    if metric == "tokens":
        return sums.prompt_tokens + sums.completion_tokens
    return {"cost": sums.cost_nano, "requests": sums.requests, "errors": sums.errors}[metric]


def lines(found: Figures, metric: Metric, rest: str) -> list[Line]:
    """The first members one by one, all others as one."""
    drawn = [Line(member.name, [value_of(sums, metric) for sums in member.steps]) for member in found.members]
    first, others = drawn[:SHOWN], drawn[SHOWN:]
    if others:
        first.append(Line(rest, [sum(values) for values in zip(*(line.values for line in others), strict=True)]))
    return first


def zone_of(request: AnyRequest) -> tzinfo:
    """The reader's zone, which a script keeps in a cookie; UTC until it has run, or for one we do not know."""
    try:
        return zone_named(request.cookies.get(ZONE_COOKIE, "UTC"))
    except InvalidRequest:
        return UTC


def chosen(value: str, known: Any, default: str) -> str:
    """What an address asks for, if there is such a thing."""
    return value if value in known else default


async def read(request: AnyRequest, gateway: Gateway, span: str, by: str) -> Figures:
    """The figures of a page and of its CSV."""
    return await figures(gateway, chosen(span, SPANS, "7d"), chosen(by, PARTS, "model"), zone_of(request))


@get("/statistics")
async def show_statistics_page(
    request: AnyRequest,
    gateway: TheGateway,
    span: FromQuery[str] = "7d",
    by: FromQuery[str] = "model",
    metric: FromQuery[str] = "cost",
) -> Template:
    """One chart and the table of all members."""
    found = await read(request, gateway, span, by)
    metric_shown: Metric = next((each for each in METRICS if each == metric), "cost")
    return page(
        request,
        "statistics.html",
        lines=lambda rest: lines(found, metric_shown, rest),
        starts=[moment_text(edge) for edge in found.edges[:-1]],
        members=[{"name": member.name, **sums_json(member.total)} for member in found.members],
        total=sums_json(found.total),
        money=money,
        span=chosen(span, SPANS, "7d"),
        by=chosen(by, PARTS, "model"),
        metric=metric_shown,
        spans=list(SPANS),
        parts=("model", "token", "channel"),
        metrics=METRICS,
        shown=SHOWN,
    )


@get("/statistics.csv")
async def download_statistics(
    request: AnyRequest, gateway: TheGateway, span: FromQuery[str] = "7d", by: FromQuery[str] = "model"
) -> Response[str]:
    """The table of all members as it is shown."""
    found = await read(request, gateway, span, by)
    file = io.StringIO()
    table = csv.writer(file)
    names = list(sums_json(Sums()))
    table.writerow([chosen(by, PARTS, "model"), *names])
    for member in found.members:
        sums = sums_json(member.total)
        table.writerow([_inert(member.name), *(sums[name] for name in names)])
    headers = {"content-disposition": f'attachment; filename="usage-{chosen(by, PARTS, "model")}.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _inert(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name


STATISTICS = [show_statistics_page, download_statistics]
