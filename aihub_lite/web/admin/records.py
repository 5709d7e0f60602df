"""`/api/admin/records`: usage records one by one. Metadata only: there is no text to show."""

from __future__ import annotations

from typing import get_args

import msgspec
from litestar import Router, get
from litestar.params import FromPath, FromQuery

from aihub_lite.domain.money import Price
from aihub_lite.domain.usage import Outcome, UsageRecord
from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.usage import MAX_PAGE, RecordFilter, Usages
from aihub_lite.web.admin.bodies import moment
from aihub_lite.web.admin.prices import rates_json
from aihub_lite.web.admin.views import Json, TheGateway, moment_text, money

OUTCOMES: tuple[str, ...] = get_args(Outcome)


def record_json(record: UsageRecord) -> Json:
    """A record without its attempts."""
    return {
        "request_id": record.request_id,
        "started": moment_text(record.started_ms / 1000),
        "token": record.token,
        "token_id": record.token_id,
        "model": record.model,
        "channel": record.channel,
        "outcome": record.outcome,
        "status": record.status,
        "error_code": record.error_code or None,
        "prompt_tokens": record.usage.prompt_tokens,
        "completion_tokens": record.usage.completion_tokens,
        "cost_usd": money(record.cost_nano),
        "first_byte_ms": record.first_byte_ms or None,
        "duration_ms": record.duration_ms,
        "client": record.client,
    }


def whole_json(record: UsageRecord) -> Json:
    """All that is known of a request, with the rates that its cost came from."""
    usage = record.usage
    price = price_of(record)
    rates = price and price.rates_for(usage.prompt_tokens)
    return {
        **record_json(record),
        "surface": record.surface,
        "streamed": record.streamed,
        "upstream_model": record.upstream_model,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "modal_tokens": usage.modal.counts() if usage.modal else {},
        "units": usage.units,
        "unit": usage.unit or None,
        "usage_source": record.usage_source,
        "overrun_usd": money(record.overrun_nano),
        "rates": rates and rates_json(rates),
        "price_source": price and price.source,
        "attempts": [
            {"channel": each.channel, "status": each.status, "fault": each.fault or None, "ms": each.duration_ms}
            for each in record.attempts
        ],
    }


def price_of(record: UsageRecord) -> Price | None:
    """The price as it was kept; None for a record that has none, or one of an older form."""
    try:
        return msgspec.json.decode(record.price, type=Price)
    except msgspec.MsgspecError:
        return None


async def records(gateway: Gateway, wanted: RecordFilter, before: str, limit: int) -> tuple[list[UsageRecord], bool]:
    """Newest first, and whether there are older ones; `before` is the request id at which the page before ended."""
    usages = Usages(gateway.database)
    found = await usages.records(wanted, before=await usages.number(before) if before else None, limit=limit + 1)
    return [record for _, record in found[:limit]], len(found) > limit


def filter_of(gateway: Gateway, token: str, model: str, channel: str, outcome: str, since: str) -> RecordFilter:
    """What an address asks for; empty is any. Raises InvalidRequest, or NotFound for a token that is not there."""
    if outcome and outcome not in OUTCOMES:
        raise InvalidRequest(f"outcome: must be one of {', '.join(OUTCOMES)}")
    return RecordFilter(
        token_id=gateway.registry.token(token).id if token else None,
        model=model or None,
        channel=channel or None,
        outcome=outcome or None,
        since_ms=moment(since, gateway.clock.wall(), "since", ahead=False) * 1000 if since else None,
    )


@get("/")
async def list_records(
    gateway: TheGateway,
    token: FromQuery[str] = "",
    model: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    since: FromQuery[str] = "",
    before: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> Json:
    """One page of records; `more` says whether there are older ones."""
    if not 1 <= limit < MAX_PAGE:
        raise InvalidRequest(f"limit: must be between 1 and {MAX_PAGE - 1}")
    found, more = await records(gateway, filter_of(gateway, token, model, channel, outcome, since), before, limit)
    return {"records": [record_json(record) for record in found], "more": more}


@get("/{ref:str}")
async def show_record(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """One record by its request id."""
    record = await Usages(gateway.database).find(ref)
    if record is None:
        raise NotFound(f"There is no record of request {ref[:64]!r}.")
    return whole_json(record)


records_router = Router("/records", route_handlers=[list_records, show_record])
