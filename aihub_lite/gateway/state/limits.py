"""How much a token or an address may ask: requests and tokens per minute, requests at once, failed sign-ins.

Every limit is one bucket that refills continuously, kept as a single number (the generic cell rate algorithm):
a thousand requests at once let exactly the limit pass, and waiting refills it evenly.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from typing import Protocol

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.token import Token
from aihub_lite.errors import RateLimited, Unauthenticated

WINDOW = 60.0
ROUNDING = 1e-6
NOTHING_TO_DO = nullcontext()
MAX_BUCKETS = 100_000
"""Idle buckets beyond this are forgotten, oldest first: a scan of addresses must not grow memory."""


@attrs.define
class Bucket:
    """Tokens in a bucket of `size` that refills in `WINDOW` seconds; `full_at` on the monotonic clock."""

    full_at: float = 0.0

    def take(self, size: int, cost: float, now: float) -> float:
        """Take `cost` and return 0, or take nothing and return the seconds until it would fit."""
        filled = max(self.full_at, now) + min(cost, size) * WINDOW / size
        wait = filled - now - WINDOW
        if wait > ROUNDING:
            return wait
        self.full_at = filled
        return 0.0

    def put(self, size: int, cost: float, now: float) -> None:
        """Correct what was taken by `cost`, which may be negative; the bucket may go below empty."""
        self.full_at = max(self.full_at, now) + cost * WINDOW / size

    def left(self, size: int, now: float) -> int:
        """Whole units that could be taken now."""
        return max(0, math.floor((WINDOW - max(0.0, self.full_at - now)) * size / WINDOW + ROUNDING))


@attrs.define
class Buckets:
    """Buckets by key, least recently used first."""

    _by_key: OrderedDict[str, Bucket] = attrs.field(factory=OrderedDict)

    def get(self, key: str) -> Bucket:
        """The bucket of this key; a new one is full."""
        bucket = self._by_key.get(key)
        if bucket is None:
            bucket = self._by_key[key] = Bucket()
            if len(self._by_key) > MAX_BUCKETS:
                self._by_key.popitem(last=False)
        else:
            self._by_key.move_to_end(key)
        return bucket

    def __len__(self) -> int:
        return len(self._by_key)


@attrs.frozen
class RequestsLeft:
    """What the `x-ratelimit-*-requests` headers say; `reset` in seconds until all are back."""

    limit: int
    remaining: int
    reset: float

    def headers(self) -> list[tuple[bytes, bytes]]:
        """OpenAI's header names and its duration format (`0.333s`)."""
        return [
            (b"x-ratelimit-limit-requests", b"%d" % self.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % self.remaining),
            (b"x-ratelimit-reset-requests", f"{self.reset:.3f}s".encode()),
        ]


@attrs.define
class Counted:
    """Tokens that a request turned out to use."""

    used: int = 0


class Limiter(Protocol):
    """What the line asks of a limiter; one that is shared by several processes would fit here."""

    def request(self, token: Token) -> RequestsLeft | None:
        """Count one request; raises RateLimited. None where the token has no limit."""
        ...

    def slot(self, token: Token) -> AbstractContextManager[None]:
        """Hold one of the token's places for requests at once; raises RateLimited."""
        ...

    def tokens(self, token: Token, estimate: int) -> AbstractContextManager[Counted]:
        """Count an estimate of tokens, and inside the block replace it by what was used; raises RateLimited."""
        ...

    def authentication_failed(self, address: str) -> Unauthenticated | RateLimited:
        """Count one failure of an address; the refusal to answer it with."""
        ...


@attrs.define
class MemoryLimiter:
    """All limits of one process, in memory; they start afresh with it."""

    clock: Clock
    rpm: int
    """Requests per minute for tokens without a limit of their own; 0 is none."""
    auth_failures: int
    """Failed authentications per address and minute; 0 is no limit."""
    _requests: Buckets = attrs.field(factory=Buckets)
    _tokens: Buckets = attrs.field(factory=Buckets)
    _failures: Buckets = attrs.field(factory=Buckets)
    _running: dict[str, int] = attrs.field(factory=dict)

    def request(self, token: Token) -> RequestsLeft | None:
        limit = self.rpm if token.rpm is None else token.rpm
        if not limit:
            return None
        now, bucket = self.clock.monotonic(), self._requests.get(token.id)
        if wait := bucket.take(limit, 1, now):
            raise TooManyRequests(limit, wait)
        return RequestsLeft(limit, bucket.left(limit, now), bucket.full_at - now)

    def slot(self, token: Token) -> AbstractContextManager[None]:
        return self._slot(token) if token.concurrency else NOTHING_TO_DO

    @contextmanager
    def _slot(self, token: Token) -> Iterator[None]:
        running = self._running.get(token.id, 0)
        if running >= (token.concurrency or 0):
            raise RateLimited(f"This token may have {token.concurrency} requests at once, and they are running.", 1)
        self._running[token.id] = running + 1
        try:
            yield
        finally:
            self._running[token.id] -= 1
            if not self._running[token.id]:
                del self._running[token.id]

    def tokens(self, token: Token, estimate: int) -> AbstractContextManager[Counted]:
        return self._counted(token, token.tpm, estimate) if token.tpm else nullcontext(Counted())

    @contextmanager
    def _counted(self, token: Token, tpm: int, estimate: int) -> Iterator[Counted]:
        counted, bucket = Counted(), self._tokens.get(token.id)
        taken = min(estimate, tpm)
        if wait := bucket.take(tpm, taken, self.clock.monotonic()):
            raise RateLimited(f"Limit of {tpm} tokens per minute reached.", whole_seconds(wait))
        try:
            yield counted
        finally:
            bucket.put(tpm, counted.used - taken, self.clock.monotonic())

    def authentication_failed(self, address: str) -> Unauthenticated | RateLimited:
        """Count one failure of an address, and the refusal to answer it with.

        A valid key passes whatever its address did: behind one address may sit a whole office.
        """
        if not self.auth_failures:
            return Unauthenticated()
        wait = self._failures.get(neighbourhood(address)).take(self.auth_failures, 1, self.clock.monotonic())
        if wait:
            return RateLimited("Too many failed authentications from this address.", whole_seconds(wait))
        return Unauthenticated()


def neighbourhood(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 its /64, of which every subscriber has all (RFC 6177).

    Not on the local link, where one such network holds everybody.
    """
    try:
        found = IPv6Address(address)
    except AddressValueError:
        return address
    return address if found.is_link_local else str(IPv6Network((found, 64), strict=False))


class TooManyRequests(RateLimited):
    """The token's requests of this minute are used up; carries its own `x-ratelimit-*` figures."""

    def __init__(self, limit: int, wait: float) -> None:
        super().__init__(f"Limit of {limit} requests per minute reached.", whole_seconds(wait))
        self.left = RequestsLeft(limit, 0, wait + WINDOW - WINDOW / limit)


def whole_seconds(wait: float) -> int:
    """`Retry-After`: whole seconds, at least one, at most the minute after which everything is refilled."""
    return min(60, max(1, math.ceil(wait - ROUNDING)))
