"""What is summed up of records, and how: for cells, for sums by eight hours, and for reports that read records."""

from __future__ import annotations

from aihub_lite.storage.reports.question import TOTALS
from aihub_lite.storage.sqlite.writer import Statement

SUMMED_TO = "summed_to"
LAST_SUMMED = f"coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = '{SUMMED_TO}'), 0)"  # noqa: S608
"""In SQL: the id of the last record that is summed up."""
FAILED = "('error', 'cut_off', 'interrupted')"
CANCELLED = "('client_gone', 'stopped')"
MEASURED = "streamed AND outcome = 'ok' AND first_byte_ms > 0 AND duration_ms > first_byte_ms"
FIGURES: dict[str, str] = {
    "requests": "count(*)",
    "errors": "sum(outcome IN ('error', 'cut_off'))",
    "interrupted": "sum(outcome = 'interrupted')",
    "prompt_tokens": "sum(prompt_tokens)",
    "completion_tokens": "sum(completion_tokens)",
    "cost_nano": "sum(cost_nano)",
    "first_byte_ms": "sum(first_byte_ms)",
    "first_bytes": "sum(first_byte_ms > 0)",
    "cache_read_tokens": "sum(cache_read_tokens)",
    "saved_nano": "coalesce(sum(saved_nano), 0)",
    "failed_nano": f"sum(iif(outcome IN {FAILED}, cost_nano, 0))",
    "cancelled_nano": f"sum(iif(outcome IN {CANCELLED}, cost_nano, 0))",
    "written_tokens": f"sum(iif({MEASURED}, completion_tokens, 0))",
    "written_ms": f"sum(iif({MEASURED}, duration_ms - first_byte_ms, 0))",
}
"""Each figure of a cell, and how it is summed over records. Speed is measured on whole streams."""
PERIOD_KINDS = (
    ("token_model", "token_id", "model", "true"),
    ("person_model", "person_id", "model", "person_id <> ''"),
    ("token", "token_id", "token", "true"),
    ("model", "model", "channel", "true"),
)
"""The kinds of sums by eight hours of UTC: their two columns, and of which records they are."""
ADD_PERIODS = tuple(
    f"""INSERT INTO usage_pairs (kind, period, first, second, {", ".join(TOTALS)})
    SELECT '{kind}', started_ms / 28800000, {first}, {second}, {", ".join(FIGURES[name] for name in TOTALS)}
    FROM usage_records WHERE id > :after AND id <= :until AND {condition} GROUP BY 2, 3, 4
    ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in TOTALS)}"""  # noqa: S608
    for kind, first, second, condition in PERIOD_KINDS
)
"""A record is of the eight hours of UTC in which it began."""


def period_statements(after: int, until: int) -> list[Statement]:
    """What adds the records after one id, and up to another, to the sums by eight hours."""
    return [(add, {"after": after, "until": until}) for add in ADD_PERIODS]
