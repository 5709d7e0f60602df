"""`/console/me`: what the reader's own requests came to."""

from __future__ import annotations

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from aihub_lite.storage.requests.filters import ANY_FAILED, RecordFilter
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.console.me.requests import reason_of
from aihub_lite.web.console.pages import language_of, page
from aihub_lite.web.console.statistics import zone_of
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.me.pot import own_pot_json, wishes_json
from aihub_lite.web.me.requests import own_entries
from aihub_lite.web.me.tokens import own_token_rows
from aihub_lite.web.me.usage import own_usage
from aihub_lite.web.spans import SPANS
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import moment_text

DEFAULT = "30d"
FAILURES = 5
"""Of the latest, on the page."""


@get("/me")
async def show_own_home(request: AnyRequest, gateway: TheGateway, span: FromQuery[str] = DEFAULT) -> Template:
    """One chart of a span, its models and tokens, and the last requests that failed or were refused."""
    person = person_of(request)
    if span not in SPANS:
        span = DEFAULT
    usage = await own_usage(gateway, person, span, zone_of(request))
    failures, _ = await own_entries(gateway, person, RecordFilter(outcome=ANY_FAILED), "", FAILURES)
    language = language_of(request)
    return page(
        request,
        "me/home.html",
        span=span,
        spans=SPANS,
        total=sums_json(usage.total),
        steps=[
            {"start": moment_text(start), **sums_json(sums)}
            for start, sums in zip(usage.edges, usage.steps, strict=False)
        ],
        members={
            "model": [{"name": name, **sums_json(sums)} for name, sums in usage.models],
            "token": [{"name": name, **sums_json(sums)} for name, sums in usage.tokens],
        },
        paused=[row for row in await own_token_rows(gateway, person) if row["paused"]],
        pot=await own_pot_json(gateway, person),
        wishes=(await wishes_json(gateway, person))[:1],
        failures=[{**record, "reason": reason_of(language, record)} for record in failures],
    )
