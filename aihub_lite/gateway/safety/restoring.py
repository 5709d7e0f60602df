"""What of the last day still counts behind a start: whatever nobody was found for, or let go on with, before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from aihub_lite.domain.safety.freed import pace_of
from aihub_lite.domain.safety.pause import PauseHolder
from aihub_lite.domain.safety.sliding import BURST, SlidingSum
from aihub_lite.domain.safety.spans import QUARTER
from aihub_lite.domain.token import Token
from aihub_lite.gateway.safety.detector import FREE, Quarters
from aihub_lite.gateway.safety.detectors import Detectors
from aihub_lite.storage.safety.fresh_starts import FreshStart, FreshStarts, Holder

MINUTE_MS = 60_000
QUARTER_MS = 1000 * QUARTER
Paces = tuple[int, int]
"""Of spend in nano-USD and of requests, within a burst."""


@attrs.frozen
class LastDay:
    """What was booked in it, of tokens and of persons by their ids; read-only."""

    tokens: Mapping[str, Quarters]
    persons: Mapping[str, Quarters]
    fresh_starts: Mapping[Holder, Sequence[FreshStart]]
    """The oldest first."""

    def of_token(self, token_id: str, person_id: str) -> Quarters:
        """What it did since the hour after it was found, or the person whose it is."""
        after = max(self._free("token", token_id), self._free("person", person_id))
        return {quarter: use for quarter, use in self.tokens.get(token_id, {}).items() if quarter > after}

    def of_person(self, person_id: str, token_ids: set[str]) -> Quarters:
        """What they did since the hour after they were found, but for what does not count of their tokens."""
        after = self._free("person", person_id)
        left = {quarter: use for quarter, use in self.persons.get(person_id, {}).items() if quarter > after}
        for token_id in token_ids:
            until = self._free("token", token_id)
            for quarter, (spent, requests) in self.tokens.get(token_id, {}).items():
                if quarter <= until and quarter in left:
                    own_spent, own_requests = left[quarter]
                    left[quarter] = (max(0, own_spent - spent), max(0, own_requests - requests))
        return left

    def starts_of(self, *holders: Holder) -> list[FreshStart]:
        """Those of all of these, the oldest first."""
        starts = [start for holder in holders for start in self.fresh_starts.get(holder, ())]
        return sorted(starts, key=lambda start: start.at_ms)

    def _free(self, kind: PauseHolder, holder_id: str) -> int:
        """The quarter in which its hour was over: what it did in that does not count, either."""
        starts = self.fresh_starts.get((kind, holder_id))
        if not starts:
            return -1
        return (starts[-1].at_ms + FREE * MINUTE_MS) // QUARTER_MS


async def restore_free(
    detectors: Detectors, tokens: Iterable[Token], last_day: LastDay, stored: FreshStarts, now: float
) -> None:
    """Whoever began anew, and did nothing since that counts, goes on with their hour, and at their pace. Raises
    StorageUnavailable."""
    for token in tokens:
        # A person begins anew with all of theirs.
        starts = last_day.starts_of(("token", token.id), ("person", token.person_id))
        if starts and token.id not in detectors.tokens.watched:
            paces = await _paces(stored, ("token", token.id), starts)
            detectors.tokens.restore_free(token.id, starts[-1].at_ms / 1000, paces, now)
    for person_id in detectors.several:
        starts = last_day.starts_of(("person", person_id))
        if starts and person_id not in detectors.persons.watched:
            paces = await _paces(stored, ("person", person_id), starts)
            detectors.persons.restore_free(person_id, starts[-1].at_ms / 1000, paces, now)


async def _paces(stored: FreshStarts, holder: Holder, starts: Iterable[FreshStart]) -> Paces:
    """Those with which they were let go on last: of whoever had begun anew before, the fastest of them."""
    paces = (0, 0)
    before = 0
    for start in starts:
        since_ms = (start.at_ms // MINUTE_MS - BURST + 1) * MINUTE_MS
        booked = await stored.booked(holder, since_ms, start.at_ms)
        own = _paces_of(start.at_ms // MINUTE_MS, booked)
        if not start.resumed and start.at_ms - before >= FREE * MINUTE_MS:
            paces = (0, 0)  # what it did in between was usual
        paces = max(paces[0], own[0]), max(paces[1], own[1])
        before = start.at_ms
    return paces


def _paces_of(minute: int, booked: Iterable[tuple[int, int]]) -> Paces:
    """Those of what was booked, as minutes and nano-USD, by the end of a minute."""
    spend = SlidingSum(minute - BURST)
    requests = SlidingSum(minute - BURST)
    for at, spent in booked:
        spend.add(at, spent)
        requests.add(at, 1)
    spend.advance(minute)
    requests.advance(minute)
    return pace_of(spend), pace_of(requests)
