"""Whose token the gateway pauses by itself is told by mail, where a mail server is set."""

from __future__ import annotations

from collections.abc import Callable

from aihub_lite.domain.safety.pause import SafetyPause
from aihub_lite.domain.token import Token
from aihub_lite.gateway.mail.mailer import Mailer
from aihub_lite.gateway.people.own_tokens import own_name
from aihub_lite.gateway.people.registry import PeopleRegistry


def mail_to_owner(
    mailer: Mailer, people: PeopleRegistry, may_resume_own: Callable[[SafetyPause], bool]
) -> Callable[[SafetyPause, Token], None]:
    """A listener of pauses; nobody waits for its letters. A token of a team or of the gateway is the admins' concern,
    who get alerts."""

    def tell(pause: SafetyPause, token: Token) -> None:
        person = people.persons.get(token.person_id)
        if not mailer.on or person is None or person.email is None or not person.enabled:
            return
        to = person.email
        name = person.name
        called = own_name(person, token.name)
        own_resume = may_resume_own(pause)
        mailer.send_soon(to, lambda writer: writer.paused(to, name, called, pause, own_resume=own_resume))

    return tell
