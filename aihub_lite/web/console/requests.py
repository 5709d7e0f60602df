"""`/console/requests`: usage records, and one of them opened. Never a prompt: there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.modal import MODALITIES
from aihub_lite.domain.money import COUNTED, modal_parts
from aihub_lite.web.admin.records import OUTCOMES, filter_of, record_json, records, show_record
from aihub_lite.web.admin.views import Json, TheGateway
from aihub_lite.web.console.pages import AnyRequest, page

PAGE = 50
SPANS = ("1h", "24h", "7d", "30d")
MILLION = 1_000_000
OF_WHOLES = (
    ("cache_read", "cache_read_tokens", "input"),
    ("cache_write", "cache_write_tokens", "input"),
    ("reasoning", "reasoning_tokens", "output"),
)
"""Kinds of tokens, where a record counts them, and the kind they are billed as where they have no rate."""
ORDER = (
    "input",
    *(f"{kind}_input" for kind in MODALITIES),
    "cache_read",
    *(f"{kind}_cache_read" for kind in MODALITIES),
    "cache_write",
    "output",
    *(f"{kind}_output" for kind in MODALITIES),
    "reasoning",
)


def formula(record: Json) -> list[Json]:
    """The cost, line by line: so many of a kind at its rate. Their sum, rounded up once, is what was charged."""
    rates = record["rates"]
    if rates is None:
        return []
    parts = tokens_by_rate(record, {kind: rate for kind, rate in rates.items() if rate is not None})
    lines = [
        {"kind": kind, "tokens": parts[kind], "rate": rates[kind], "cost": Decimal(rates[kind]) * parts[kind] / MILLION}
        for kind in ORDER
        if parts.get(kind) or kind in ("input", "output")
    ]
    if record["unit"] and rates[COUNTED[record["unit"]][0]] is not None:
        kind, size = COUNTED[record["unit"]]
        cost = Decimal(rates[kind]) * record["units"] / size
        lines.append({"kind": kind, "tokens": record["units"], "rate": rates[kind], "cost": cost})
    return lines


def tokens_by_rate(record: Json, priced: Json) -> dict[str, int]:
    """How many tokens are billed at each of the rates there are; every token once."""
    parts: dict[str, int] = {"input": record["prompt_tokens"], "output": record["completion_tokens"]}
    for kind, counted, whole in OF_WHOLES:
        if kind in priced:
            parts[kind] = record[counted]
            parts[whole] -= record[counted]
    for kind, whole, tokens in modal_parts(record["modal_tokens"], priced, caches="cache_read" in priced):
        parts[kind] = tokens
        parts[whole if whole in parts else "input"] -= tokens
    return parts


@get("/requests")
async def show_requests(
    request: AnyRequest,
    gateway: TheGateway,
    token: FromQuery[str] = "",
    model: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    outcome: FromQuery[str] = "",
    since: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Template:
    """Newest first, fifty at a time."""
    chosen = {"token": token, "model": model, "channel": channel, "outcome": outcome, "since": since}
    found, more = await records(gateway, filter_of(gateway, **chosen), before, PAGE)
    kept = {name: value for name, value in chosen.items() if value}
    older = urlencode({**kept, "before": found[-1].request_id}) if more else ""
    choices: dict[str, Any] = {
        "token": [each.name for each in gateway.registry.tokens],
        "model": sorted(gateway.registry.catalog.models),
        "channel": sorted(each.name for each in gateway.registry.channels.values()),
        "outcome": OUTCOMES,
        "since": SPANS,
    }
    shown = [record_json(each) for each in found]
    return page(
        request, "requests.html", records=shown, chosen=chosen, kept=kept, choices=choices, older=older, later=before
    )


@get("/requests/{ref:str}")
async def show_request(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One request."""
    record: Json = await show_record.fn(gateway, ref)
    known = any(token.id == record["token_id"] for token in gateway.registry.tokens)
    return page(request, "request.html", record=record, formula=formula(record), known=known)


REQUESTS = [show_requests, show_request]
