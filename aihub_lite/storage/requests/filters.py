"""Which requests: the conditions that people look for them by, as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

FAILED = ("error", "cut_off", "interrupted")
"""Outcomes of requests that somebody asks the reason of."""
REFUSED = "refused"
"""What a filter calls the outcome of calls that were refused."""
ANY_FAILED = "failed"
"""What it calls any of FAILED, and REFUSED."""
Place = tuple[int, int]
"""Where a row stands in the order of time: Unix ms of its start, and its id, by which rows of one ms are told apart."""


@attrs.frozen(kw_only=True)
class RecordFilter:
    """Which requests: all that are set must match. Times are Unix ms."""

    token_id: str | None = None
    person_id: str | None = None
    team_id: str | None = None
    tag: str | None = None
    """One of its tags."""
    model: str | None = None
    asked: str | None = None
    """The name that the client asked for, of a route or an alias."""
    channel: str | None = None
    outcome: str | None = None
    """One of `Outcome`, REFUSED, or ANY_FAILED."""
    since_ms: int | None = None
    until_ms: int | None = None
    id: str | None = None
    """How its request id begins."""
    code: str | None = None
    """Ours, or its upstream's."""
    text: str | None = None
    """A part of why it failed, in capitals or not; also of the code."""
    over_ms: int | None = None
    """It took longer."""
    over_nano: int | None = None
    """It cost more."""


ONLY_RECORDS = ("tag", "channel", "over_ms", "over_nano")
"""Conditions that no refusal meets: its tags are not kept, it reached no channel, took no time and cost nothing."""
SHARED = {
    "token_id": "token_id = :token_id",
    # The second terms name the indexes, which have the rows of people and of teams alone.
    "person_id": "person_id = :person_id AND person_id <> ''",
    "team_id": "team_id = :team_id AND team_id <> ''",
    "model": "model = :model",
    "since_ms": "started_ms >= :since_ms",
    "until_ms": "started_ms < :until_ms",
    "before_ms": "(started_ms, id) < (:before_ms, :before_id)",
}
OF_RECORDS = {
    **SHARED,
    # A tag has no quotation mark in it, and is one with those that JSON has around it.
    "tag": "tags IS NOT NULL AND instr(tags, '\"' || :tag || '\"') AND NOT instr(:tag, '\"')",
    "asked": "asked = :asked AND asked <> ''",  # as its index is written
    "channel": "channel = :channel",
    "outcome": f"CASE :outcome WHEN '{ANY_FAILED}' THEN outcome IN {FAILED} ELSE outcome = :outcome END",
    # A few rows of an index that is in no order of time: sorted afterwards, they cost less than all rows in order.
    "id": "id IN (SELECT id FROM usage_records WHERE request_id >= :id AND request_id < :id || 'g' LIMIT 1000)",
    "code": "error_code <> '' AND (error_code = :code OR upstream_code = :code)",
    "text": "error_code <> '' AND (instr(lower(error_text), :text) OR instr(lower(error_code), :text) "
    "OR instr(lower(upstream_code), :text))",
    "over_ms": "duration_ms > :over_ms",
    "over_nano": "cost_nano > :over_nano",
}
OF_REFUSALS = {
    **SHARED,
    "asked": "model = :asked",
    "id": "(request_id >= :id AND request_id < :id || 'g' OR instr(request_ids, '\"' || :id))",
    "code": "error_code = :code",
    "text": "(instr(lower(error_text), :text) OR instr(lower(error_code), :text))",
}


def selection(
    conditions: Mapping[str, str], record_filter: RecordFilter, before: Place | None
) -> tuple[str, dict[str, Any]]:
    """What stands behind WHERE, and its parameters; with `before`, only rows older than that place."""
    values: dict[str, Any] = attrs.asdict(record_filter)
    if record_filter.text is not None:
        values["text"] = record_filter.text.lower()
    values["before_ms"] = values["before_id"] = None
    if before is not None:
        values["before_ms"], values["before_id"] = before
    texts = [text for name, text in conditions.items() if values[name] is not None]
    return " AND ".join(texts) or "true", values
