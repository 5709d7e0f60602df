"""Tokens: in memory for requests to be authenticated by, in storage to last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.token import Ceiling, Token, digest_of, new_key
from aihub_lite.domain.validation import checked_token
from aihub_lite.errors import NotFound
from aihub_lite.gateway.state.changes import Changes, serialized, unchanged
from aihub_lite.gateway.state.identity import check_name_free, new_id
from aihub_lite.storage.tokens import Tokens

TokenListener = Callable[[Token | None, Token | None], Awaitable[None]]
"""Takes the token before (None: it is new) and after (None: it was deleted)."""


@attrs.define(eq=False)
class TokenRegistry:
    """All tokens. Read `by_digest` freely; change it by the methods only."""

    store: Tokens
    clock: Clock
    changes: Changes = attrs.field(repr=False)
    by_digest: dict[str, Token] = attrs.field(factory=dict)
    on_change: list[TokenListener] = attrs.field(factory=list)
    """Called before a request can see a token that was made or changed, and after none can see a deleted one."""

    async def load(self) -> list[tuple[Token, int]]:
        """Read everything from storage, once, before the first request. Returns each token with its nano-USD spent."""
        tokens = await self.store.load()
        self.by_digest = {token.digest: token for token, _ in tokens}
        return tokens

    @property
    def all(self) -> list[Token]:
        """Every token, oldest first."""
        return sorted(self.by_digest.values(), key=lambda token: (token.created_at, token.name))

    def get(self, ref: str) -> Token:
        """A token by name or id; raises NotFound."""
        for token in self.by_digest.values():
            if ref in (token.name, token.id):
                return token
        raise NotFound(f"There is no token {ref[:64]!r}.")

    def of_key(self, key: str) -> Token | None:
        """The token that a key opens, in force. The key as it is now, or as clients of one-api and new-api write it:
        those take what is between `sk-` and the first `-` after it, so it may come without the one, and with a
        channel's id after the other."""
        token = self.by_digest.get(digest_of(key))
        if token is None:
            token = self.by_digest.get(digest_of("sk-" + key.removeprefix("sk-").partition("-")[0]))
        if token is None:
            return None
        return token.in_force

    @serialized
    async def create(self, name: str, change: Callable[[Token], Token] = unchanged) -> tuple[Token, str]:
        """A new token and its key, which is shown this once. `change` sets what differs from the defaults."""
        key = new_key()
        token = Token(
            id=new_id("tok_"),
            name=name,
            digest=digest_of(key),
            hint=key[-4:],
            created_at=int(self.clock.wall()),
        )
        return await self._put(None, change(token)), key

    @serialized
    async def edit(self, ref: str, change: Callable[[Token], Token]) -> Token:
        """Change a token's configuration; what it has spent is the ledger's and is not touched."""
        token = self.get(ref)
        return await self._put(token, change(token))

    @serialized
    async def rotate(self, ref: str) -> tuple[Token, str]:
        """A new key for a token; the old one opens nothing from now on."""
        token = self.get(ref)
        key = new_key()
        return await self._put(token, attrs.evolve(token, digest=digest_of(key), hint=key[-4:])), key

    @serialized
    async def delete(self, ref: str) -> Token:
        """Its usage records stay."""
        token = self.get(ref)
        await self.store.delete(token.id)
        del self.by_digest[token.digest]
        await self._notify(token, None)
        return token

    async def follow_person(self, person_id: str, team_id: str, enabled: bool, ceiling: Ceiling) -> None:
        """A person moved, may use the gateway or not, or their tokens more or less: so do their tokens. Within the
        change of the person, by whose triggers storage has it already."""
        for token in [token for token in self.by_digest.values() if token.person_id == person_id]:
            followed = followed_by(token, team_id, enabled, ceiling)
            if followed != token:
                await self._notify(token, followed)
                self.by_digest[token.digest] = followed

    async def go_with(self, *, person_id: str = "", team_id: str = "") -> None:
        """A person or a team was deleted, and storage has deleted their own tokens with them; usage records stay.

        Within that change. Requests under way settle against what they hold.
        """
        owner = (person_id, team_id)
        for token in [token for token in self.by_digest.values() if owner_of(token) == owner]:
            del self.by_digest[token.digest]
            await self._notify(token, None)

    async def admit(self, token: Token, opened: Callable[[], None]) -> None:
        """Let a token in that storage has already, within the change that put it there; `opened` is called once the
        ledger knows it, before any request can see it."""
        await self._notify(None, token)
        opened()
        self.by_digest[token.digest] = token

    async def adopt(self, tokens: Mapping[str, Token]) -> None:
        """Let those count, by digest, that are stored already, within a change; all others are gone."""
        before = {token.id: token for token in self.by_digest.values()}
        ids = {token.id for token in tokens.values()}
        for token in tokens.values():
            if before.get(token.id) != token:
                await self._notify(before.get(token.id), token)
        # Whatever is to be known of them is known: from here on each opens what it is to open.
        self.by_digest.clear()
        self.by_digest.update(tokens)
        for token in before.values():
            if token.id not in ids:
                await self._notify(token, None)

    async def _put(self, before: Token | None, token: Token) -> Token:
        token = checked_token(token)
        check_name_free("token", token.name, (other.name for other in self.all if other.id != token.id))
        if before is None:
            await self.store.insert(token)
        else:
            await self.store.update(token)
        # The ledger hears of it first: a request that sees a token must find its account.
        await self._notify(before, token)
        if before is not None:
            del self.by_digest[before.digest]
        self.by_digest[token.digest] = token
        return token

    async def _notify(self, before: Token | None, after: Token | None) -> None:
        for listener in self.on_change:
            await listener(before, after)


def followed_by(token: Token, team_id: str, enabled: bool, ceiling: Ceiling) -> Token:
    """A person's token as what is said of that person makes it; the ceiling is of those that they made."""
    under = None
    if token.self_made:
        under = ceiling
    return attrs.evolve(token, team_id=team_id, person_enabled=enabled, ceiling=under)


def owner_of(token: Token) -> tuple[str, str]:
    """The ids of its person and of its team, of which one is empty at least: a person's token has that person alone."""
    if token.person_id:
        return token.person_id, ""
    return "", token.team_id
