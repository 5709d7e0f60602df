"""Who makes a request: a person who is signed in, or the holder of the admin key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from aihub_lite.domain.people.person import Person, Role
from aihub_lite.errors import AccessDenied, Unauthenticated
from aihub_lite.storage.sessions import Session

if TYPE_CHECKING:
    # A start needs no framework, and makes a link to sign in by.
    from aihub_lite.web.framework import AnyConnection

ActorRole = Role | Literal["key"]
PLACE = "aihub.actor"
"""Where the guard leaves the actor in a request's scope."""


@attrs.frozen(kw_only=True)
class Actor:
    """Who acts, with the role of this moment. Without a person it is the holder of the admin key."""

    person: Person | None = None
    session: Session | None = None
    """None where the admin key itself came with the request."""

    @property
    def role(self) -> ActorRole:
        """`key` for the holder of the admin key, who may do what an owner may."""
        if self.person is None:
            return "key"
        return self.person.role


def set_actor(connection: AnyConnection, actor: Actor) -> None:
    """Say who makes a request; the guard alone does."""
    connection.scope[PLACE] = actor  # type: ignore[literal-required]


def optional_actor(connection: AnyConnection) -> Actor | None:
    """Who makes a request; None on a route that is open to strangers."""
    actor = connection.scope.get(PLACE)
    if not isinstance(actor, Actor):
        return None
    return actor


def actor_of(connection: AnyConnection) -> Actor:
    """Who makes a request; raises Unauthenticated on a route that is open to strangers."""
    actor = optional_actor(connection)
    if actor is None:
        raise Unauthenticated
    return actor


def person_of(connection: AnyConnection) -> Person:
    """The person who makes a request; raises AccessDenied for the admin key, which is nobody's."""
    person = actor_of(connection).person
    if person is None:
        raise AccessDenied("The admin key is no person's: sign in as one.")
    return person


def check_role(actor: Actor, role: str | None) -> None:
    """Raises AccessDenied where an admin would make somebody an owner."""
    if actor.role not in ("owner", "key") and role == "owner":
        raise AccessDenied("Only an owner may make an owner.")


def check_over(actor: Actor, person: Person | None) -> None:
    """Raises AccessDenied where an admin would change an owner, or what the admin key (None) opened."""
    if actor.role not in ("owner", "key") and (person is None or person.role == "owner"):
        raise AccessDenied("Only an owner may change an owner.")
