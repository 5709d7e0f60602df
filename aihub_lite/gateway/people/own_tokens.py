"""The tokens that people make for themselves: how many, and what these may."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import Token
from aihub_lite.domain.validation import check_name
from aihub_lite.errors import Conflict, NotFound
from aihub_lite.gateway.people.ceilings import within_ceilings
from aihub_lite.gateway.people.ownership import owned_by
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.state.tokens import TokenRegistry

NAMED = "{person}: {name}"
"""What others call a token that somebody has made for themselves: so two people may use one name, and none of them
learns of the other's."""


def own_name(person: Person, name: str) -> str:
    """What a person calls their token of this name."""
    return name.removeprefix(NAMED.format(person=person.name, name=""))


def own_tokens(tokens: TokenRegistry, person: Person) -> list[Token]:
    """The tokens of a person, oldest first."""
    return [token for token in tokens.all if token.person_id == person.id]


def own_token(tokens: TokenRegistry, person: Person, ref: str) -> Token:
    """A token of the person, by id or by the name they use; raises NotFound, also for anybody else's."""
    for token in own_tokens(tokens, person):
        if ref in (token.id, token.name, own_name(person, token.name)):
            return token
    raise NotFound(f"There is no token {ref[:64]!r}.")


def most_reached(person: Person, tokens: int) -> str:
    """Why somebody with so many tokens makes no more."""
    if tokens <= person.most_tokens:
        return f"You may have {person.most_tokens} tokens. Delete one, or ask an admin for more."
    return (
        f"You may have {person.most_tokens} tokens, and have {tokens}: those go on working. To make another, delete "
        f"{tokens - person.most_tokens + 1}, or ask an admin for more."
    )


@attrs.frozen
class OwnTokens:
    """Makes tokens for people, and changes no other."""

    people: PeopleRegistry
    tokens: TokenRegistry

    async def create(self, person: Person, name: str, **fields: Any) -> tuple[Token, str]:
        """A new token of a person, and its key. Raises InvalidRequest or Conflict."""
        check_name(name)

        def change(token: Token) -> Token:
            # Within the change: two at once are counted one after the other, and nobody is deleted meanwhile.
            owner = self.people.person(person.id)
            if len(own_tokens(self.tokens, owner)) >= owner.most_tokens:
                raise Conflict(most_reached(owner, len(own_tokens(self.tokens, owner))))
            token = owned_by(owner, attrs.evolve(token, self_made=True, **fields))
            return within_ceilings(owner, token)

        return await self.tokens.create(NAMED.format(person=person.name, name=name), change)

    async def disable(self, person: Person, ref: str) -> Token:
        """Refuse the key of a person's own token; raises NotFound."""
        token = own_token(self.tokens, person, ref)
        return await self.tokens.edit(token.id, lambda token: attrs.evolve(token, enabled=False))

    async def rotate(self, person: Person, ref: str) -> tuple[Token, str]:
        """A new key for a person's own token; raises NotFound."""
        return await self.tokens.rotate(own_token(self.tokens, person, ref).id)

    async def delete(self, person: Person, ref: str) -> Token:
        """Delete a person's own token; raises NotFound."""
        return await self.tokens.delete(own_token(self.tokens, person, ref).id)
