"""A database with as many usage records as one likes, made in seconds: a month of use, evenly spread."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from aihub_lite.storage.sqlite.migrations import MIGRATIONS, migrate

MILLION = 1_000_000
DAYS = 30
BEFORE_QUARTERS = 5
"""The schema's version whose next step sums the records by quarters of an hour."""
TOKENS, MODELS, CHANNELS = 50, 10, 3
RECORDS = f"""
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count),
requests AS (
    SELECT n, :now_ms - (:count - n) * {DAYS * 86_400_000} / :count AS started_ms,
        (n * 2654435761 & 4294967295) * {TOKENS} >> 32 AS token,
        (n * 2246822519 & 4294967295) * {MODELS} >> 32 AS model,
        (n * 3266489917 & 4294967295) * {CHANNELS} >> 32 AS channel,
        (n * 668265263 & 4294967295) * 40 >> 32 AS fate
    FROM numbers
)
INSERT INTO usage_records (
    request_id, started_ms, token_id, token, model, surface, streamed, outcome, status, error_code,
    channel, upstream_model, attempts, prompt_tokens, completion_tokens, cache_read_tokens, cache_write_tokens,
    reasoning_tokens, usage_source, price, cost_nano, overrun_nano, first_byte_ms, duration_ms, client, charge_nano
)
SELECT
    printf('%012x%012x', started_ms, n), started_ms, printf('tok_%020x', token),
    'token ' || token, 'model-of-some-vendor-' || model, 'chat', 1,
    CASE fate WHEN 0 THEN 'error' WHEN 1 THEN 'cut_off' WHEN 2 THEN 'client_gone' ELSE 'ok' END, 200, '',
    'channel-' || channel, 'upstream-model', '[]', 1000 + n % 900, 200, 0, 0,
    0, 'upstream', '{{"rates":{{"input":150000000,"output":600000000}},"source":"a table","tiers":[]}}',
    270000 + n % 900, 0, 300 + n % 100, 1300, 'OpenAI/Python 3.54.0', 270000 + n % 900
FROM requests
"""
"""Each column by a multiplier of its own, so that all that can go together does, and evenly."""
FILL_DAYS = """
INSERT INTO usage_days
SELECT started_ms / 86400000, token_id, model, channel, max(token), count(*), sum(outcome IN ('error', 'cut_off')),
    sum(outcome = 'interrupted'), sum(prompt_tokens), sum(completion_tokens), sum(cost_nano), sum(charge_nano)
FROM usage_records GROUP BY 1, 2, 3, 4
"""


def build(path: Path, now: float, count: int = MILLION, version: int = len(MIGRATIONS)) -> None:
    """Make the database with the schema of a version; its last request began just before `now`, in Unix seconds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        migrate(connection, path, MIGRATIONS[:BEFORE_QUARTERS])
        (settle,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'settle'").fetchone()
        connection.execute("BEGIN")
        connection.execute("DROP TRIGGER settle")
        connection.execute(RECORDS, {"count": count, "now_ms": int(now * 1000)})
        for statement in (FILL_DAYS, settle):
            connection.execute(statement)
        connection.execute("COMMIT")
        migrate(connection, path, MIGRATIONS[:version])
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
