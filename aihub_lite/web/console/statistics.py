"""`/console/statistics`: usage over time as a chart and a table, and the same table as CSV."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import reduce

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.reports.question import Quality, Totals, sum_of
from aihub_lite.storage.reports.saved import SavedViews
from aihub_lite.storage.statistics import Statistics
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import LIMIT
from aihub_lite.web.admin.records import OUTCOMES
from aihub_lite.web.console.pages import page
from aihub_lite.web.console.sign_in import with_status
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.reports.asking import DIMENSIONS, called, filters_of
from aihub_lite.web.reports.figures import Figures, Member, figures, over_steps
from aihub_lite.web.reports.ranking import CHANGE, METRICS, change, ranked, value_of
from aihub_lite.web.reports.table import CsvTable
from aihub_lite.web.reports.view import COLUMNS, View, view_of
from aihub_lite.web.reports.views import quality_json
from aihub_lite.web.spans import DAY, LONGEST, SPANS, BadSpan, Span, midnight, span_of, zone_named
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json, moment_text, money

ZONE_COOKIE = "aihub_zone"
SHOWN = 5
"""Members with a colour of their own in the chart; the rest is drawn together."""
Line = tuple[str, list[int]]
"""One series of the chart: a member, or the rest, with its figure for each step."""


def lines(usage: Figures, members: list[Member], metric: str, rest: str, together: str) -> list[Line]:
    """The first members one by one, all others as one; means together, since they do not stack, and so is what is
    counted under several of them."""
    all_values = [value_of(sums, metric) for sums in usage.steps]
    if metric == "latency":
        return [(together, all_values)]
    drawn = [(member.name, [value_of(sums, metric) for sums in member.steps]) for member in members[:SHOWN]]
    others = [value - sum(values[place] for _, values in drawn) for place, value in enumerate(all_values)]
    if len(members) > SHOWN or any(value > 0 for value in others):
        drawn.append((rest, [max(value, 0) for value in others]))
    return drawn


def zone_of(request: AnyRequest) -> tzinfo:
    """The reader's zone, which a script keeps in a cookie; UTC until it has run, and for an unknown one."""
    try:
        return zone_named(request.cookies.get(ZONE_COOKIE, "UTC"))
    except InvalidRequest:
        return UTC


async def figures_of(
    gateway: Gateway, view: View, zone: tzinfo, *, compared: bool = False, whole: bool = False
) -> Figures:
    """The figures of a page and of its CSV, in the order of the view. Raises BadSpan, InvalidRequest and NotFound."""
    span = span_of(view.span, view.first, view.last, gateway.clock.wall(), zone)
    filters = filters_of(gateway, view.filters)
    return await figures(
        gateway, span, view.dimensions, filters, compared=compared, measured=view.measured, whole=whole
    )


@get("/statistics")
async def show_statistics_page(request: AnyRequest, gateway: TheGateway) -> Template:
    """One chart and the table of all members; a span that is refused says why, beside the form that asked for it."""
    view = view_of(request.query_params)
    zone = zone_of(request)
    choices = {
        "view": view,
        "zone": zone,
        "spans": list(SPANS),
        "metrics": METRICS,
        "dimensions": list(DIMENSIONS),
        "columns": COLUMNS,
        "saved": await SavedViews(gateway.database).all(),
        "values": values_of(gateway),
        "most": LIMIT,
        "called": {name: called(gateway, name, text) for name, text in view.filters.items()},
    }
    try:
        usage = await figures_of(gateway, view, zone, compared=True, whole=True)
    except BadSpan as error:
        ends = (view.first, view.last)
        return with_status(page(request, "pages/statistics.html", wrong=error, ends=ends, days=None, **choices), error)
    members = await asyncio.to_thread(ranked, usage.members, view.sort, view.metric, rising=view.rising)
    others = await asyncio.to_thread(rest_of, members, usage.total, view.metric)
    if view.metric != "latency":
        members[:SHOWN] = await over_steps(gateway, usage, members[:SHOWN])
    tokens = {token.id for token in gateway.registry.tokens.by_digest.values()}
    return page(
        request,
        "pages/statistics.html",
        wrong=None,
        ends=ends_of(view, usage.span, zone),
        days=days_of(usage.span.edges, zone),
        times=[local_text(edge, zone) for edge in (usage.span.edges[0], usage.span.edges[-1])],
        # What leads out of an empty range; to a full one it says nothing.
        used=None if members else await used_span(gateway, zone),
        # The template has the two labels in the reader's language.
        lines=lambda rest, together: lines(usage, members, view.metric, rest, together),
        step=usage.span.step,
        starts=[moment_text(edge) for edge in usage.span.edges[:-1]],
        members=[row_of(member, view, usage, tokens) for member in members[:LIMIT]],
        others=others,
        total={**sums_json(usage.total), "quality": quality_json(usage.quality)},
        changes=changes_of(usage),
        failed=view.failed_query(usage.span.edges),
        waiting=usage.waiting,
        money=money,
        shown=SHOWN,
        **choices,
    )


def values_of(gateway: Gateway) -> dict[str, list[str]]:
    """What a filter may be set to, as far as there is a list of it."""
    return {
        "model": sorted(gateway.registry.catalog.models),
        "token": [token.name for token in gateway.registry.tokens.all],
        "person": [person.name for person in gateway.people.persons.values()],
        "team": [team.name for team in gateway.people.teams.values()],
        "channel": sorted(channel.name for channel in gateway.registry.channels.all),
        "outcome": list(OUTCOMES),
    }


def row_of(member: Member, view: View, usage: Figures, tokens: Container[str]) -> Json:
    """A row of the table: its figures, how the one shown has changed, and where its requests are listed.

    `tokens` are the ids of those that there are.
    """
    now = value_of(member.total, view.metric)
    before = value_of(member.before or Totals(), view.metric)
    requests_query = view.requests_query(member, usage.span.edges)
    if "token" in view.dimensions and member.members[view.dimensions.index("token")] not in tokens:
        requests_query = ""  # that list finds tokens that there are
    return {
        "name": member.name,
        **sums_json(member.total),
        "quality": quality_json(member.quality),
        "change": change(now, before),
        "share": share_of(member.total, usage.total, view.metric),
        "is_new": bool(now) and not before and usage.before != Totals(),
        "is_used": bool(now),
        "requests_query": requests_query,
        "inside": view.inside(member),
    }


def share_of(part: Totals, whole: Totals, metric: str) -> float | None:
    """Which part of a figure is a member's; None of means, and of nothing."""
    total = value_of(whole, metric)
    if metric == "latency" or not total:
        return None
    return value_of(part, metric) / total


def changes_of(usage: Figures) -> dict[str, float | None]:
    """By which part all figures grew."""
    before = usage.before or Totals()
    return {metric: change(value_of(usage.total, metric), value_of(before, metric)) for metric in METRICS}


def rest_of(members: list[Member], whole: Totals, metric: str) -> Json | None:
    """The sums of the members that the table has no row for, together; None where it has all."""
    others = members[LIMIT:]
    if not others:
        return None
    total = sum_of(member.total for member in others)
    quality = None
    if all(member.quality is not None for member in others):
        quality = reduce(Quality.__add__, (member.quality for member in others if member.quality is not None))
    return {
        **sums_json(total),
        "quality": quality_json(quality),
        "share": share_of(total, whole, metric),
        "members": len(others),
    }


def ends_of(view: View, span: Span, zone: tzinfo) -> list[str]:
    """The ends as their form has them: days, of which the last one counts, unless one of them is a time of day."""
    first, last = days_of(span.edges, zone)
    after_last = date.fromisoformat(last) + timedelta(days=1)
    of_days = [midnight(date.fromisoformat(first), zone), midnight(after_last, zone)]
    if "T" in view.first + view.last or of_days != [span.edges[0], span.edges[-1]]:
        return [local_text(edge, zone) for edge in (span.edges[0], span.edges[-1])]
    return [first, last]


def days_of(edges: Sequence[int], zone: tzinfo) -> list[str]:
    """The first and the last of the reader's days that a span has a part of."""
    return [datetime.fromtimestamp(moment, zone).date().isoformat() for moment in (edges[0], edges[-1] - 1)]


async def used_span(gateway: Gateway, zone: tzinfo) -> list[str] | None:
    """The days of the last requests that there are figures of, as far back as a report goes; None without any."""
    extent = await Statistics(gateway.database).extent()
    if extent is None:
        return None
    first, end = extent
    return days_of([max(first, end - (LONGEST - 1) * DAY), end], zone)


def local_text(seconds: float, zone: tzinfo) -> str:
    """A time of the zone as a browser's `datetime-local` field takes it."""
    return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%dT%H:%M")


@get("/statistics.csv")
async def download_statistics(request: AnyRequest, gateway: TheGateway, days: FromQuery[bool] = False) -> Response[str]:
    """The table of all members as a CSV file; `days`: with a row for each step of time in which a member was used."""
    view = view_of(request.query_params)
    zone = zone_of(request)
    usage = await figures_of(gateway, view, zone, compared=view.sort == CHANGE, whole=not days)
    members = await asyncio.to_thread(ranked, usage.members, view.sort, view.metric, rising=view.rising)
    starts: list[str] = []
    if days:
        starts = [local_text(edge, zone) for edge in usage.span.edges[:-1]]
    table = CsvTable(view.dimensions, starts, view.measured)
    headers = {
        "content-disposition": f'attachment; filename="usage-{"-".join(view.dimensions)}.csv"',
        "cache-control": "no-store",
        "vary": "cookie",
    }
    return Response(await table.text(members), media_type="text/csv", headers=headers)


STATISTICS = [show_statistics_page, download_statistics]
