"""Pages of lists: a hundred rows and 256 kB at most, in an order that nothing made or deleted meanwhile disturbs.

A page ends at a place in the order, not at a number of rows or at a row: where the next one begins is known although
rows before it are new, and the last row is gone.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from heapq import nlargest, nsmallest
from typing import Any, Generic, TypeVar

import attrs
import msgspec
from litestar.params import FromQuery

from aihub_lite.errors import InvalidRequest
from aihub_lite.web.views import Json

LIMIT = 100
"""Rows of a page, at most."""
MOST_BYTES = 250_000
"""Of a page's rows together; a single row that is larger is a page by itself."""
T = TypeVar("T")
Place = tuple[Any, ...]


@attrs.frozen
class Asked:
    """Which part of a list: rows that hold the text `q`, beyond the page that said `after`."""

    q: str = ""
    after: str = ""
    limit: int = LIMIT

    def wants(self, *texts: str) -> bool:
        """Whether any of a row's texts holds what is searched for, in capitals or not."""
        return not self.q or any(self.q in text.casefold() for text in texts)


def read_asked(q: FromQuery[str] = "", after: FromQuery[str] = "", limit: FromQuery[int] = LIMIT) -> Asked:
    """From the query of an address; raises InvalidRequest."""
    if not 1 <= limit <= LIMIT:
        raise InvalidRequest(f"limit: must be between 1 and {LIMIT}")
    return Asked(q.strip().casefold(), after, limit)


@attrs.frozen(kw_only=True)
class Order(Generic[T]):
    """The order of one kind of row. No two rows have the same place; `kind` is the type of places."""

    place: Callable[[T], Place]
    kind: Any
    falling: bool = False

    def beyond(self, things: Iterable[T], asked: Asked) -> list[T]:
        """What comes after the page before, in order: one more than the limit where there is more than that."""
        if not asked.after:
            left = things
        elif self.falling:
            start = self._start(asked.after)
            left = (thing for thing in things if self.place(thing) < start)
        else:
            start = self._start(asked.after)
            left = (thing for thing in things if self.place(thing) > start)
        if self.falling:
            return nlargest(asked.limit + 1, left, key=self.place)
        return nsmallest(asked.limit + 1, left, key=self.place)

    def further(self, things: Sequence[T], asked: Asked) -> str:
        """What `after` is for the next page, of what `beyond` gave; empty where this is the last one."""
        if len(things) <= asked.limit:
            return ""
        return self.cursor(things[asked.limit - 1])

    def cursor(self, thing: T) -> str:
        """What `after` is for the page that begins behind a thing."""
        return urlsafe_b64encode(msgspec.json.encode(self.place(thing))).decode().rstrip("=")

    def _start(self, after: str) -> Place:
        try:
            text = urlsafe_b64decode(after + "=" * (-len(after) % 4))
            place: Place = msgspec.json.decode(text, type=self.kind)
        except ValueError:
            raise InvalidRequest("after: is not what a page of this list said") from None
        return place


def page_json(noun: str, order: Order[T], rows: Iterable[tuple[T, Json]], limit: int) -> Json:
    """A page under the noun's name; `more` says whether rows are left, `after` what to ask for them with, else null.

    `rows` are those beyond the page before, each with what it shows. They are made one by one: as many as there is
    room for, and one more.
    """
    kept: list[msgspec.Raw] = []
    size = 0
    last = None
    for thing, row in rows:
        encoded = msgspec.json.encode(row)
        size += len(encoded) + 1
        if last is not None and (len(kept) == limit or size > MOST_BYTES):
            return {noun: kept, "more": True, "after": order.cursor(last)}
        kept.append(msgspec.Raw(encoded))
        last = thing
    return {noun: kept, "more": False, "after": None}
