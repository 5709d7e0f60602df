"""People at a gateway, and how each of them asks."""

from __future__ import annotations

import secrets
from typing import get_args

import attrs

from aihub_lite.domain.people.person import Person, Role
from aihub_lite.domain.token import digest_of
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.people.invitations import Invitation, Invitations
from aihub_lite.storage.sessions import Session, Sessions
from tests.web.console.visitor import SAME_ORIGIN

PASSWORD = "correct horse battery"
ROLES: tuple[str, ...] = ("nobody", *get_args(Role)[::-1], "key")
"""Each may all that those before it may."""


async def add_person(gateway: Gateway, name: str, role: Role = "member") -> Person:
    """Somebody who has no password yet."""
    return await gateway.people.create_person(name, lambda person: attrs.evolve(person, role=role))


async def invited(gateway: Gateway, person: Person) -> str:
    """The path of a link for a person."""
    secret = secrets.token_urlsafe(32)
    now = int(gateway.clock.wall())
    invitation = Invitation(person_id=person.id, digest=digest_of(secret), created_at=now, expires_at=now + 7 * 86_400)
    await Invitations(gateway.database).add(invitation)
    return f"/console/invitation/{secret}"


async def signed_in(gateway: Gateway, person: Person | None) -> dict[str, str]:
    """Headers of a page of the console: of a person's session, or of one that the admin key opened."""
    secret = secrets.token_urlsafe(32)
    now = int(gateway.clock.wall())
    session = Session(
        digest=digest_of(secret),
        created_at=now,
        expires_at=now + 3600,
        address="",
        client="",
        person_id=person.id if person else "",
    )
    await Sessions(gateway.database).add(session)
    return {**SAME_ORIGIN, "cookie": f"aihub_session={secret}"}
