"""Facts to store, with every field away from its default where that matters."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.domain.channel import Channel, ChannelKey, Clocks, Offer, Secret
from aihub_lite.domain.overrides import Header, Overrides, Param
from aihub_lite.domain.token import Budget, Token
from aihub_lite.domain.usage import Attempt, Usage, UsageRecord
from aihub_lite.storage.journal import HoldRow
from aihub_lite.storage.records import RECORD_COLUMNS, record_values
from aihub_lite.storage.sqlite.columns import insert_sql
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, migrate

NOON = 1_760_000_400_000
"""A time in ms, some hours into a UTC day."""

TOKEN = Token(
    id="t1",
    name="laptop",
    digest="d1",
    hint="wxyz",
    created_at=1_700_000_000,
    group="team",
    enabled=False,
    quota_nano=5_000_000_000,
    budget=Budget(nano=1_000_000_000, period="week"),
    models=("gpt-*", "claude-*"),
    expires_at=1_900_000_000,
    rpm=10,
    tpm=1000,
    concurrency=3,
    allow_ips=("10.0.0.0/8", "::1/128"),
    person_id="per_1",
    team_id="team_1",
    person_enabled=False,  # there is nobody of that id
)

CHANNEL = Channel(
    id="c1",
    name="main",
    provider="openai",
    base_url="https://api.openai.com/v1",
    created_at=1_700_000_000,
    keys=(
        ChannelKey(id="k1", ref=Secret("env:OPENAI_API_KEY")),
        ChannelKey(id="k2", ref=Secret("typed"), disabled="401"),
    ),
    offers=(Offer("gpt-4o", "gpt-4o-2024-11-20"),),
    patterns=(Offer("*", "vendor/*"),),
    discovered=True,
    priority=-3,
    weight=7,
    group="team",
    enabled=False,
    disabled="spent",
    origin="env",
    clocks=Clocks(connect=1.5, total=600.0),
    cost="table",
    overrides=Overrides(
        headers=(Header("x-team", Secret("env:TEAM")),),
        default_params=(Param("temperature", "0.2"),),
        set_params=(Param("provider.order", '["a"]'),),
        drop_params=("store",),
        system_prefix="Be brief.",
    ),
)


def hold(request_id: str = "r1", **changes: Any) -> HoldRow:
    """A hold of token t1."""
    row = HoldRow(
        request_id=request_id,
        boot_id="boot-1",
        started_ms=NOON,
        token_id="t1",
        token="laptop",
        model="gpt-4o",
        surface="chat",
        streamed=True,
        price="{}",
        amount_nano=9000,
        estimate_nano=700,
        prompt_tokens=7,
        client="curl/8",
    )
    return attrs.evolve(row, **changes)


def record(request_id: str = "r1", **changes: Any) -> UsageRecord:
    """A record of token t1 that cost 1000 nano-USD."""
    row = UsageRecord(
        request_id=request_id,
        started_ms=NOON,
        token_id="t1",
        token="laptop",
        model="gpt-4o",
        surface="chat",
        streamed=True,
        outcome="ok",
        status=200,
        error_code="",
        channel="main",
        upstream_model="gpt-4o-2024-11-20",
        attempts=(Attempt("spare", 0, "connect", 12), Attempt("main", 200, "", 345)),
        usage=Usage(11, 22, 3, 4, 5),
        usage_source="upstream",
        price="{}",
        cost_nano=1000,
        overrun_nano=6,
        first_byte_ms=120,
        duration_ms=357,
        client="curl/8",
    )
    return attrs.evolve(row, **changes)


def with_database(path: Path, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """What `work(database)` returns, with the database opened before and closed after."""

    async def run() -> Any:
        async with await Database.open(path) as database:
            return await work(database)

    return asyncio.run(run())


def written_at(version: int, path: Path, records: Sequence[UsageRecord]) -> None:
    """A database with the schema of that version, and records that have no columns of later ones."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, MIGRATIONS[:version])
        columns = [name for (_, name, *_) in connection.execute("PRAGMA table_info(usage_records)")]
        present = tuple(name for name in RECORD_COLUMNS if name in columns)
        for usage_record in records:
            row = dict(zip(RECORD_COLUMNS, record_values(usage_record), strict=True))
            connection.execute(insert_sql("usage_records", present), [row[name] for name in present])
