"""What is paused for safety, as the APIs show it."""

from __future__ import annotations

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.pause import SafetyPause, why
from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.views import Json, moment_text


def token_pause_json(gateway: Gateway, token: Token) -> Json | None:
    """Why a token is paused, by itself or with its person; null where it is not."""
    return _pause_json(gateway, gateway.pauses.of(token))


def person_pause_json(gateway: Gateway, person: Person) -> Json | None:
    """Why a person is paused; null where they are not."""
    return _pause_json(gateway, gateway.pauses.of_person(person.id))


def _pause_json(gateway: Gateway, pause: SafetyPause | None) -> Json | None:
    """`holder` is `token` or `person`, `kind` what was seen or `manual`; `own_resume`: whether its owner may end it."""
    if pause is None:
        return None
    return {
        "holder": pause.holder,
        "kind": pause.kind,
        "why": why(pause),
        "since": moment_text(pause.since),
        "own_resume": gateway.pauses.may_resume_own(pause),
    }
