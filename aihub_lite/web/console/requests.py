"""`/console/requests`: the list of usage records, and the page of one. No prompt is shown: none is kept."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlencode

import attrs
from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.hosted import FEES, THOUSAND
from aihub_lite.domain.modality import MODALITIES
from aihub_lite.domain.money import COUNTED, modal_parts
from aihub_lite.storage.requests.refusals import Refusal
from aihub_lite.web.admin.dependencies import TheGateway, TheSearch
from aihub_lite.web.admin.paging import LIMIT
from aihub_lite.web.admin.records import SEARCHED, entry_json, entry_of, full_record_json, record_filter
from aihub_lite.web.console.failures import failure_of
from aihub_lite.web.console.pages import language_of, page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.requests.listing import RequestSearch, refusal_json, requests_page
from aihub_lite.web.requests.waterfall import waterfall
from aihub_lite.web.views import Json

PAGE = 50
"""Records on a page."""
SPANS = ("1h", "24h", "7d", "30d")
MILLION = 1_000_000
OF_WHOLES = (
    ("cache_read", "cache_read_tokens", "input"),
    ("cache_write", "cache_write_tokens", "input"),
    ("reasoning", "reasoning_tokens", "output"),
)
"""Kinds of tokens, the field that counts them, and the kind they are billed as where they have no rate."""
ORDER = (
    "input",
    *(f"{kind}_input" for kind in MODALITIES),
    "cache_read",
    *(f"{kind}_cache_read" for kind in MODALITIES),
    "cache_write",
    "cache_write_1h",
    "output",
    *(f"{kind}_output" for kind in MODALITIES),
    "reasoning",
)
"""The rates in the order of the page's lines."""


def formula(record: Json) -> list[Json]:
    """The price, line by line: so many of a kind at its rate. Their sum, rounded up once, is what was charged, unless
    that was what the upstream itself said. Lines of what other models did say which."""
    lines = lines_of(record)
    for other in record["others"]:
        lines += [{**line, "model": other["model"]} for line in lines_of(other) if line["tokens"]]
    return lines


def lines_of(record: Json) -> list[Json]:
    """The lines of one model."""
    rates = record["rates"]
    if rates is None:
        return []
    if rates["cache_write_1h"] is None:
        rates = {**rates, "cache_write_1h": 2 * rates["input"]}
    counts = tokens_by_rate(record, {kind: rate for kind, rate in rates.items() if rate is not None})
    lines = [
        formula_line(kind, counts[kind], rates[kind], MILLION)
        for kind in ORDER
        if counts.get(kind) or kind in ("input", "output")
    ]
    if record["unit"]:
        kind, size = COUNTED[record["unit"]]
        if rates[kind] is not None:
            lines.append(formula_line(kind, record["units"], rates[kind], size))
    for kind, count in record["hosted_calls"].items():
        lines.append(formula_line(kind, count, rate_of_calls(kind, rates), THOUSAND))
    return lines


def rate_of_calls(kind: str, rates: Json) -> float:
    """USD for a thousand calls; 0 where nobody has said what they cost."""
    rate = rates[kind]
    if rate is None and kind in FEES:
        rate = rates["request"]
    return rate or 0


def formula_line(kind: str, count: int, rate: float, size: int) -> Json:
    """One line: `count` of a kind at `rate` USD for every `size` of them."""
    return {"kind": kind, "tokens": count, "rate": rate, "cost": Decimal(str(rate)) * count / size}


def tokens_by_rate(record: Json, priced: Json) -> dict[str, int]:
    """How many tokens are billed at each of the rates there are; every token once."""
    counts: dict[str, int] = {"input": record["prompt_tokens"], "output": record["completion_tokens"]}
    for kind, field, whole in OF_WHOLES:
        if kind in priced:
            counts[kind] = record[field]
            counts[whole] -= record[field]
    hour = record["cache_write_1h_tokens"]
    counts["cache_write_1h"] = hour
    counts["cache_write" if "cache_write" in priced else "input"] -= hour
    for kind, whole, tokens in modal_parts(record["modal_tokens"], priced, caches="cache_read" in priced):
        counts[kind] = tokens
        if whole in counts:
            counts[whole] -= tokens
        else:  # cached tokens without a rate of their own, which are still among the input
            counts["input"] -= tokens
    return counts


def names_of(record: Json) -> list[str]:
    """What the model was called on the way: by the client, here, and at the upstream."""
    names: list[str] = []
    for name in (record["asked"], record["model"], record["upstream_model"]):
        if name and name not in names:
            names.append(name)
    return names


def back_to(search: RequestSearch) -> str:
    """The query that keeps a search, behind a question mark; empty where nothing is asked for."""
    if not search.fields:
        return ""
    return f"?{urlencode(search.fields)}"


@get("/requests")
async def show_requests(
    request: AnyRequest, gateway: TheGateway, search: TheSearch, after: FromQuery[str] = "", live: FromQuery[str] = ""
) -> Template:
    """The list of requests under the filters of the address, newest first."""
    shown = await requests_page(gateway, record_filter(gateway, search), after, PAGE)
    older = ""
    if shown.after:
        older = urlencode({**search.fields, "after": shown.after})
    choices: dict[str, Sequence[str]] = {
        "token": [each.name for each in gateway.registry.tokens.all],
        "person": [each.name for each in gateway.people.persons.values()],
        "team": [each.name for each in gateway.people.teams.values()],
        "asked": sorted({*gateway.registry.routes.all, *gateway.registry.models.aliases}),
        "model": sorted(gateway.registry.catalog.models),
        "channel": sorted(each.name for each in gateway.registry.channels.all),
        "outcome": SEARCHED,
        "since": SPANS,
        "over_seconds": ("1", "10", "30", "60"),
        "over_usd": ("0.01", "0.10", "1", "10"),
    }
    chosen = attrs.asdict(search)
    for name in ("person", "team", "asked"):
        if not choices[name] and not chosen[name]:
            del choices[name]
    return page(
        request,
        "pages/requests.html",
        records=[entry_json(entry) for entry in shown.entries],
        chosen=chosen,
        kept=search.fields,
        back=back_to(search),
        choices=choices,
        older=older,
        later=after,
        live=bool(live),
        most=LIMIT,
    )


@get("/requests/{ref:str}")
async def show_request(request: AnyRequest, gateway: TheGateway, search: TheSearch, ref: FromPath[str]) -> Template:
    """One request, with what its cost was made of; the query is that of the list to go back to."""
    entry = await entry_of(gateway, ref)
    # A record outlives its token, its channel and its model: then there is no page to link to.
    registry = gateway.registry
    known = {
        "token": entry.token_id in gateway.ledger.balances,
        "model": entry.model in registry.catalog.models,
        "person": gateway.people.persons.get(entry.person_id),
        "team": gateway.people.teams.get(entry.team_id),
    }
    language = language_of(request)
    if isinstance(entry, Refusal):
        shown = refusal_json(entry)
        failure = failure_of(language, shown)
        return page(
            request, "pages/refusal.html", record=shown, failure=failure, ref=ref, known=known, back=back_to(search)
        )
    record = full_record_json(entry)
    return page(
        request,
        "pages/request.html",
        record=record,
        formula=formula(record),
        falls=waterfall(record),
        names=names_of(record),
        failure=failure_of(language, record),
        known=known,
        channels=frozenset(channel.name for channel in registry.channels.all),
        back=back_to(search),
    )


REQUESTS = [show_requests, show_request]
