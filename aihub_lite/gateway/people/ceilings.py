"""What the tokens may at most that a person makes for themselves: asked when one is made, and of each request after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

import attrs

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import Token
from aihub_lite.errors import InvalidRequest


@attrs.frozen(kw_only=True)
class CeilingBounds:
    """Where a person's ceilings leave a token less than its own settings do; None where they do not."""

    group: str | None = None
    """The one that holds."""
    models: tuple[str, ...] | None = None
    """Of what the token's own list allows, only what these allow too."""
    rpm: int | None = None
    """The number that holds."""

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self != NO_BOUNDS


NO_BOUNDS = CeilingBounds()


def bounds_of(token: Token, default_rpm: int) -> CeilingBounds:
    """What holds of a token instead of its own, where the gateway's requests per minute are `default_rpm`."""
    ceiling = token.ceiling
    if ceiling is None:
        return NO_BOUNDS
    group = models = rpm = None
    if token.in_force.group != token.group:
        group = token.in_force.group
    if ceiling.models and not (token.models and all(_is_allowed(glob, ceiling.models) for glob in token.models)):
        models = ceiling.models
    if token.rpm_in_force(default_rpm) != attrs.evolve(token, ceiling=None).rpm_in_force(default_rpm):
        rpm = ceiling.rpm
    return CeilingBounds(group=group, models=models, rpm=rpm)


def bound_texts(token: Token, bounds: CeilingBounds) -> Iterator[str]:
    """The same in words, field by field."""
    if bounds.group is not None:
        yield f"group {bounds.group}, not {token.group}"
    if bounds.models is not None:
        yield f"no model but {', '.join(bounds.models)}"
    if bounds.rpm is not None:
        yield f"at most {bounds.rpm} requests per minute"


def within_ceilings(person: Person, token: Token) -> Token:
    """The token with no more rights than tokens may have that the person makes; raises InvalidRequest where it asks
    for more."""
    models = token.models or person.token_models
    if person.token_models and not all(_is_allowed(glob, person.token_models) for glob in models):
        raise InvalidRequest(f"models: your tokens may use {', '.join(person.token_models)}")
    rpm = token.rpm
    if person.token_rpm is not None:
        if rpm is None:
            rpm = person.token_rpm
        if not 1 <= rpm <= person.token_rpm:
            raise InvalidRequest(f"rpm: must be between 1 and {person.token_rpm}")
    return attrs.evolve(token, group=person.token_group, models=models, rpm=rpm)


def _is_allowed(glob: str, allowed: Sequence[str]) -> bool:
    """Whether a pattern stands for nothing that is not allowed: it is one of those, or the plain id of such a model."""
    if glob in allowed:
        return True
    return not set(glob) & set("*?[") and any(fnmatchcase(glob, other) for other in allowed)
