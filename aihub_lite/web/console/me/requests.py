"""`/console/me/requests`: the reader's own requests, each with why it failed."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.gateway.people.own_tokens import own_name, own_tokens
from aihub_lite.storage.requests.refusals import Refusal
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.console.failures import failure_of
from aihub_lite.web.console.language import Language
from aihub_lite.web.console.pages import language_of, page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.me.requests import OUTCOMES, own_entries, own_entry, own_filter, own_record_json, own_refusal_json
from aihub_lite.web.views import Json

PAGE = 50
"""Requests on a page."""
SPANS = ("1h", "24h", "7d", "30d")


def reason_of(language: Language, record: Json) -> str:
    """Why a request failed, for whoever made it; empty where it did not, or nobody can say more than its code."""
    failure = failure_of(language, record)
    if failure is None:
        return ""
    return failure.means


@get("/me/requests")
async def show_own_requests(
    request: AnyRequest,
    gateway: TheGateway,
    token: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    since: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Template:
    """The reader's requests under the filters of the address, newest first."""
    person = person_of(request)
    chosen = {"token": token, "outcome": outcome, "since": since, "tag": tag}
    filters = own_filter(gateway, person, model="", **chosen)
    records, more = await own_entries(gateway, person, filters, before, PAGE)
    kept = {name: value for name, value in chosen.items() if value}
    older = ""
    if more:
        older = urlencode({**kept, "before": records[-1]["request_id"]})
    language = language_of(request)
    names = [own_name(person, each.name) for each in own_tokens(gateway.registry.tokens, person)]
    return page(
        request,
        "me/requests.html",
        records=[{**record, "reason": reason_of(language, record)} for record in records],
        chosen=chosen,
        kept=kept,
        choices={"token": names, "outcome": OUTCOMES, "since": SPANS},
        older=older,
        later=before,
    )


@get("/me/requests/{ref:str}")
async def show_own_request_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One of the reader's requests, or the refused calls that it is one of."""
    person = person_of(request)
    language = language_of(request)
    entry = await own_entry(gateway, person, ref)
    if isinstance(entry, Refusal):
        shown = own_refusal_json(person, entry)
        return page(request, "me/refusal.html", record=shown, failure=failure_of(language, shown), ref=ref)
    record = own_record_json(person, entry)
    return page(request, "me/request.html", record=record, failure=failure_of(language, record))
