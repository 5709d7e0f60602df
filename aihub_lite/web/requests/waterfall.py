"""The times of a request, one below the other: what it waited for, each attempt, and the stream to its client."""

from __future__ import annotations

from collections.abc import Iterator

from aihub_lite.web.views import Json

WIDTH = 1000
"""Units that the whole time is wide."""
SEEN = 4
"""The least that a part is wide: of some attempts a millisecond is all there is."""


def waterfall(record: Json) -> list[Json]:
    """Rows with the parts of the whole time that they stand for; of records from before these were kept, as far as they
    tell. Those of an attempt have it, and its `place` among them.

    `parts` are of kind `gateway` (until a channel was asked), `waited` (for one that was not at a limit), `connect`,
    `first_byte` (of the upstream's answer), `answer` (until its first content, or its end) and `stream`.
    """
    total = max(1, record["duration_ms"])
    rows = list(_rows(record))
    for row in rows:
        for part in row["parts"]:
            part["x"] = round(min(WIDTH - SEEN, WIDTH * part["from_ms"] / total))
            part["width"] = max(SEEN, min(WIDTH - part["x"], round(WIDTH * part["ms"] / total)))
    return rows


def _rows(record: Json) -> Iterator[Json]:
    attempts = _placed(record["attempts"])
    first = record["duration_ms"]
    if attempts:
        first = attempts[0]["began_ms"]
    waited = min(record["waited_ms"], first)
    yield {
        "attempt": None,
        "parts": [
            part for part in (_part("gateway", 0, first - waited), _part("waited", first - waited, waited)) if part
        ],
    }
    end = first
    for place, attempt in enumerate(attempts, 1):
        end = attempt["began_ms"] + attempt["ms"]
        yield {"attempt": attempt, "place": place, "parts": list(_parts(attempt))}
    left = record["duration_ms"] - end
    if record["first_byte_ms"] and left > 0:
        yield {"attempt": None, "parts": [_part("stream", end, left)]}


def _placed(attempts: list[Json]) -> list[Json]:
    """With the times at which they began: one after the other, where that was not kept."""
    if any(attempt["began_ms"] for attempt in attempts):
        return attempts
    placed = []
    began_ms = 0
    for attempt in attempts:
        placed.append({**attempt, "began_ms": began_ms})
        began_ms += attempt["ms"]
    return placed


def _parts(attempt: Json) -> Iterator[Json]:
    began = attempt["began_ms"]
    connect = min(attempt["connect_ms"], attempt["ms"])
    head = attempt["head_ms"] or attempt["ms"]
    for kind, start, end in (
        ("connect", 0, connect),
        ("first_byte", connect, head),
        ("answer", head, attempt["ms"]),
    ):
        part = _part(kind, began + start, end - start)
        if part:
            yield part


def _part(kind: str, from_ms: int, ms: int) -> Json:
    """Empty where it took no time."""
    if ms <= 0:
        return {}
    return {"kind": kind, "from_ms": from_ms, "ms": ms}
