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
from aihub_lite.gateway.state.live_settings import LiveSettings

WINDOW = 60.0
"""Seconds."""
ROUNDING = 1e-6
"""Seconds: what sums of floats may be off by, so that the last request of a burst is not refused for it."""
UNLIMITED = nullcontext()
"""One for all: most tokens have no limit, and every request enters it."""
MAX_BUCKETS = 100_000
"""Idle buckets beyond this are forgotten, oldest first: a scan of addresses must not grow memory."""


@attrs.define
class Bucket:
    """Units in a bucket that refills in `WINDOW` seconds; its size is the limit, which may change between calls."""

    full_at: float = 0.0
    """When it is full again, on the monotonic clock."""

    def take(self, size: int, cost: float, now: float) -> float:
        """Take `cost` and return 0, or take nothing and return the seconds until it would fit."""
        full_at = max(self.full_at, now) + min(cost, size) * WINDOW / size
        wait = full_at - now - WINDOW
        if wait > ROUNDING:
            return wait
        self.full_at = full_at
        return 0.0

    def put(self, size: int, cost: float, now: float) -> None:
        """Correct what was taken by `cost`, which may be negative; the bucket may go below empty."""
        self.full_at = max(self.full_at, now) + cost * WINDOW / size

    def left(self, size: int, now: float) -> int:
        """Whole units that could be taken now."""
        refilling = max(0.0, self.full_at - now)
        return max(0, math.floor((WINDOW - refilling) * size / WINDOW + ROUNDING))


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

    def peek(self, key: str) -> Bucket:
        """The same, but nothing is kept of having looked."""
        return self._by_key.get(key) or Bucket()

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
class TokensUsed:
    """How many tokens a request used, for the limiter to read once it has ended."""

    used: int = 0


class Limiter(Protocol):
    """What the line asks of a limiter; one that is shared by several processes would fit here."""

    def request(self, token: Token) -> RequestsLeft | None:
        """Count one request; raises RateLimited. None where the token has no limit."""
        ...

    def slot(self, token: Token) -> AbstractContextManager[None]:
        """Hold one of the token's places for requests at once; raises RateLimited."""
        ...

    def tokens(self, token: Token, estimate: int) -> AbstractContextManager[TokensUsed]:
        """Count an estimate of tokens, and inside the block replace it by what was used; raises RateLimited."""
        ...

    def authentication_failed(self, address: str) -> Unauthenticated | RateLimited:
        """Count one failure of an address; the refusal to answer it with."""
        ...


@attrs.define
class MemoryLimiter:
    """All limits of one process, as `Limiter` says, in memory: they start afresh with it."""

    clock: Clock
    live_settings: LiveSettings
    _requests: Buckets = attrs.field(factory=Buckets)
    _tokens: Buckets = attrs.field(factory=Buckets)
    _failures: Buckets = attrs.field(factory=Buckets)
    _running: dict[str, int] = attrs.field(factory=dict)

    @property
    def rpm(self) -> int:
        """Requests per minute for tokens without a limit of their own; 0 is none."""
        return self.live_settings.now.rpm

    @property
    def auth_failures(self) -> int:
        """Failed authentications per address and minute; 0 is no limit."""
        return self.live_settings.now.auth_failures_per_minute

    def request(self, token: Token) -> RequestsLeft | None:
        limit = token.rpm_in_force(self.rpm)
        if not limit:
            return None
        now = self.clock.monotonic()
        bucket = self._requests.get(token.id)
        if wait := bucket.take(limit, 1, now):
            raise TooManyRequests(limit, wait)
        return RequestsLeft(limit, bucket.left(limit, now), bucket.full_at - now)

    def used(self, token: Token) -> dict[str, tuple[int, int]]:
        """What is used at this moment of each limit that a token has, and the limit."""
        now = self.clock.monotonic()
        rpm = token.rpm_in_force(self.rpm)
        used = {}
        if rpm:
            used["rpm"] = (rpm - self._requests.peek(token.id).left(rpm, now), rpm)
        if token.tpm:
            used["tpm"] = (token.tpm - self._tokens.peek(token.id).left(token.tpm, now), token.tpm)
        if token.concurrency:
            used["concurrency"] = (self._running.get(token.id, 0), token.concurrency)
        return used

    def slot(self, token: Token) -> AbstractContextManager[None]:
        if not token.concurrency:
            return UNLIMITED
        return self._slot(token, token.concurrency)

    @contextmanager
    def _slot(self, token: Token, limit: int) -> Iterator[None]:
        running = self._running.get(token.id, 0)
        if running >= limit:
            raise RateLimited(f"Rate limit reached: {limit} requests at once, and they are running.", 1)
        self._running[token.id] = running + 1
        try:
            yield
        finally:
            self._running[token.id] -= 1
            if not self._running[token.id]:
                del self._running[token.id]

    def tokens(self, token: Token, estimate: int) -> AbstractContextManager[TokensUsed]:
        if not token.tpm:
            return nullcontext(TokensUsed())
        return self._count_tokens(token, token.tpm, estimate)

    @contextmanager
    def _count_tokens(self, token: Token, tpm: int, estimate: int) -> Iterator[TokensUsed]:
        tokens = TokensUsed()
        bucket = self._tokens.get(token.id)
        taken = min(estimate, tpm)  # a request larger than the limit waits for a full bucket, not for ever
        if wait := bucket.take(tpm, taken, self.clock.monotonic()):
            raise RateLimited(f"Rate limit reached: {tpm} tokens per minute.", whole_seconds(wait))
        try:
            yield tokens
        finally:
            bucket.put(tpm, tokens.used - taken, self.clock.monotonic())

    def authentication_failed(self, address: str) -> Unauthenticated | RateLimited:
        """Count one failure of an address, and the refusal to answer it with.

        A valid key passes whatever its address did: behind one address may sit a whole office.
        """
        if not self.auth_failures:
            return Unauthenticated()
        wait = self._failures.get(network_of(address)).take(self.auth_failures, 1, self.clock.monotonic())
        if wait:
            return RateLimited("Too many failed authentications from this address.", whole_seconds(wait))
        return Unauthenticated()


def network_of(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 its /64, of which every subscriber has all (RFC 6177).

    Not on the local link, where one such network holds everybody.
    """
    try:
        ipv6 = IPv6Address(address)
    except AddressValueError:
        return address
    if ipv6.is_link_local:
        return address
    return str(IPv6Network((ipv6, 64), strict=False))


class TooManyRequests(RateLimited):
    """The token's requests of this minute are used up; carries its own `x-ratelimit-*` figures."""

    def __init__(self, limit: int, wait: float) -> None:
        super().__init__(f"Rate limit reached: {limit} requests per minute.", whole_seconds(wait))
        self.left = RequestsLeft(limit, 0, wait + WINDOW - WINDOW / limit)


def whole_seconds(wait: float) -> int:
    """`Retry-After`: whole seconds, at least one, at most the minute after which everything is refilled."""
    return min(60, max(1, math.ceil(wait - ROUNDING)))
