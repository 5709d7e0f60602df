"""Remembers who was refused what: folded in memory by minute, caller, code and model, and written every few seconds.

A flood costs one row: what is alike is counted. Who varies what a row is by finds its rows counted too, and whatever
is beyond them in one more row for each code. Nothing waits for it, and a process that is killed forgets what it has
not written yet.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

import attrs

from aihub_lite.domain.addresses import address_of
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.token import Token
from aihub_lite.errors import GatewayError, StorageUnavailable, UpstreamRejected
from aihub_lite.gateway.client.callers import product, received_path
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.refusals.texts import kept_model, kept_path, kept_text
from aihub_lite.gateway.state.limits import network_of
from aihub_lite.storage.requests.refusals import Refusal, Refusals
from aihub_lite.wire.client_error import message_of

log = logging.getLogger(__name__)

MINUTE = 60
EVERY = 5.0
"""Seconds between two writes."""
AT_ONCE = 100
"""Rows of one write: the writer has others to serve."""
MOST_IDS = 8
"""Request ids of a row."""
LONGEST_ADDRESS = 64
"""Characters; those of IPv6 with a zone have some 50."""
UNKNOWN = "unknown"
"""Where a caller comes from whose address is none."""
Caller = str
"""The id of a token with those of whose it is, or a network with a blank before it; empty for all others."""
Key = tuple[Caller, int, str, str]
"""Caller, status, code and model."""


@attrs.frozen
class RefusalBounds:
    """How many rows a minute may have."""

    of_token: int = 20
    of_strangers: int = 50
    """Of all callers without a token together."""
    of_all: int = 1000


@attrs.define(eq=False)
class Fold:
    """Calls of a minute that are alike, so far."""

    first: Refusal
    times: int = 0
    last_ms: int = 0
    ids: deque[str] = attrs.field(factory=lambda: deque(maxlen=MOST_IDS))
    written: int = 0
    """How many of them the disk knows of."""

    def row(self) -> Refusal:
        """The calls as a row of the disk has them."""
        return attrs.evolve(self.first, times=self.times, last_ms=self.last_ms, request_ids=tuple(self.ids))


@attrs.define(eq=False)
class RefusalBook:
    """Takes note of refused calls."""

    clock: Clock
    store: Refusals
    token_of: Callable[[str], Token | None]
    """A token by its id, while there is one."""
    bounds: RefusalBounds = attrs.field(factory=RefusalBounds)
    listeners: list[Callable[[Exchange, GatewayError], None]] = attrs.field(factory=list)
    """Told of every refused call."""
    _minute: int = 0
    _folds: dict[Key, Fold] = attrs.field(factory=dict)
    """Those of the running minute."""
    _counts: dict[Caller, int] = attrs.field(factory=dict)
    """How many of them each token has; strangers count together, under an empty name."""
    _past: list[Fold] = attrs.field(factory=list)
    """Those of earlier minutes that are not written yet."""
    _news: asyncio.Event = attrs.field(factory=asyncio.Event)
    _writing: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    def note(self, exchange: Exchange, error: GatewayError, token_id: str) -> None:
        """A call was refused; `token_id` is empty where its caller presented no key of ours."""
        for listener in self.listeners:
            listener(exchange, error)
        now = self.clock.wall()
        minute = int(now) // MINUTE
        if minute != self._minute:
            self._turn(minute)
        caller = self._caller(token_id, exchange.address)
        key = (caller, error.status, code_of(error), exchange.model)
        fold = self._folds.get(key)
        if fold is None:
            fold = self._new_fold(key, exchange, error, token_id)
        fold.times += 1
        fold.last_ms = int(now * 1000)
        fold.ids.append(exchange.request_id)
        if not self._news.is_set():
            self._news.set()

    def _caller(self, token_id: str, address: str) -> Caller:
        """Who moves a token to somebody else ends its row: nobody reads of calls from before it was theirs."""
        if not token_id:
            return f" {_network(address)}"
        token = self.token_of(token_id)
        if token is None:
            return token_id
        return f"{token_id} {token.person_id} {token.team_id}"

    def _turn(self, minute: int) -> None:
        """Another minute has begun; what the disk has not taken for long is forgotten, the oldest first."""
        self._past += [fold for fold in self._folds.values() if fold.times > fold.written]
        del self._past[: -self.bounds.of_all]
        self._folds.clear()
        self._counts.clear()
        self._minute = minute

    def _new_fold(self, key: Key, exchange: Exchange, error: GatewayError, token_id: str) -> Fold:
        caller, status, code, model = key
        counted = token_id
        most = self.bounds.of_token if token_id else self.bounds.of_strangers
        kept = kept_model(model)
        own_key = (caller, status, code, kept)
        if own_key in self._folds:
            return self._folds[own_key]
        if self._counts.get(counted, 0) >= most or len(self._folds) >= self.bounds.of_all:
            return self._others(key, exchange, token_id)
        self._counts[counted] = self._counts.get(counted, 0) + 1
        fold = Fold(self._first(exchange, error, token_id, kept))
        self._folds[own_key] = fold
        return fold

    def _others(self, alike: Key, exchange: Exchange, token_id: str) -> Fold:
        """The row of those that are too many to have each its own: a token's, or that of all others."""
        caller, status, code, _ = alike
        if not token_id or len(self._folds) >= self.bounds.of_all:
            caller = token_id = ""
        key = (caller, status, code, "")
        fold = self._folds.get(key)
        if fold is None:
            first = self._first(exchange, GatewayError(), token_id, "")
            first = attrs.evolve(first, network="", status=status, error_code=code, error_text="", path="", client="")
            fold = self._folds[key] = Fold(first)
        return fold

    def _first(self, exchange: Exchange, error: GatewayError, token_id: str, model: str) -> Refusal:
        text = message_of(error)
        path = received_path(exchange.scope)
        for said, kept in ((exchange.model, model), (path, kept_path(path))):
            if said:
                text = text.replace(said, kept)
        network = ""
        if not token_id:
            network = _network(exchange.address)
        token = self.token_of(token_id)
        arrived = self.clock.wall() - (self.clock.monotonic() - exchange.started)
        refusal = Refusal(
            request_id=exchange.request_id,
            started_ms=int(arrived * 1000),
            last_ms=0,
            times=0,
            request_ids=(),
            token_id=token_id,
            token="",
            network=network,
            status=error.status,
            error_code=code_of(error),
            error_text=kept_text(text),
            model=model,
            path=kept_path(path),
            client=product(exchange.header(b"user-agent")),
        )
        if token is None:
            return refusal
        return attrs.evolve(refusal, token=token.name, person_id=token.person_id, team_id=token.team_id)

    async def run(self) -> None:
        """Write what there is, for as long as the gateway runs."""
        while True:
            await self._news.wait()
            await asyncio.sleep(EVERY)
            with suppress(StorageUnavailable):
                await self.flush()

    async def flush(self) -> None:
        """Write all that is not written yet; raises StorageUnavailable, and keeps what the disk does not take."""
        async with self._writing:
            self._news.clear()
            folds = [*self._past, *(fold for fold in self._folds.values() if fold.times > fold.written)]
            for start in range(0, len(folds), AT_ONCE):
                part = folds[start : start + AT_ONCE]
                counts = [fold.times for fold in part]
                try:
                    await self.store.put([fold.row() for fold in part])
                except StorageUnavailable:
                    self._news.set()
                    raise
                for fold, count in zip(part, counts, strict=True):
                    fold.written = count
            self._past = [fold for fold in self._past if fold.times > fold.written]

    async def close(self) -> None:
        """Write what is left."""
        try:
            await self.flush()
        except StorageUnavailable as error:
            log.warning("refused calls of the last seconds are not written: %s", error)


def code_of(error: GatewayError) -> str:
    """The code that a client got, where it is one of ours."""
    if isinstance(error, UpstreamRejected):
        return error.recorded_code
    return str(error.code)


def _network(address: str) -> str:
    """As limits count callers. Behind a proxy an address is what its header says, which may be anything."""
    return _checked_network(address[:LONGEST_ADDRESS])


@lru_cache(maxsize=1024)
def _checked_network(address: str) -> str:
    """Remembered, as a flood comes from the same few."""
    try:
        address_of(address)
    except ValueError:
        return UNKNOWN
    return network_of(address)
