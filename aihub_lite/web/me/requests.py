"""`/api/me/requests`: one's own requests, and the calls of one's own that were refused, each with why.

Nothing here tells which channels there are, what they cost the operator, or whose any other request was.
"""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

import attrs
from litestar import get
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.usage import Outcome, UsageRecord
from aihub_lite.errors import InvalidRequest, NotFound, StorageUnavailable
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.own_tokens import own_name, own_token
from aihub_lite.storage.requests.filters import ANY_FAILED, REFUSED, RecordFilter
from aihub_lite.storage.requests.refusals import Refusal, Refusals
from aihub_lite.storage.usage import Usages
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.bodies import moment
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.requests.listing import page_after, requests_page
from aihub_lite.web.views import Json, moment_text, money

OUTCOMES: tuple[str, ...] = (*get_args(Outcome), REFUSED, ANY_FAILED)
LARGEST_PAGE = 100


def own_record_json(person: Person, record: UsageRecord) -> Json:
    """One's own request: what was asked, what came of it, and what it cost."""
    usage = record.usage
    return {
        "request_id": record.request_id,
        "started": moment_text(record.started_ms / 1000),
        "times": 1,
        "token": own_name(person, record.token),
        "token_id": record.token_id,
        "model": record.model,
        "asked": record.asked or None,
        "surface": record.surface,
        "streamed": record.streamed,
        "outcome": record.outcome,
        "status": record.status,
        "error_code": record.error_code or None,
        "error_text": None,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "usage_source": record.usage_source,
        "cost_usd": money(record.cost_nano),
        "first_byte_ms": record.first_byte_ms or None,
        "duration_ms": record.duration_ms,
        "waited_ms": record.waited_ms,
        "client": record.client,
        "tags": list(record.tags),
    }


def own_refusal_json(person: Person, refusal: Refusal) -> Json:
    """Calls of one's own that were refused alike within a minute: `error_text` is what the first was told, `times` how
    many they are, and `request_ids` those of the last few."""
    return {
        "request_id": refusal.request_id,
        "started": moment_text(refusal.started_ms / 1000),
        "last": moment_text(refusal.last_ms / 1000),
        "times": refusal.times,
        "request_ids": list(refusal.request_ids),
        "token": own_name(person, refusal.token),
        "token_id": refusal.token_id,
        "model": refusal.model,
        "asked": None,
        "outcome": REFUSED,
        "status": refusal.status,
        "error_code": refusal.error_code,
        "error_text": refusal.error_text or None,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cost_usd": 0.0,
        "first_byte_ms": None,
        "duration_ms": None,
        "waited_ms": 0,
        "path": refusal.path,
        "client": refusal.client,
        "tags": [],
    }


def own_entry_json(person: Person, entry: UsageRecord | Refusal) -> Json:
    """A row of the list of one's requests."""
    if isinstance(entry, Refusal):
        return own_refusal_json(person, entry)
    return own_record_json(person, entry)


async def own_entries(
    gateway: Gateway, person: Person, filters: RecordFilter, before: str, limit: int
) -> tuple[list[Json], bool]:
    """A person's requests and refusals, newest first, and whether there are older ones; `before` is the id of the last
    request of the page before: a place among all requests would tell how many others there are."""
    after = ""
    if before:
        await own_entry(gateway, person, before)
        after = await page_after(gateway, before)
    page = await requests_page(gateway, attrs.evolve(filters, person_id=person.id), after, limit)
    return [own_entry_json(person, entry) for entry in page.entries], bool(page.after)


async def own_entry(gateway: Gateway, person: Person, request_id: str) -> UsageRecord | Refusal:
    """A person's request, or the refused calls that it is one of; raises NotFound, also for anybody else's."""
    record = await Usages(gateway.database).find(request_id)
    if record is not None and record.person_id == person.id:
        return record
    with suppress(StorageUnavailable):
        await gateway.refusals.flush()
    refusal = await Refusals(gateway.database).find(request_id)
    if record is not None or refusal is None or refusal.person_id != person.id:
        raise NotFound(f"There is no record of request {request_id[:64]!r}.")
    return refusal


def own_filter(
    gateway: Gateway, person: Person, *, token: str, model: str, outcome: str, since: str, tag: str
) -> RecordFilter:
    """The filter of a query; an empty field is any. Raises InvalidRequest, or NotFound for no token of the person."""
    if outcome and outcome not in OUTCOMES:
        raise InvalidRequest(f"outcome: must be one of {', '.join(OUTCOMES)}")
    token_id = since_ms = None
    if token:
        token_id = own_token(gateway.registry.tokens, person, token).id
    if since:
        since_ms = moment(since, gateway.clock.wall(), "since", ahead=False) * 1000
    return RecordFilter(
        token_id=token_id, model=model or None, outcome=outcome or None, since_ms=since_ms, tag=tag or None
    )


@get("/requests")
async def list_own_requests(
    request: AnyRequest,
    gateway: TheGateway,
    token: FromQuery[str] = "",
    model: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    since: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    before: FromQuery[str] = "",
    limit: FromQuery[int] = LARGEST_PAGE,
) -> Json:
    """List one's own requests and refusals, a page at a time; `more` says whether there are older ones."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidRequest(f"limit: must be between 1 and {LARGEST_PAGE}")
    person = person_of(request)
    filters = own_filter(gateway, person, token=token, model=model, outcome=outcome, since=since, tag=tag)
    rows, more = await own_entries(gateway, person, filters, before, limit)
    return {"requests": rows, "more": more}


@get("/requests/{ref:str}")
async def show_own_request(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show one of one's own requests, by its id, or the refused calls that it is one of."""
    person = person_of(request)
    return own_entry_json(person, await own_entry(gateway, person, ref))


REQUESTS = [list_own_requests, show_own_request]
