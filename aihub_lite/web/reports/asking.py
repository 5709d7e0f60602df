"""What a query asks of a report: by what to sum, and of which requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.reports.dimensions import Dimension

DIMENSIONS: Mapping[str, Dimension] = {name: name for name in get_args(Dimension)}
MOST = 2
"""Dimensions at once."""
MOST_CHARACTERS = 200
"""Of a member's name."""
IDS = {"token": "tok_", "person": "per_", "team": "team_"}
"""How ids begin: one that was deleted is still found by it."""


def dimensions_of(by: str) -> tuple[Dimension, ...]:
    """One or two dimensions with a comma between them; raises InvalidRequest."""
    names = [name.strip() for name in by.split(",")]
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown:
        raise InvalidRequest(f"by: must be one or two of {', '.join(DIMENSIONS)}")
    if len(names) > MOST or len(set(names)) < len(names):
        raise InvalidRequest(f"by: must be at most {MOST} dimensions, each once")
    return tuple(DIMENSIONS[name] for name in names)


def chosen_in(query: Mapping[str, str]) -> dict[Dimension, str]:
    """The filters of a query as its writer named them; empty ones are none. Raises InvalidRequest."""
    chosen = {dimension: query[name] for name, dimension in DIMENSIONS.items() if query.get(name)}
    for name, text in chosen.items():
        if len(text) > MOST_CHARACTERS:
            raise InvalidRequest(f"{name}: must be at most {MOST_CHARACTERS} characters")
    return chosen


def filters_of(gateway: Gateway, chosen: Mapping[Dimension, str]) -> dict[Dimension, str]:
    """The same with ids for the names of tokens, people and teams; raises NotFound."""
    return {name: _member(gateway, name, text) for name, text in chosen.items()}


def called(gateway: Gateway, dimension: Dimension, text: str) -> str:
    """What a filter's member is called: an id of a token, person or team stands for its name, while it has one."""
    try:
        return _holder(gateway, dimension, text)[1]
    except NotFound:
        return text


def _member(gateway: Gateway, dimension: Dimension, text: str) -> str:
    try:
        return _holder(gateway, dimension, text)[0]
    except NotFound:
        if not text.startswith(IDS[dimension]):
            raise
    return text


def _holder(gateway: Gateway, dimension: Dimension, text: str) -> tuple[str, str]:
    """Id and name of a token, person or team by either; anything else has its name alone. Raises NotFound."""
    if dimension == "token":
        token = gateway.registry.tokens.get(text)
        return token.id, token.name
    if dimension == "person":
        person = gateway.people.person(text)
        return person.id, person.name
    if dimension == "team":
        team = gateway.people.team(text)
        return team.id, team.name
    return text, text
