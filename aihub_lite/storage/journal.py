"""Holds and usage records: the part of the database that is money."""

from __future__ import annotations

import asyncio
from operator import attrgetter

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.quarters import edges
from aihub_lite.storage.records import RECORD_COLUMNS, hosted_text, modal_text, names_text, record_values
from aihub_lite.storage.sqlite.columns import insert_sql, update_sql
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Batch


@attrs.frozen(kw_only=True)
class HoldRow:
    """Money set aside for a running request, and what a record of it needs if the process dies. Nano-USD, Unix ms."""

    request_id: str
    boot_id: str
    """The run of the gateway that made it."""
    started_ms: int
    token_id: str
    token: str
    model: str
    surface: str
    streamed: bool
    price: str
    """As in UsageRecord."""
    amount_nano: int
    estimate_nano: int
    """The cost of the prompt estimate alone, which is charged if the process dies."""
    prompt_tokens: int
    """The prompt estimate."""
    client: str = ""
    asked: str = ""
    """As in UsageRecord."""
    units: int = 0
    unit: str = ""
    """As in Usage: charged besides the prompt if the process dies."""
    modal: Modal | None = None
    """What of the prompt is no text."""
    hosted: Hosted | None = None
    """What is billed for the request as such."""
    person_id: str = ""
    team_id: str = ""
    tags: tuple[str, ...] = ()
    end_user: str = ""
    """As in UsageRecord."""


WRITTEN_OTHERWISE = ("streamed", "modal", "hosted", "tags")
PLAIN = tuple(field.name for field in attrs.fields(HoldRow) if field.name not in WRITTEN_OTHERWISE)
HOLD_COLUMNS = (*PLAIN, *WRITTEN_OTHERWISE, "channel", "upstream_model")
_plain = attrgetter(*PLAIN)
_changed = attrgetter("model", "price", "amount_nano", "estimate_nano", "prompt_tokens", "units", "unit")
# Holds first, then their changes: the settle of a request may be in the same group, and deletes its hold.
HOLD = Batch(0, insert_sql("holds", HOLD_COLUMNS), may_wait=True)
CHANGED = ("model", "price", "amount_nano", "estimate_nano", "prompt_tokens", "units", "unit", "modal", "hosted")
CHANGE = Batch(1, update_sql("holds", CHANGED, "request_id"), may_wait=True)
SETTLE = Batch(2, insert_sql("usage_records", RECORD_COLUMNS, "ON CONFLICT (request_id) DO NOTHING"), ends=(HOLD,))
INTERRUPTED = {
    "outcome": "'interrupted'",
    "status": "0",
    "error_code": "''",
    "attempts": "'[]'",
    "completion_tokens": "0",
    "cache_read_tokens": "0",
    "cache_write_tokens": "0",
    "cache_write_1h_tokens": "0",
    "reasoning_tokens": "0",
    "upstream_cost_nano": "NULL",
    "others": "NULL",
    "passed": "NULL",
    "saved_nano": "NULL",
    "drift": "NULL",
    "waited_ms": "0",
    "account": "''",
    "tier": "''",
    "error_text": "''",
    "upstream_code": "''",
    "dropped": "NULL",
    "renamed": "NULL",
    "usage_source": "'estimated'",
    "cost_nano": "estimate_nano",
    "overrun_nano": "0",
    "first_byte_ms": "0",
    "duration_ms": "max(0, :now_ms - started_ms)",
    "charge_nano": "estimate_nano",
}
"""What a record of an interrupted request holds where it is not what its hold has under the same name."""
INTERRUPT = f"""
INSERT INTO usage_records ({", ".join(RECORD_COLUMNS)})
SELECT {", ".join(INTERRUPTED.get(name, name) for name in RECORD_COLUMNS)}
FROM holds WHERE boot_id <> :boot_id
ON CONFLICT (request_id) DO NOTHING
"""  # noqa: S608
SPENT_BETWEEN = """
SELECT
    (SELECT coalesce(sum(charge_nano), 0) FROM usage_days
     WHERE day >= :first_whole_day AND day < :last_day AND token_id = :token_id)
    + (SELECT coalesce(sum(charge_nano), 0) FROM usage_records
       WHERE started_ms >= :since_ms AND started_ms < :before_whole_days AND token_id = :token_id)
    + (SELECT coalesce(sum(charge_nano), 0) FROM usage_records
       WHERE started_ms >= :after_whole_days AND started_ms < :until_ms AND token_id = :token_id) AS spent
"""


@attrs.frozen
class Journal:
    """Writes holds and usage records. The trigger `settle` charges the token and deletes the hold with the insert of a
    record.

    Request ids must be the gateway's own: a second record under the same id is taken for the first one repeated.
    They should begin with the time: at a million records, random ones double the CPU time of a settle, because each
    goes to another page of their index.
    """

    _database: Database

    @property
    def waiting(self) -> int:
        """Writes that are not committed yet."""
        return self._database.waiting

    def hold(self, row: HoldRow) -> asyncio.Future[int]:
        """Queue a hold; done once it is committed, and need not be awaited. Raises StorageUnavailable."""
        # A hold is made before a channel is chosen, so the table's two columns for one stay empty.
        told = (int(row.streamed), modal_text(row.modal), hosted_text(row.hosted), names_text(row.tags))
        return self._database.enqueue(HOLD, (*_plain(row), *told, "", ""))

    def change(self, row: HoldRow) -> asyncio.Future[int]:
        """Queue what became of a hold: another model is tried, at another price. Raises StorageUnavailable."""
        told = (modal_text(row.modal), hosted_text(row.hosted))
        return self._database.enqueue(CHANGE, (*_changed(row), *told, row.request_id))

    def settle(self, record: UsageRecord) -> asyncio.Future[int]:
        """Queue the record, the charge of its cost and the end of its hold: all or nothing, and once.

        A record that is there already changes nothing, so a settle may be repeated. Done once committed; raises
        StorageUnavailable.
        """
        return self._database.enqueue(SETTLE, record_values(record))

    async def interrupted(self, now_ms: int, boot_id: str) -> int:
        """Book what runs other than `boot_id` left behind, at the cost of the prompt; returns how many.

        To charge nothing would be a way around the quota; to charge the whole hold, a fine for our crash.
        """
        return await self._database.write((INTERRUPT, {"now_ms": now_ms, "boot_id": boot_id}))

    async def spent_between(self, token_id: str, since_ms: int, until_ms: int) -> int:
        """Nano-USD charged to a token for requests that began at `since_ms` or later, before `until_ms`."""
        parameters = {"token_id": token_id, **edges(since_ms, until_ms)}
        rows = await self._database.read(SPENT_BETWEEN, parameters)
        return int(rows[0]["spent"])
