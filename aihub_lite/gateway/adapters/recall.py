"""What a request of Responses points at, put in its place; and its own answer, kept for the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import attrs

from aihub_lite.errors import RequestTooLarge
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.state.answers import Epoch, KeptAnswers
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, text_at
from aihub_lite.wire.responses.kept import LOST, ItemNotFound, PreviousResponseNotFound, Turn, expanded, turn_of
from aihub_lite.wire.responses.state import ResponseState

Body = TypeVar("Body")
Parsed = TypeVar("Parsed")


class Parser(Protocol):
    """Takes bodies apart, large ones beside the loop."""

    async def parsed(self, parse: Callable[[Body], Parsed], body: Body, size: int, token_id: str) -> Parsed:
        """What `parse` makes of a body of `size` bytes; raises what it raises."""
        ...


@attrs.frozen
class ResponsesBody:
    """A request's body, and the response that its client is told of from now on."""

    data: bytes | bytearray = attrs.field(repr=False)
    state: ResponseState
    read: JsonObject | None = attrs.field(default=None, repr=False)
    """What it says, where it was read already; then there are no `data`."""

    def content(self) -> JsonObject:
        """What it says; raises InvalidRequest."""
        if self.read is not None:
            return self.read
        return parse_json(self.data)


@attrs.define(eq=False)
class Keeping:
    """Keeps the answer to one request."""

    answers: KeptAnswers
    token_id: str
    epoch: Epoch
    said: Sequence[bytes] | None = attrs.field(repr=False)
    """The request's input, item by item; None where it is too large."""

    def keep(self, response_id: str, output: list[JsonObject], told: list[JsonObject]) -> None:
        """Takes an answer as `ResponseState` gives it."""
        items = {text_at(item, "id"): encode(item) for item in told}
        answered = [(text_at(item, "id"), encode(item)) for item in output]
        items.update(answered)
        items.pop("", None)
        conversation = None
        if self.said is not None:
            conversation = [*self.said, *(data for _, data in answered)]
        self.answers.keep(self.token_id, self.epoch, response_id, conversation, items)


@attrs.frozen(eq=False)
class Recall:
    """Reads requests, with all that they point at."""

    answers: KeptAnswers
    parser: Parser

    @property
    def on(self) -> bool:
        """Whether anything is kept."""
        return self.answers.on

    async def whole(
        self, body: ResponsesBody, exchange: Exchange, limit: int, epoch: Epoch, *, keeps: bool
    ) -> ResponsesBody:
        """A body with what it points at in its place, which counts as if the client had sent it, up to `limit` bytes.

        `epoch` is that of the token when the request began, `keeps` whether its answer is kept, unless it asks for the
        contrary. Raises InvalidRequest and RequestTooLarge.
        """
        content, turn = await self.parser.parsed(_Reading(keeps), body.data, exchange.received, exchange.token_id)
        state = body.state
        if turn is None:
            return ResponsesBody(b"", state, content)
        state.previous = turn.previous
        items = self._items(turn, exchange.token_id, limit)
        if _keeps(content, keeps):
            state.keep = self._keeping(items, exchange.token_id, epoch).keep
        if not turn.points:
            return ResponsesBody(b"", state, content)
        data = expanded(content, items)
        if len(data) > limit:
            raise _too_large(limit)
        exchange.received = len(data)
        return ResponsesBody(data, state)

    def _items(self, turn: Turn, token_id: str, limit: int) -> list[bytes]:
        """The whole input; raises as `whole` does, before it is larger than what may be."""
        items: list[bytes] = []
        if turn.previous is not None:
            conversation = self.answers.conversation(token_id, turn.previous)
            if conversation is None:
                raise PreviousResponseNotFound(turn.previous, LOST)
            items += conversation
        size = sum(map(len, items))
        for item in turn.items:
            if isinstance(item, bytes):
                found: bytes | None = item
            else:
                found = self.answers.item(token_id, item.id)
                if found is None and not item.dispensable:
                    raise ItemNotFound(item.where, item.id, LOST)
            if found is None:
                continue
            size += len(found)
            if size > limit:
                raise _too_large(limit)
            items.append(found)
        return items

    def _keeping(self, items: list[bytes], token_id: str, epoch: Epoch) -> Keeping:
        said: list[bytes] | None = items
        if sum(map(len, items)) > self.answers.bounds.token_bytes:
            said = None
        return Keeping(self.answers, token_id, epoch, said)


@attrs.frozen
class _Reading:
    """Reads a body, and what of it is kept or stands for more; with nothing of either, no turn."""

    keeps: bool

    def __call__(self, data: bytes | bytearray) -> tuple[JsonObject, Turn | None]:
        content = parse_json(data)
        turn = turn_of(content, kept=_keeps(content, self.keeps))
        return content, turn


def _keeps(content: JsonObject, keeps: bool) -> bool:
    """Whether an answer is kept, as far as its request has a say."""
    return keeps and content.get("store") in (None, True)


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"The request is larger than {limit} bytes with all that it points at.")
