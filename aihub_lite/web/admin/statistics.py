"""`/api/admin/statistics` and `/api/admin/usage`: sums of usage records.

The first over time by whatever a record knows, in days of the reader's zone, as the console draws them; the second over
a span, as the command line prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, get_args
from urllib.parse import parse_qsl

import attrs
import msgspec
from litestar import delete, get, put
from litestar.params import FromPath, FromQuery, QueryParameter

from aihub_lite.domain.validation import check_name
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.steps import in_steps
from aihub_lite.storage.quarters import QUARTER
from aihub_lite.storage.reports.dimensions import Dimension, source_of
from aihub_lite.storage.reports.question import MemberSums, ReportQuestion, Totals
from aihub_lite.storage.reports.reports import Reports
from aihub_lite.storage.reports.saved import SavedViews
from aihub_lite.storage.usage import Dimension as OldDimension
from aihub_lite.storage.usage import Usages, UsageSum
from aihub_lite.web.admin.bodies import moment, read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.reports.asking import chosen_in, dimensions_of, filters_of
from aihub_lite.web.reports.figures import figures
from aihub_lite.web.reports.view import view_of
from aihub_lite.web.reports.views import member_json, quality_json
from aihub_lite.web.spans import DAY, LONGEST, span_of, zone_named
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json, moment_text, money

ALONE: dict[str, OldDimension] = {name: name for name in get_args(OldDimension)}
"""Dimensions whose sums are kept to the second as long as there are records."""
MOST_ROWS = 10_000
"""Of an answer that is a list."""
MOST_VIEWS = 50
MOST_QUERY = 2000
"""Characters."""
MOST_FIELDS = 50
# `from` is a word of Python's: no parameter can be called that.
From = Annotated[str, QueryParameter(name="from")]
To = Annotated[str, QueryParameter(name="to")]


@attrs.frozen(kw_only=True)
class ViewInput:
    """Body of PUT: the query of the statistics page's address, without the question mark."""

    query: str


@get("/statistics")
async def show_statistics(
    request: AnyRequest,
    gateway: TheGateway,
    first: From = "",
    last: To = "",
    span: FromQuery[str] = "7d",
    by: FromQuery[str] = "model",
    zone: FromQuery[str] = "UTC",
    measured: FromQuery[bool] = False,
) -> Json:
    """Show statistics: the sums of every member, together and for each step; `steps` are the steps' beginnings.

    By one dimension or two (`by=person,model`), of the requests that filters leave (`token=`, `tag=`…). `measured`:
    with percentiles, speed, and what caches saved and failures cost.
    """
    cut = span_of(span, first, last, gateway.clock.wall(), zone_named(zone))
    dimensions = dimensions_of(by)
    filters = filters_of(gateway, chosen_in(request.query_params))
    usage = await figures(gateway, cut, dimensions, filters, measured=measured)
    return {
        "steps": [moment_text(edge) for edge in cut.edges[:-1]],
        "end": moment_text(cut.edges[-1]),
        "total": {**sums_json(usage.total), "quality": quality_json(usage.quality)},
        "members": [_encoded(member_json(member, dimensions)) async for member in in_steps(usage.members)],
    }


@get("/usage")
async def sum_usage(
    request: AnyRequest,
    gateway: TheGateway,
    by: FromQuery[str] = "model",
    since: FromQuery[str] = "7d",
    days: FromQuery[bool] = False,
) -> list[msgspec.Raw]:
    """Show the sums of all records since a span ago (`7d`) or a UTC date; every record counts, whatever its outcome.

    By one dimension or two, and by the day (`day` among them, or `days`), with filters as in statistics: these count
    from the beginning of the quarter of an hour that `since` falls into, where sums are kept of them.
    """
    since_s = moment(since, gateway.clock.wall(), "since", ahead=False)
    filters = filters_of(gateway, chosen_in(request.query_params))
    if by in ALONE and not filters and not days:
        rows = await Usages(gateway.database).sums(ALONE[by], since_s * 1000)
        return [_encoded(usage_json(by, row)) async for row in in_steps(rows)]
    names = by.split(",")
    daily = days or "day" in names
    dimensions: tuple[Dimension, ...] = ()
    if others := ",".join(name for name in names if name != "day"):
        dimensions = dimensions_of(others)
    question = ReportQuestion(edges=edges_since(gateway, since_s, daily=daily), by=dimensions, filters=filters)
    if source_of(question.dimensions) is not None and not question.reads_records:
        first, *later = question.edges
        question = ReportQuestion(edges=[first // QUARTER * QUARTER, *later], by=dimensions, filters=filters)
    parts = await Reports(gateway.database, gateway.cells).parts(question)
    if len(parts) > MOST_ROWS:
        raise InvalidRequest(f"by: more than {MOST_ROWS} rows; ask for less time, one dimension, or with a filter")
    return [_encoded(part_json(question, part, daily=daily)) async for part in in_steps(_in_order(parts))]


def _encoded(row: Json) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(row))


def edges_since(gateway: Gateway, since: int, *, daily: bool) -> list[int]:
    """From a moment until now; `daily`: cut at every midnight in UTC. Raises InvalidRequest."""
    end = int(gateway.clock.wall()) // QUARTER * QUARTER + QUARTER
    since = min(max(since, 0), end - QUARTER)
    if not daily:
        return [since, end]
    if end - since > LONGEST * DAY:
        raise InvalidRequest(f"since: at most {LONGEST} days can be told apart")
    return [since, *range((since // DAY + 1) * DAY, end, DAY), end]


def _in_order(parts: Iterable[MemberSums]) -> list[MemberSums]:
    """By the day, then the dearest first."""
    return sorted(parts, key=lambda part: (part.step, -part.totals.cost_nano, -part.totals.requests, part.names))


def part_json(question: ReportQuestion, part: MemberSums, *, daily: bool) -> Json:
    """The sums of one member, on one day if they are told apart."""
    day = {}
    if daily:
        day = {"day": moment_text(question.edges[part.step])[:10]}
    return {**day, **dict(zip(question.by, part.names, strict=True)), **totals_json(part.totals)}


def usage_json(by: str, row: UsageSum) -> Json:
    """The sums of one member of a dimension, under the dimension's name."""
    return {by: row.key, **totals_json(row)}


def totals_json(sums: Totals | UsageSum) -> Json:
    """The figures of a row."""
    return {
        "requests": sums.requests,
        "errors": sums.errors,
        "interrupted": sums.interrupted,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cost_usd": money(sums.cost_nano),
    }


@get("/views")
async def list_views(gateway: TheGateway) -> list[Json]:
    """List views of the statistics page that were saved by name, each with the query of its address."""
    return [{"name": name, "query": query} for name, query in (await SavedViews(gateway.database).all()).items()]


@put("/views/{name:str}", opt=takes(ViewInput))
async def save_view(gateway: TheGateway, content: TheBody, name: FromPath[str]) -> Json:
    """Save a view of the statistics page, or another one under the same name."""
    query = checked_query(read(content, ViewInput).query)
    check_name(name)
    views = SavedViews(gateway.database)

    async def save() -> None:
        saved = await views.all()
        if name not in saved and len(saved) >= MOST_VIEWS:
            raise Conflict(f"There are {MOST_VIEWS} views already: delete one first.")
        await views.put({**saved, name: query})

    await gateway.registry.tokens.changes.run(save)
    return {"name": name, "query": query}


@delete("/views/{name:str}", status_code=200)
async def delete_view(gateway: TheGateway, name: FromPath[str]) -> Json:
    """Delete a view of the statistics page; what it shows stays."""
    views = SavedViews(gateway.database)

    async def forget() -> None:
        saved = await views.all()
        if saved.pop(name, None) is None:
            raise NotFound(f"There is no view {name[:64]!r}.")
        await views.put(saved)

    await gateway.registry.tokens.changes.run(forget)
    return {"name": name, "deleted": True}


def checked_query(query: str) -> str:
    """The query of a view's address, written anew with what the page knows of it; raises InvalidRequest."""
    if len(query) > MOST_QUERY:
        raise InvalidRequest(f"query: must be at most {MOST_QUERY} characters")
    try:
        fields = dict(parse_qsl(query, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise InvalidRequest(f"query: must have at most {MOST_FIELDS} fields") from None
    return view_of(fields).query()


statistics_router = PathRouter("/", route_handlers=[show_statistics, sum_usage, list_views, save_view, delete_view])
