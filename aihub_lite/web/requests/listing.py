"""Requests as people look for them: usage records, and calls that were refused before they had one, in one list."""

from __future__ import annotations

import re
from contextlib import suppress

import attrs

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.errors import InvalidRequest, NotFound, StorageUnavailable
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.requests.filters import REFUSED, Place, RecordFilter
from aihub_lite.storage.requests.refusals import Refusal, Refusals
from aihub_lite.storage.usage import Usages
from aihub_lite.web.views import Json, moment_text

CURSOR = re.compile(r"(\d{1,15})-([rx])(\d{1,18})", re.ASCII)
"""Where a page ended: its last row's start in Unix ms, whether it was a record or a refusal, and its number."""
RECORD = "r"
REFUSAL = "x"
NOWHERE = (0, 0)
"""The place of what has no record."""
LAST = 2**62
"""More than any number of a row."""
Row = tuple[int, str, int, UsageRecord | Refusal]
"""Start, kind, number, and what it is; of the same ms, records come after refusals, and so stand before them."""


@attrs.frozen(kw_only=True)
class RequestSearch:
    """What an address asks a list of requests for, as it was written; what is empty asks for nothing."""

    q: str = ""
    """How an id begins, a code, or a part of why it failed."""
    token: str = ""
    person: str = ""
    team: str = ""
    tag: str = ""
    model: str = ""
    asked: str = ""
    channel: str = ""
    outcome: str = ""
    code: str = ""
    since: str = ""
    until: str = ""
    over_seconds: str = ""
    over_usd: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Those that ask for something, as they stand in an address."""
        return {name: value for name, value in attrs.asdict(self).items() if value}


@attrs.frozen
class RequestPage:
    """Some of the requests, newest first; `after` is what to ask the next page with, empty where this is the last."""

    entries: list[UsageRecord | Refusal]
    after: str


async def requests_page(gateway: Gateway, record_filter: RecordFilter, after: str, limit: int) -> RequestPage:
    """Those beyond the page that said `after`; raises InvalidRequest for what none has said."""
    with suppress(StorageUnavailable):
        await gateway.refusals.flush()  # those of the last seconds
    of_records, of_refusals = _starts(after)
    records = await Usages(gateway.database).records(record_filter, before=of_records, limit=limit + 1)
    refusals = await Refusals(gateway.database).page(record_filter, before=of_refusals, limit=limit + 1)
    rows: list[Row] = [(record.started_ms, RECORD, number, record) for number, record in records]
    rows += [(refusal.started_ms, REFUSAL, number, refusal) for number, refusal in refusals]
    rows.sort(key=lambda row: row[:3], reverse=True)
    cursor = ""
    if len(rows) > limit:
        started_ms, kind, number, _ = rows[limit - 1]
        cursor = f"{started_ms}-{kind}{number}"
    return RequestPage([row[3] for row in rows[:limit]], cursor)


async def page_after(gateway: Gateway, request_id: str) -> str:
    """What to ask for the page with that goes on after a request; raises NotFound for one that nobody knows."""
    place = await Usages(gateway.database).place(request_id)
    if place != NOWHERE:
        return f"{place[0]}-{RECORD}{place[1]}"
    of_refusal = await Refusals(gateway.database).place(request_id)
    if of_refusal is None:
        raise NotFound(f"There is no record of request {request_id[:64]!r}.")
    return f"{of_refusal[0]}-{REFUSAL}{of_refusal[1]}"


def _starts(after: str) -> tuple[Place | None, Place | None]:
    """Where records and refusals go on. Of one ms, refusals are listed first."""
    if not after:
        return None, None
    match = CURSOR.fullmatch(after)
    if match is None:
        raise InvalidRequest("after: is not what a page of this list said")
    started_ms = int(match[1])
    number = int(match[3])
    if match[2] == RECORD:
        return (started_ms, number), (started_ms, 0)
    return (started_ms, LAST), (started_ms, number)


def refusal_json(refusal: Refusal) -> Json:
    """Refused calls as a row beside records: they reached no channel and cost nothing. `times` is how many they are,
    `request_ids` those of the last few, `network` the caller's where it presented no key of ours, else null."""
    return {
        "request_id": refusal.request_id,
        "started": moment_text(refusal.started_ms / 1000),
        "last": moment_text(refusal.last_ms / 1000),
        "times": refusal.times,
        "request_ids": list(refusal.request_ids),
        "token": refusal.token,
        "token_id": refusal.token_id,
        "person_id": refusal.person_id or None,
        "team_id": refusal.team_id or None,
        "network": refusal.network or None,
        "model": refusal.model,
        "asked": None,
        "channel": "",
        "outcome": REFUSED,
        "status": refusal.status,
        "error_code": refusal.error_code,
        "error_text": refusal.error_text or None,
        "upstream_code": None,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cost_usd": 0.0,
        "first_byte_ms": None,
        "duration_ms": None,
        "waited_ms": 0,
        "path": refusal.path,
        "client": refusal.client,
        "drift": None,
    }
