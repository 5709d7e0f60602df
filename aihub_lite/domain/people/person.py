"""A person who signs in and has tokens of their own, and the team that shares a pot."""

from __future__ import annotations

import re
from typing import Literal, get_args

import attrs

from aihub_lite.domain.validation import check_count, check_list, check_model, check_name
from aihub_lite.errors import InvalidRequest

Role = Literal["owner", "admin", "member"]
ROLES: tuple[Role, ...] = get_args(Role)
PERSON = "per_"
TEAM = "team_"
"""What their ids begin with."""
MAX_EMAIL = 254
"""Characters (RFC 5321 4.5.3.1)."""
EMAIL = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[^\s@<>,;:\"\\()\[\]]+", re.ASCII)
"""Enough to tell an address from a slip; whether it is anybody's, only a mail can show."""


@attrs.frozen(kw_only=True)
class Person:
    """One person as configured; what they have spent lives in the ledger. Times in Unix seconds."""

    id: str
    name: str
    created_at: int
    role: Role = "member"
    """An owner may do all, an admin all but make or unmake owners, a member what is their own."""
    email: str | None = None
    """In small letters."""
    team_id: str = ""
    """The team whose pot they share; empty for none."""
    enabled: bool = True
    """Whether they may sign in, and their tokens open anything."""
    most_tokens: int = 10
    """How many tokens they may have and still make one for themselves; 0: they make none."""
    token_group: str = "default"  # noqa: S105  the name of a group
    """The group of the tokens that they have made for themselves."""
    token_models: tuple[str, ...] = ()
    """Glob patterns of the models that those may use; none means all."""
    token_rpm: int | None = None
    """The most requests per minute that those may have; None is no end."""


@attrs.frozen(kw_only=True)
class Team:
    """People who share a pot of money. Times in Unix seconds."""

    id: str
    name: str
    created_at: int


def checked_person(person: Person) -> Person:
    """The person with the address in small letters; raises InvalidRequest."""
    check_name(person.name)
    _check_no_id(person.name, PERSON)
    if person.role not in ROLES:
        raise InvalidRequest(f"role: must be one of {', '.join(ROLES)}")
    check_own_tokens(person)
    if person.email is None:
        return person
    return attrs.evolve(person, email=check_email(person.email))


def check_own_tokens(person: Person) -> None:
    """Raises InvalidRequest where what is said of the tokens that somebody makes cannot be."""
    check_count(person.most_tokens, "most_tokens")
    check_name(person.token_group, "token_group")
    check_list(person.token_models, "token_models")
    for glob in person.token_models:
        check_model(glob, "token_models")
    check_count(person.token_rpm, "token_rpm", least=1)


def check_email(text: str) -> str:
    """An address in small letters; raises InvalidRequest."""
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not EMAIL.fullmatch(email):
        raise InvalidRequest("email: must be an address like ada@example.org")
    return email


def checked_team(team: Team) -> Team:
    """Raises InvalidRequest."""
    check_name(team.name)
    _check_no_id(team.name, TEAM)
    return team


def _check_no_id(name: str, prefix: str) -> None:
    """Ids and names are looked up in one place, so no name may look like an id."""
    if name.startswith(prefix):
        raise InvalidRequest(f"name: must not begin with {prefix}, as ids do")
