"""People's passwords: argon2id, beside the event loop, and only a few at once."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import attrs

from aihub_lite.errors import InvalidRequest, Overloaded
from aihub_lite.storage.people.passwords import Passwords

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")
SHORTEST = 12
LONGEST = 256
"""Characters of a password."""
MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
"""The costs that OWASP's Password Storage Cheat Sheet names first for argon2id: some 20 ms of one core each."""
AT_ONCE = 2
"""Hashes that are computed at once, so that strangers who try passwords take 38 MiB at most."""
MOST_WAITING = 50
"""Hashes that wait for their turn; who comes then is told to come back."""


def check_password(password: str, field: str = "password") -> str:
    """The password in the form that is hashed, the same from every keyboard; raises InvalidRequest."""
    normal = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise InvalidRequest(f"{field}: must have {SHORTEST} to {LONGEST} characters")
    return normal


@attrs.define(eq=False)
class PasswordBook:
    """Sets passwords and compares them. Whoever has none costs a try as much time as everybody else."""

    store: Passwords
    _turns: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(AT_ONCE))
    _waiting: int = 0
    _decoy: str = ""
    """A hash of what nobody knows."""

    async def set(self, person_id: str, password: str, now: int, keep: str = "") -> None:
        """Give a person a password, and end their sessions but the one with the digest `keep`.

        Raises InvalidRequest and Overloaded.
        """
        await self.store.put(person_id, await self.hash(password), now, keep)

    async def hash(self, password: str) -> str:
        """The text to keep of a password; raises InvalidRequest and Overloaded."""
        normal = check_password(password)
        return await self._in_turn(lambda: hasher().hash(normal))

    async def matches(self, person_id: str, password: str) -> bool:
        """Whether it is the person's password; False for nobody's id. Raises Overloaded."""
        if not self._decoy:
            self._decoy = await self.hash(secrets.token_urlsafe(32))
        stored = await self.store.find(person_id)
        # A password that is too long is cut before it is compared: it is not the right one either way.
        normal = unicodedata.normalize("NFKC", password[: LONGEST + 1])
        right = await self._in_turn(lambda: is_hash_of(stored or self._decoy, normal))
        return right and stored is not None

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Overloaded("Too many people are signing in at this moment.")
        self._waiting += 1
        task = asyncio.create_task(self._compute(work))
        task.add_done_callback(self._leave)
        # Whoever goes away keeps the turn until the thread is done: else going away would start more of them.
        return await asyncio.shield(task)

    async def _compute(self, work: Callable[[], T]) -> T:
        async with self._turns:
            return await asyncio.to_thread(work)

    def _leave(self, _: asyncio.Task[T]) -> None:
        self._waiting -= 1


@cache
def hasher() -> PasswordHasher:
    """What computes hashes."""
    # Imported only here: a gateway without people never needs it.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def is_hash_of(password_hash: str, password: str) -> bool:
    """Whether a hash was made of this password."""
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

    try:
        return hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
