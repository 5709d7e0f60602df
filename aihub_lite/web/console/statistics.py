"""`/console/statistics`: what was used, and what it cost."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, tzinfo
from functools import reduce
from typing import Any, Literal
from urllib.parse import urlencode

import attrs
from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Sums
from aihub_lite.web.admin.overview import sums_json
from aihub_lite.web.admin.spans import SPANS, BadSpan, span_of, zone_named
from aihub_lite.web.admin.statistics import PARTS, Figures, From, To, figures
from aihub_lite.web.admin.views import TheGateway, moment_text, money
from aihub_lite.web.console.entrance import refused
from aihub_lite.web.console.pages import AnyRequest, page

ZONE_COOKIE = "aihub_zone"
Metric = Literal["cost", "requests", "tokens", "latency", "errors"]
METRICS: tuple[Metric, ...] = ("cost", "requests", "tokens", "latency", "errors")
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
    """A metric's figure; cost in nano-USD, latency as the mean time to first byte in ms."""
    if metric == "tokens":
        return sums.prompt_tokens + sums.completion_tokens
    if metric == "latency":
        return sums.first_byte_mean or 0
    return {"cost": sums.cost_nano, "requests": sums.requests, "errors": sums.errors}[metric]


def lines(found: Figures, metric: Metric, rest: str, together: str) -> list[Line]:
    """The first members one by one, all others as one; latencies together, since means do not stack."""
    if metric == "latency":
        steps = zip(*(member.steps for member in found.members), strict=True)
        return [Line(together, [value_of(reduce(Sums.__add__, each), metric) for each in steps])]
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


@attrs.frozen(kw_only=True)
class View:
    """What an address asks to see. `first` and `last` are the ends of a time of the reader's own, else empty."""

    first: str
    last: str
    span: str
    by: str
    metric: str

    @property
    def own(self) -> bool:
        """Whether the reader chose the time by its ends."""
        return bool(self.first or self.last)

    def query(self, **changes: str) -> str:
        """The address's query, or that of another view: one that names a span has no ends."""
        view = attrs.evolve(self, **({"first": "", "last": ""} if "span" in changes else {}), **changes)
        time = {"from": view.first, "to": view.last} if view.own else {"span": view.span}
        return urlencode({**time, "by": view.by, "metric": view.metric})


def view_of(first: str, last: str, span: str, by: str, metric: str) -> View:
    """Choices that are none become the first ones; the ends of a time are taken as they are."""
    return View(
        first=first,
        last=last,
        span=chosen(span, SPANS, "7d"),
        by=chosen(by, PARTS, "model"),
        metric=chosen(metric, METRICS, "cost"),
    )


async def read(gateway: Gateway, view: View, zone: tzinfo) -> Figures:
    """The figures of a page and of its CSV. Raises BadSpan."""
    return await figures(gateway, span_of(view.span, view.first, view.last, gateway.clock.wall(), zone), view.by)


@get("/statistics")
async def show_statistics_page(
    request: AnyRequest,
    gateway: TheGateway,
    first: From = "",
    last: To = "",
    span: FromQuery[str] = "7d",
    by: FromQuery[str] = "model",
    metric: FromQuery[str] = "cost",
) -> Template:
    """One chart and the table of all members; a time that cannot be shown says why, beside what was chosen."""
    view, zone = view_of(first, last, span, by, metric), zone_of(request)
    choices = {"view": view, "zone": zone, "spans": list(SPANS), "parts": ("model", "token", "channel")}
    try:
        found = await read(gateway, view, zone)
    except BadSpan as error:
        return refused(page(request, "statistics.html", wrong=error, ends=(first, last), **choices), error)
    metric_shown: Metric = next(each for each in METRICS if each == view.metric)
    return page(
        request,
        "statistics.html",
        wrong=None,
        ends=[local_text(found.span.edges[at], zone) for at in (0, -1)],
        lines=lambda rest, together: lines(found, metric_shown, rest, together),
        step=found.span.step,
        starts=[moment_text(edge) for edge in found.span.edges[:-1]],
        members=[{"name": member.name, **sums_json(member.total)} for member in found.members],
        total=sums_json(found.total),
        money=money,
        metrics=METRICS,
        shown=SHOWN,
        **choices,
    )


def local_text(seconds: float, zone: tzinfo) -> str:
    """As a browser's field for a time takes it."""
    return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%dT%H:%M")


@get("/statistics.csv")
async def download_statistics(
    request: AnyRequest,
    gateway: TheGateway,
    first: From = "",
    last: To = "",
    span: FromQuery[str] = "7d",
    by: FromQuery[str] = "model",
) -> Response[str]:
    """The table of all members as it is shown."""
    view = view_of(first, last, span, by, "")
    found = await read(gateway, view, zone_of(request))
    file = io.StringIO()
    table = csv.writer(file)
    names = list(sums_json(Sums()))
    table.writerow([view.by, *names])
    for member in found.members:
        sums = sums_json(member.total)
        table.writerow([_inert(member.name), *(sums[name] for name in names)])
    headers = {"content-disposition": f'attachment; filename="usage-{view.by}.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _inert(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULA) else name


STATISTICS = [show_statistics_page, download_statistics]
