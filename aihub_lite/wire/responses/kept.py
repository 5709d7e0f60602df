"""Requests that point at what was answered before, and the requests that they stand for.

`previous_response_id` stands for the input and the output of an earlier response, and of those that it went on from;
its `instructions` are not carried over (OpenAI's "Conversation state"). An item `{"type": "item_reference", "id": …}`,
or `{"id": …}` alone, stands for an item of an earlier output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
import msgspec

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in, text_at

PREVIOUS = "previous_response_id"
REFERENCE = "item_reference"
REASONING_ID = "rs_"
"""What ids of reasoning items begin with, OpenAI's and ours."""
INSTEAD = "send the items themselves, with 'store' set to false."
LOST = f"Answers are kept in memory only, for ten minutes after their last use, and for the token that asked: {INSTEAD}"
STATELESS = f"Nothing is stored here: {INSTEAD}"


class PreviousResponseNotFound(InvalidRequest):
    """A request that goes on from a response that is not kept."""

    code: str | int | None = "previous_response_not_found"

    def __init__(self, previous: str, why: str) -> None:
        super().__init__(f"Previous response with id {previous[:80]!r} not found. {why}")


class ItemNotFound(InvalidRequest):
    """A request that points at an item that is not kept; `where` it does."""

    def __init__(self, where: str, item_id: str, why: str) -> None:
        super().__init__(f"'{where}' points at an item, {item_id[:80]!r}, that is not found. {why}")


@attrs.frozen
class Reference:
    """An item by its id alone."""

    id: str
    where: str
    """As refusals name it."""

    @property
    def dispensable(self) -> bool:
        """Reasoning can be done without; what was said or called cannot."""
        return self.id.startswith(REASONING_ID)


@attrs.frozen
class Turn:
    """What a request says itself, item by item."""

    previous: str | None
    """The response that it goes on from."""
    items: tuple[bytes | Reference, ...] = attrs.field(repr=False)

    @property
    def points(self) -> bool:
        """Whether it is not whole without what was answered before."""
        return self.previous is not None or any(isinstance(item, Reference) for item in self.items)


def turn_of(body: JsonView, *, kept: bool) -> Turn | None:
    """The input of a request, where it points at anything or is `kept`; raises InvalidRequest. What else is wrong with
    it is left to whoever parses it."""
    previous = body.get(PREVIOUS)
    if previous is not None and not isinstance(previous, str):
        raise InvalidRequest(f"'{PREVIOUS}' must be a string.")
    said = body.get("input")
    if isinstance(said, str):
        said = [{"role": "user", "content": said}]
    if not isinstance(said, list):
        said = []
    if not kept and previous is None and not any(is_reference(item) for item in dicts_in(said)):
        return None
    return Turn(previous, tuple(_item(item, f"input[{position}]") for position, item in enumerate(said)))


def _item(item: object, where: str) -> bytes | Reference:
    if not isinstance(item, dict) or not is_reference(item):
        return encode(item)
    if not isinstance(item.get("id"), str):
        raise InvalidRequest(f"'{where}.id' must be a string.")
    return Reference(item["id"], where)


def is_reference(item: JsonView) -> bool:
    """Whether an item says nothing but which one it is."""
    kind = item.get("type")
    if kind is None:
        return {name for name, value in item.items() if value is not None} == {"id"}
    return bool(kind == REFERENCE)


def expanded(body: JsonView, items: Iterable[bytes]) -> bytes:
    """The request that one stands for, in JSON, with these `items` as its input."""
    whole = {name: value for name, value in body.items() if name != PREVIOUS}
    return encode({**whole, "input": [msgspec.Raw(item) for item in items]})


def with_sealed(output: object, sealed: Mapping[str, str]) -> list[JsonObject]:
    """The items of an output, the reasoning among them with what was signed of it, by id, also where the client has not
    asked for that."""
    return [_with_seal(item, sealed) for item in dicts_in(output)]


def _with_seal(item: JsonObject, sealed: Mapping[str, str]) -> JsonObject:
    content = sealed.get(text_at(item, "id"))
    if content is None:
        return item
    return {**item, "encrypted_content": content}
