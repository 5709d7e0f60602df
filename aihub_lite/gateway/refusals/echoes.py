"""What an upstream's error repeats of the request that it is about: many quote what they do not like."""

from __future__ import annotations

from collections.abc import Iterable

from aihub_lite.gateway.refusals.texts import LEFT_OUT

RUN = 12
"""Characters in a row that are in both: fewer say nothing of a text."""
STEP = 6
"""Every run holds a piece of so many characters that begins at a multiple of it."""
MOST_SEARCHED = 4 * 2**20
"""Characters of a request that are looked through; of a longer one nothing that an upstream says is kept."""


def without_echoes(text: str, said: Iterable[str]) -> str:
    """A sentence without what it has in common with the texts of a request, capitals or not."""
    if "\\u" in text:
        return LEFT_OUT  # texts in JSON's own spelling, which would have to be read first
    lowered = text.lower()
    if len(lowered) != len(text):
        return LEFT_OUT  # of a few letters the small ones are two: places would not be the same
    shared = bytearray(len(text))
    searched = 0
    for each in said:
        searched += len(each)
        if searched > MOST_SEARCHED:
            return LEFT_OUT
        if len(each) >= RUN:
            _mark(lowered, each.lower(), shared)
    return _without(text, shared)


def _mark(lowered: str, said: str, shared: bytearray) -> None:
    """Mark each run of `lowered` that is in `said`."""
    for piece in range(0, len(lowered) - STEP + 1, STEP):
        if lowered[piece : piece + STEP] not in said:
            continue
        first = max(0, piece + STEP - RUN)
        last = min(piece, len(lowered) - RUN)
        for start in range(first, last + 1):
            if lowered[start : start + RUN] in said:
                shared[start : start + RUN] = b"\1" * RUN


def _without(text: str, shared: bytearray) -> str:
    pieces: list[str] = []
    place = 0
    while (start := shared.find(1, place)) >= 0:
        end = shared.find(0, start)
        if end < 0:
            end = len(text)
        pieces += [text[place:start], LEFT_OUT]
        place = end
    pieces.append(text[place:])
    return "".join(pieces)
