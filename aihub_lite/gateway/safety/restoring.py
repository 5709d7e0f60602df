"""What of the last day still counts behind a start: whatever nobody was found for before it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.safety.pause import PauseHolder
from aihub_lite.domain.safety.spans import QUARTER
from aihub_lite.gateway.safety.detector import Quarters

QUARTER_MS = 1000 * QUARTER
Found = Mapping[tuple[PauseHolder, str], int]
"""When each holder was found last, in Unix ms."""


@attrs.frozen
class LastDay:
    """What was booked in it, of tokens and of persons by their ids; read-only."""

    tokens: Mapping[str, Quarters]
    persons: Mapping[str, Quarters]
    found: Found

    def of_token(self, token_id: str, person_id: str) -> Quarters:
        """What it did since it was found, or the person whose it is."""
        after = max(self._found("token", token_id), self._found("person", person_id))
        return {quarter: use for quarter, use in self.tokens.get(token_id, {}).items() if quarter > after}

    def of_person(self, person_id: str, token_ids: set[str]) -> Quarters:
        """What they did since they were found, but for what their tokens were found for."""
        after = self._found("person", person_id)
        left = {quarter: use for quarter, use in self.persons.get(person_id, {}).items() if quarter > after}
        for token_id in token_ids:
            until = self._found("token", token_id)
            for quarter, (spent, requests) in self.tokens.get(token_id, {}).items():
                if quarter <= until and quarter in left:
                    own_spent, own_requests = left[quarter]
                    left[quarter] = (max(0, own_spent - spent), max(0, own_requests - requests))
        return left

    def _found(self, holder: PauseHolder, holder_id: str) -> int:
        """The quarter in which it was found last: what it did in it does not count, either."""
        return self.found.get((holder, holder_id), -1) // QUARTER_MS
