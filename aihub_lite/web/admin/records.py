"""`/api/admin/records` and `/api/admin/requests`: usage records one by one, and calls that were refused beside them.

Metadata only: there is no text to show.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, get_args

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from aihub_lite.domain.money import UNPRICED, Price, cost_of, nano_usd, unpriced_in
from aihub_lite.domain.route import PassedOver
from aihub_lite.domain.usage import Outcome, Usage, UsageRecord
from aihub_lite.errors import InvalidRequest, NotFound, StorageUnavailable
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.storage.requests.filters import ANY_FAILED, REFUSED, RecordFilter
from aihub_lite.storage.requests.refusals import Refusal, Refusals
from aihub_lite.storage.usage import MAX_PAGE, Usages
from aihub_lite.web.admin.bodies import moment
from aihub_lite.web.admin.dependencies import TheGateway, TheSearch
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.rates import hosted_json, in_force_json, rates_json
from aihub_lite.web.reports.asking import filters_of
from aihub_lite.web.requests.listing import RequestSearch, refusal_json, requests_page
from aihub_lite.web.views import Json, moment_text, money, optional_money

OUTCOMES: tuple[str, ...] = get_args(Outcome)
SEARCHED = (*OUTCOMES, REFUSED, ANY_FAILED)
"""Outcomes that are looked for."""
ID_BEGINS = re.compile(r"[0-9a-fA-F]{8,64}")
"""What is looked for as the beginning of an id, not as a text."""
SECONDS = re.compile(r"\d{1,9}(\.\d{1,3})?", re.ASCII)


def record_json(record: UsageRecord) -> Json:
    """A record without its attempts; `asked` is the name of a route or an alias, where the client asked for one."""
    return {
        "request_id": record.request_id,
        "started": moment_text(record.started_ms / 1000),
        "token": record.token,
        "token_id": record.token_id,
        "person_id": record.person_id or None,
        "team_id": record.team_id or None,
        "model": record.model,
        "asked": record.asked or None,
        "tags": list(record.tags),
        "end_user": record.end_user or None,
        "channel": record.channel,
        "outcome": record.outcome,
        "status": record.status,
        "error_code": record.error_code or None,
        "error_text": record.error_text or None,
        "upstream_code": record.upstream_code or None,
        "prompt_tokens": record.usage.prompt_tokens,
        "completion_tokens": record.usage.completion_tokens,
        "cost_usd": money(record.cost_nano),
        "first_byte_ms": record.first_byte_ms or None,
        "duration_ms": record.duration_ms,
        "waited_ms": record.waited_ms,
        "client": record.client,
        "drift": record.drift,
    }


def full_record_json(record: UsageRecord) -> Json:
    """All that is known of a request, with the rates that its cost came from."""
    usage = record.usage
    price = price_in(record.price)
    price_source = None
    if price is not None:
        price_source = price.source
    return {
        **record_json(record),
        "surface": record.surface,
        "streamed": record.streamed,
        "upstream_model": record.upstream_model,
        **priced_json(usage, price),
        "others": [
            {"model": other.model, **priced_json(other.usage, price_in(other.price))} for other in record.others
        ],
        "usage_source": record.usage_source,
        "overrun_usd": money(record.overrun_nano),
        "saved_usd": optional_money(record.saved_nano),
        **stated_json(record, price),
        "price_source": price_source,
        "tier": usage.tier or None,
        "hosted_unpriced": unpriced_in(usage, price),
        "tier_unpriced": bool(usage.tier) and (price is None or price.served_at(usage.tier) is None),
        "attempts": [
            {
                "channel": attempt.channel,
                "model": attempt.model or None,
                "status": attempt.status,
                "fault": attempt.fault or None,
                "code": attempt.code or None,
                "ms": attempt.duration_ms,
                "began_ms": attempt.began_ms,
                "connect_ms": attempt.connect_ms,
                "head_ms": attempt.head_ms,
            }
            for attempt in record.attempts
        ],
        "dropped": list(record.dropped),
        "renamed": [{"from": own, "to": there} for own, there in record.renamed],
        "passed": [{"model": each.model, "why": each.why} for each in record.passed if not each.is_lane],
        "lanes": lanes_json(record),
    }


def lanes_json(record: UsageRecord) -> list[Json]:
    """What `route explain` shows, as it came: attempts by their places and, where they stood, lanes that were kept out.

    These have no place but a `why`. `key` is set where the channel has several.
    """
    kept_out = [each for each in record.passed if each.is_lane]
    rows = []
    for place, attempt in enumerate(record.attempts, 1):
        rows += [kept_out_json(each) for each in kept_out if each.before == place]
        rows.append(
            {
                "place": place,
                "channel": attempt.channel,
                "model": attempt.model or None,
                "key": None,
                "status": attempt.status,
                "fault": attempt.fault or None,
                "ms": attempt.duration_ms,
                "why": None,
            }
        )
    last = len(record.attempts)
    return rows + [kept_out_json(each) for each in kept_out if not 1 <= each.before <= last]


def kept_out_json(passed: PassedOver) -> Json:
    """A lane that was not tried."""
    return {
        "place": None,
        "channel": passed.channel or None,
        "model": passed.model or None,
        "key": passed.key or None,
        "status": None,
        "fault": None,
        "ms": None,
        "why": passed.why,
    }


def priced_json(usage: Usage, price: Price | None) -> Json:
    """All that was counted, and the rates in force for it; null where the price is not known.

    `above` is the length of the prompt that the rates are for, `hours` the hours that they are for, null where they do
    not depend on it.
    """
    modal_tokens = {}
    if usage.modal:
        modal_tokens = usage.modal.counts()
    hosted_calls = {}
    if usage.hosted:
        hosted_calls = usage.hosted.counts()
    rates = above = hours = None
    if price is not None:
        rates = {**rates_json(price.rates_for(usage.prompt_tokens, usage.tier)), **hosted_json(price.hosted)}
    if price is not None and price.served_at(usage.tier) is None:
        tier = price.tier_for(usage.prompt_tokens)
        above = tier and tier.above
        hours = in_force_json(price.in_force)
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "modal_tokens": modal_tokens,
        "hosted_calls": hosted_calls,
        "units": usage.units,
        "unit": usage.unit or None,
        "rates": rates,
        "above": above,
        "hours": hours,
    }


def stated_json(record: UsageRecord, price: Price | None) -> Json:
    """What the upstream itself says that the request cost, and what the price comes to; null where either is not known.

    `billed_by` is which of the two was booked: `upstream` or `price`.
    """
    stated = record.usage.upstream_cost_nano
    own_cost = None
    if price is not None and price != UNPRICED:
        own_cost = cost_of(record.usage, price)
        own_cost += sum(cost_of(other.usage, price_in(other.price) or UNPRICED) for other in record.others)
    billed_by = "price"
    if stated is not None and record.cost_nano == stated:
        billed_by = "upstream"
    return {
        "upstream_cost_usd": optional_money(stated),
        "own_cost_usd": optional_money(own_cost),
        "billed_by": billed_by,
    }


def price_in(text: str) -> Price | None:
    """The price that was kept with a record; None where there is none, or one of an older form."""
    try:
        return msgspec.json.decode(text, type=Price)
    except msgspec.MsgspecError:
        return None


def read_search(
    q: FromQuery[str] = "",
    token: FromQuery[str] = "",
    person: FromQuery[str] = "",
    team: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    model: FromQuery[str] = "",
    name_asked: Annotated[str, QueryParameter(name="asked")] = "",  # `asked` is what lists call their page
    channel: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    code: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    over_seconds: FromQuery[str] = "",
    over_usd: FromQuery[str] = "",
) -> RequestSearch:
    """From the query of an address."""
    return RequestSearch(
        q=q.strip(),
        token=token,
        person=person.strip(),
        team=team.strip(),
        tag=tag.strip(),
        model=model,
        asked=name_asked,
        channel=channel,
        outcome=outcome,
        code=code.strip(),
        since=since,
        until=until,
        over_seconds=over_seconds.strip().removesuffix("s"),
        over_usd=over_usd.strip().removeprefix("$"),
    )


def record_filter(gateway: Gateway, search: RequestSearch) -> RecordFilter:
    """What a search comes to. Raises InvalidRequest, or NotFound for an unknown token, person or team."""
    if search.outcome and search.outcome not in SEARCHED:
        raise InvalidRequest(f"outcome: must be one of {', '.join(SEARCHED)}")
    request_id = text = None
    named: dict[Dimension, str] = {"token": search.token, "person": search.person, "team": search.team}
    ids = filters_of(gateway, {name: ref for name, ref in named.items() if ref})
    if ID_BEGINS.fullmatch(search.q):
        request_id = search.q.lower()
    elif search.q:
        text = search.q
    return RecordFilter(
        token_id=ids.get("token"),
        person_id=ids.get("person"),
        team_id=ids.get("team"),
        tag=search.tag or None,
        model=search.model or None,
        asked=search.asked or None,
        channel=search.channel or None,
        outcome=search.outcome or None,
        since_ms=_moment_ms(gateway, search.since, "since"),
        until_ms=_moment_ms(gateway, search.until, "until"),
        id=request_id,
        code=search.code or None,
        text=text,
        over_ms=_milliseconds(search.over_seconds),
        over_nano=_nano(search.over_usd),
    )


def _moment_ms(gateway: Gateway, text: str, field: str) -> int | None:
    if not text:
        return None
    return moment(text, gateway.clock.wall(), field, ahead=False) * 1000


def _milliseconds(text: str) -> int | None:
    if not text:
        return None
    if not SECONDS.fullmatch(text):
        raise InvalidRequest(f"over_seconds: {text[:64]!r} is no number of seconds, like 10 or 0.5")
    return round(1000 * float(text))


def _nano(text: str) -> int | None:
    if not text:
        return None
    try:
        return nano_usd(text)
    except ValueError as error:
        raise InvalidRequest(f"over_usd: {error}") from None


def entry_json(entry: UsageRecord | Refusal) -> Json:
    """A row of the list of requests; `times` is 1 for what has a record."""
    if isinstance(entry, Refusal):
        return refusal_json(entry)
    return {**record_json(entry), "times": 1}


def check_limit(limit: int) -> None:
    """Raises InvalidRequest for more rows, or fewer, than a page has."""
    if not 1 <= limit < MAX_PAGE:
        raise InvalidRequest(f"limit: must be between 1 and {MAX_PAGE - 1}")


@get("/records")
async def list_records(
    gateway: TheGateway, search: TheSearch, before: FromQuery[str] = "", limit: FromQuery[int] = 100
) -> Json:
    """List records, a page at a time; `more` says whether there are older ones, `before` is the id at which the page
    before ended."""
    check_limit(limit)
    usages = Usages(gateway.database)
    place = None
    if before:
        place = await usages.place(before)
    # One more than is shown tells whether there are older ones.
    rows = await usages.records(record_filter(gateway, search), before=place, limit=limit + 1)
    return {"records": [record_json(record) for _, record in rows[:limit]], "more": len(rows) > limit}


@get("/requests")
async def list_requests(
    gateway: TheGateway, search: TheSearch, after: FromQuery[str] = "", limit: FromQuery[int] = 100
) -> Json:
    """List records and refusals, a page at a time, newest first; `after` is what to ask for the next with, null on the
    last."""
    check_limit(limit)
    page = await requests_page(gateway, record_filter(gateway, search), after, limit)
    rows = [entry_json(entry) for entry in page.entries]
    return {"requests": rows, "more": bool(page.after), "after": page.after or None}


async def record_of(gateway: Gateway, request_id: str) -> UsageRecord:
    """The record of a request; raises NotFound."""
    record = await Usages(gateway.database).find(request_id)
    if record is None:
        raise NotFound(f"There is no record of request {request_id[:64]!r}.")
    return record


async def entry_of(gateway: Gateway, request_id: str) -> UsageRecord | Refusal:
    """The record of a request, or the refused calls that it is one of; raises NotFound."""
    record = await Usages(gateway.database).find(request_id)
    if record is not None:
        return record
    with suppress(StorageUnavailable):
        await gateway.refusals.flush()
    refusal = await Refusals(gateway.database).find(request_id)
    if refusal is None:
        raise NotFound(f"There is no record of request {request_id[:64]!r}.")
    return refusal


@get("/records/{ref:str}")
async def show_record(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a record, by its request id."""
    return full_record_json(await record_of(gateway, ref))


@get("/requests/{ref:str}")
async def show_request(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a record by its request id, or the refused calls that a request is one of."""
    entry = await entry_of(gateway, ref)
    if isinstance(entry, Refusal):
        return refusal_json(entry)
    return {**full_record_json(entry), "times": 1}


records_router = PathRouter("/", route_handlers=[list_records, list_requests, show_record, show_request])
