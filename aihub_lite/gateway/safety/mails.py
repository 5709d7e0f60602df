"""Whom the gateway pauses by itself, or a token of theirs, is told by mail, where a mail server is set. So are its
admins, where no alert tells them."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.pause import SafetyPause
from aihub_lite.domain.token import Token
from aihub_lite.gateway.mail.mailer import Mailer
from aihub_lite.gateway.people.own_tokens import own_name
from aihub_lite.gateway.people.registry import PeopleRegistry


@attrs.frozen
class PauseMails:
    """A listener of pauses; nobody waits for its letters."""

    mailer: Mailer
    people: PeopleRegistry
    may_resume_own: Callable[[SafetyPause], bool]
    alert_is_sent: Callable[[], bool]
    """Whether there is a destination of alerts that hears of pauses."""

    def tell(self, pause: SafetyPause, holder: Token | Person) -> None:
        """Whose it is, and who may resume it whosever it is."""
        if not self.mailer.on:
            return
        person = self._owner(holder)
        self._tell_owner(pause, holder, person)
        if not self.alert_is_sent():
            self._tell_admins(pause, holder, person)

    def _owner(self, holder: Token | Person) -> Person | None:
        """None of what is a team's or the gateway's own."""
        if isinstance(holder, Person):
            return holder
        return self.people.persons.get(holder.person_id)

    def _tell_owner(self, pause: SafetyPause, holder: Token | Person, person: Person | None) -> None:
        if person is None or person.email is None or not person.enabled:
            return
        called = None
        if isinstance(holder, Token):
            called = own_name(person, holder.name)
        to, name, own_resume = person.email, person.name, self.may_resume_own(pause)
        self.mailer.send_soon(to, lambda writer: writer.paused(to, name, called, pause, own_resume=own_resume))

    def _tell_admins(self, pause: SafetyPause, holder: Token | Person, owner: Person | None) -> None:
        """All but whose it is, who has a letter already."""
        for admin, address in self.people.admins_with_mail():
            if owner is None or admin.id != owner.id:
                self._tell_admin(address, admin.name, holder.name, pause)

    def _tell_admin(self, to: str, name: str, holder: str, pause: SafetyPause) -> None:
        self.mailer.send_soon(to, lambda writer: writer.paused_of_others(to, name, holder, pause))
