"""Whom the gateway pauses by itself, or a token of theirs, is told by mail, where a mail server is set."""

from __future__ import annotations

from collections.abc import Callable

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.pause import SafetyPause
from aihub_lite.domain.token import Token
from aihub_lite.gateway.mail.mailer import Mailer
from aihub_lite.gateway.people.own_tokens import own_name
from aihub_lite.gateway.people.registry import PeopleRegistry


def mail_to_owner(
    mailer: Mailer, people: PeopleRegistry, may_resume_own: Callable[[SafetyPause], bool]
) -> Callable[[SafetyPause, Token | Person], None]:
    """A listener of pauses; nobody waits for its letters. A token of a team or of the gateway is the admins' concern,
    who get alerts."""

    def tell(pause: SafetyPause, holder: Token | Person) -> None:
        called = None
        person: Person | None
        if isinstance(holder, Person):
            person = holder
        elif (person := people.persons.get(holder.person_id)) is not None:
            called = own_name(person, holder.name)
        if not mailer.on or person is None or person.email is None or not person.enabled:
            return
        to = person.email
        name = person.name
        own_resume = may_resume_own(pause)
        mailer.send_soon(to, lambda writer: writer.paused(to, name, called, pause, own_resume=own_resume))

    return tell
