"""Holds and usage records: the part of the database that is money."""

from __future__ import annotations

import asyncio

import attrs

from aihub_lite.domain.modal import Modal
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.columns import insert_sql, to_json
from aihub_lite.storage.database import Database
from aihub_lite.storage.writer import Batch


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
    channel: str = ""
    """The channel tried first, if it is known by then."""
    upstream_model: str = ""
    price: str
    """As in UsageRecord."""
    amount_nano: int
    estimate_nano: int
    """The cost of the prompt estimate alone: what a crash charges."""
    prompt_tokens: int
    """The prompt estimate."""
    client: str = ""
    units: int = 0
    unit: str = ""
    """As in Usage: what a crash charges besides the prompt."""
    modal: Modal | None = None
    """What of the prompt is no text."""


HOLD_COLUMNS = tuple(field.name for field in attrs.fields(HoldRow))
RECORD_COLUMNS = (
    "request_id",
    "started_ms",
    "token_id",
    "token",
    "model",
    "surface",
    "streamed",
    "outcome",
    "status",
    "error_code",
    "channel",
    "upstream_model",
    "attempts",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "usage_source",
    "price",
    "cost_nano",
    "overrun_nano",
    "first_byte_ms",
    "duration_ms",
    "client",
    "charge_nano",
    "units",
    "unit",
    "modal",
)
HOLD = Batch(0, insert_sql("holds", HOLD_COLUMNS), patient=True)
SETTLE = Batch(1, insert_sql("usage_records", RECORD_COLUMNS, "ON CONFLICT (request_id) DO NOTHING"))
RELEASE = Batch(2, "DELETE FROM holds WHERE request_id = ?")
INTERRUPT = """
INSERT INTO usage_records (
    request_id, started_ms, token_id, token, model, surface, streamed, outcome, status, error_code, channel,
    upstream_model, attempts, prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens,
    reasoning_tokens, usage_source, price, cost_nano, overrun_nano, first_byte_ms, duration_ms, client, charge_nano,
    units, unit, modal
)
SELECT
    request_id, started_ms, token_id, token, model, surface, streamed, 'interrupted', 0, '', channel,
    upstream_model, '[]', prompt_tokens, 0, 0, 0,
    0, 'estimated', price, estimate_nano, 0, 0, max(0, ? - started_ms), client, estimate_nano,
    units, unit, modal
FROM holds WHERE boot_id <> ?
ON CONFLICT (request_id) DO NOTHING
"""
SPENT_SINCE = """
SELECT
    (SELECT coalesce(sum(charge_nano), 0) FROM usage_days WHERE day >= :first_whole_day AND token_id = :token_id)
    + (SELECT coalesce(sum(charge_nano), 0) FROM usage_records
       WHERE started_ms >= :since_ms AND started_ms < :first_whole_day * 86400000 AND token_id = :token_id) AS spent
"""
DAY_MS = 86_400_000


@attrs.frozen
class Ledger:
    """The schema's trigger `settle` charges the token and removes the hold in the insert of the record itself.

    Request ids must be the gateway's own: a second record under the same id is taken for the first one repeated.
    They should begin with the time: at a million records, random ones double the CPU time of a settle, because each
    lands on another page of their index.
    """

    _database: Database

    def hold(self, row: HoldRow) -> asyncio.Future[int]:
        """Queue a hold; done once it is committed, and need not be awaited. Raises StorageUnavailable."""
        return self._database.enqueue(
            HOLD,
            (
                row.request_id,
                row.boot_id,
                row.started_ms,
                row.token_id,
                row.token,
                row.model,
                row.surface,
                row.streamed,
                row.channel,
                row.upstream_model,
                row.price,
                row.amount_nano,
                row.estimate_nano,
                row.prompt_tokens,
                row.client,
                row.units,
                row.unit,
                _modal_text(row.modal),
            ),
        )

    def settle(self, record: UsageRecord, charge_nano: int | None = None) -> asyncio.Future[int]:
        """Queue the record, its charge (the cost unless said) and the end of its hold: all or nothing, and once.

        A record that is there already changes nothing, so a settle may be repeated. Done once committed; raises
        StorageUnavailable.
        """
        return self._database.enqueue(SETTLE, _record_values(record, charge_nano))

    def release(self, request_id: str) -> asyncio.Future[int]:
        """Queue the end of a hold of which no record is kept."""
        return self._database.enqueue(RELEASE, (request_id,))

    async def interrupted(self, now_ms: int, boot_id: str) -> int:
        """Book what runs other than `boot_id` left behind, at the cost of the prompt; returns how many.

        Nothing would be a way around the quota, the whole hold a fine for our crash.
        """
        return await self._database.write((INTERRUPT, (now_ms, boot_id)))

    async def spent_since(self, token_id: str, since_ms: int) -> int:
        """Nano-USD charged to a token for requests that started at `since_ms` or later."""
        first_whole_day = -(-since_ms // DAY_MS)
        rows = await self._database.read(
            SPENT_SINCE, {"token_id": token_id, "since_ms": since_ms, "first_whole_day": first_whole_day}
        )
        return int(rows[0]["spent"])


def _record_values(record: UsageRecord, charge_nano: int | None) -> tuple[str | int | None, ...]:
    usage = record.usage
    return (
        record.request_id,
        record.started_ms,
        record.token_id,
        record.token,
        record.model,
        record.surface,
        record.streamed,
        record.outcome,
        record.status,
        record.error_code,
        record.channel,
        record.upstream_model,
        to_json(record.attempts),
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        record.usage_source,
        record.price,
        record.cost_nano,
        record.overrun_nano,
        record.first_byte_ms,
        record.duration_ms,
        record.client,
        record.cost_nano if charge_nano is None else charge_nano,
        usage.units,
        usage.unit,
        _modal_text(usage.modal),
    )


def _modal_text(modal: Modal | None) -> str | None:
    return None if modal is None else to_json(modal.counts())
