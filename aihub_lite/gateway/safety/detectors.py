"""Tokens, each beside its own past, and persons with several of them, by the sum over their tokens.

A runaway is found once. What a token is found for is taken out of its person's sums, and for an hour only what it does
far faster is found, of it alone; a person begins anew with all of their tokens. So what a token's sums hold is in its
person's, at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from aihub_lite.domain.safety.pause import PauseHolder
from aihub_lite.domain.safety.repeats import Repeats
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.token import Token
from aihub_lite.gateway.safety.detector import Detector, Sensitivities

SEVERAL = 2
"""Tokens. Of a person with fewer, the token's own sums say all."""


@attrs.frozen
class Suspect:
    """Who left their own past."""

    holder: PauseHolder
    id: str
    runaway: Runaway


@attrs.define(eq=False)
class Detectors:
    """Both. Times are Unix seconds, unless they are said to be monotonic."""

    sensitivities: Callable[[], Sensitivities]
    tokens: Detector = attrs.field(
        init=False, default=attrs.Factory(lambda self: Detector(self.sensitivities), takes_self=True)
    )
    persons: Detector = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: Detector(self.sensitivities, parts=self.tokens), takes_self=True),
    )
    tokens_of: dict[str, set[str]] = attrs.field(factory=dict)
    """The ids of each person's tokens, by the person's id."""
    several: set[str] = attrs.field(factory=set)
    """Persons with several tokens."""

    def settled(self, token_id: str, person_id: str, now: float, spent: int) -> Suspect | None:
        """A request was booked at so many nano-USD. Who did too much by it; None where nobody did."""
        runaway = self.tokens.settled(token_id, now, spent)
        if person_id in self.several:
            return self._with_person(token_id, person_id, now, spent, runaway)
        if runaway is None:
            return None
        self.resume_token(token_id, person_id, now)
        return Suspect("token", token_id, runaway)

    def _with_person(
        self, token_id: str, person_id: str, now: float, spent: int, found: Runaway | None
    ) -> Suspect | None:
        minute = int(now) // 60
        person = self.persons.watched.get(person_id)
        if self.tokens.watched[token_id].is_free(minute) and not (person and person.is_free(minute)):
            runaway = None
        elif person is None:
            # From here on its own sums say it: those of its tokens have this request already.
            self._open(person_id, now)
            runaway = None
        else:
            runaway = self.persons.settled(person_id, now, spent)
        if found is not None:
            self.resume_token(token_id, person_id, now)
            return Suspect("token", token_id, found)
        if runaway is not None:
            runaway = self._beside_tokens(person_id)
        if runaway is None:
            return None
        self.resume_person(person_id, now)
        return Suspect("person", person_id, runaway)

    def spends(self, token_id: str, person_id: str) -> bool:
        """Whether what is sent is looked at: its token spends, or its person by several of them."""
        if self.tokens.spends(token_id):
            return True
        return person_id in self.several and self.persons.spends(person_id)

    def sender(self, token_id: str, person_id: str) -> str:
        """Whose conversations are the same: a person's with several tokens, whichever of them sends it."""
        if person_id in self.several:
            return person_id
        return token_id

    def answered(
        self, token: Token, repeats: Repeats, started: float, ended: float, spent: int, now: float
    ) -> Suspect | None:
        """A conversation that had come before was answered (`started`, `ended`: monotonic), after it was settled."""
        watched = self.tokens.watched.get(token.id)
        if watched is None or watched.is_free(int(now) // 60):
            return None
        repeats.answered(token.id, started, ended, spent)
        spread = len(repeats.senders) > 1
        runaway = self.tokens.repeated(token.id, repeats)
        if spread:
            runaway = self.persons.repeated(token.person_id, repeats)
        if runaway is None:
            return None
        repeats.begin(repeats.digest)
        if spread:
            self.resume_person(token.person_id, now)
            return Suspect("person", token.person_id, runaway)
        self.resume_token(token.id, token.person_id, now)
        return Suspect("token", token.id, runaway)

    def resume_token(self, token_id: str, person_id: str, now: float) -> None:
        """It is let go on, whosever it is: what it did does not count again, and for an hour only what is far faster
        does."""
        self._exclude(token_id, person_id, now)
        self.tokens.resume(token_id, now)

    def resume_person(self, person_id: str, now: float) -> None:
        """The same of a person and all of their tokens."""
        if person_id in self.several:
            self.persons.resume(person_id, now)
        for token_id in self.tokens_of.get(person_id, ()):
            self.tokens.resume(token_id, now)

    def token_changed(self, before: Token | None, after: Token | None, now: float) -> None:
        """What is known of a token goes with it; one that changes hands begins anew, since nobody is found for what
        another did with it."""
        if before is not None and after is None:
            self.tokens.forget(before.id)
        if before is not None and after is not None:
            if before.person_id == after.person_id:
                return
            self.tokens.begin(before.id, now)
        if before is not None and before.person_id:
            self._take(before.person_id, before.id)
        if after is not None and after.person_id:
            self.give(after.person_id, after.id)

    def follow(self, tokens: Iterable[Token]) -> None:
        """These are all that there are."""
        for token in tokens:
            if token.person_id:
                self.give(token.person_id, token.id)

    def start_over(self) -> None:
        """The settings have changed: all pasts are to be read again."""
        self.tokens.start_over()
        self.persons.start_over()

    def clear(self) -> None:
        """Know nothing but whose tokens are."""
        self.tokens.clear()
        self.persons.clear()

    def give(self, person_id: str, token_id: str) -> None:
        """A token is this person's."""
        tokens = self.tokens_of.setdefault(person_id, set())
        tokens.add(token_id)
        if len(tokens) >= SEVERAL:
            self.several.add(person_id)

    def _take(self, person_id: str, token_id: str) -> None:
        tokens = self.tokens_of.get(person_id, set())
        tokens.discard(token_id)
        if len(tokens) < SEVERAL:
            self.several.discard(person_id)
            self.persons.forget(person_id)
        if not tokens:
            self.tokens_of.pop(person_id, None)

    def _beside_tokens(self, person_id: str) -> Runaway | None:
        """Why it is too much for a person still, who may do at least what any of their tokens may by its own past.

        Among many small hours a report that is made once a week is an exception, and nothing that is usual; it is for
        the token that makes it. Asked only where a person would be found, for the sake of speed: what is allowed then
        stays so until their past is read again."""
        person = self.persons.watched[person_id]
        for token_id in self.tokens_of[person_id]:
            token = self.tokens.watched.get(token_id)
            if token is not None:
                person.allow(token)
        person.look_ahead(self.sensitivities())
        return person.runaway()

    def _open(self, person_id: str, now: float) -> None:
        """Watch a person from what their tokens did."""
        minute = int(now) // 60
        sensitivities = self.sensitivities()
        person = self.persons.open(person_id, minute)
        for token_id in self.tokens_of[person_id]:
            token = self.tokens.watched.get(token_id)
            if token is not None:
                token.advance(minute, sensitivities)
                person.include(token)
        person.look_ahead(sensitivities)

    def _exclude(self, token_id: str, person_id: str, now: float) -> None:
        """A person's sums have no more what one of their tokens did."""
        person = self.persons.watched.get(person_id)
        token = self.tokens.watched.get(token_id)
        if person is None or token is None:
            return
        minute = int(now) // 60
        sensitivities = self.sensitivities()
        person.advance(minute, sensitivities)
        token.advance(minute, sensitivities)
        person.exclude(token, minute)
        person.look_ahead(sensitivities)
