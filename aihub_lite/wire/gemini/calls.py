"""Function calls of a conversation and the results that answer them."""

from __future__ import annotations

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.reasoning import is_signature, signature_in
from aihub_lite.wire.foreign_json import object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at

ID_SIGNATURE = "__thought__"
"""litellm hides the signature behind this in a call's id, for clients that keep nothing else."""


@attrs.define
class Call:
    """One call as the client gives it back."""

    position: int
    """Among all calls of the conversation."""
    id: str
    name: str
    arguments: JsonObject = attrs.field(factory=dict)
    signature: str = ""
    answered: bool = False


@attrs.define
class Calls:
    """All calls so far. A result says only the id of its call; Gemini wants the name."""

    _by_id: dict[str, list[Call]] = attrs.field(factory=dict)
    _by_name: dict[str, list[Call]] = attrs.field(factory=dict)
    _count: int = 0

    def add(self, value: object, where: str) -> Call:
        """Remembers a call of an assistant's message."""
        if not isinstance(value, dict):
            raise _no_call(where)
        function = dict_at(value, "function")
        name = function.get("name")
        if not isinstance(name, str) or not name:
            raise _no_call(where)
        call_id, hidden_signature = _split_id(value.get("id"))
        arguments = _arguments(function.get("arguments"), where)
        call = Call(self._count, call_id, name, arguments, signature_in(value) or hidden_signature)
        self._count += 1
        self._by_id.setdefault(call_id, []).append(call)
        self._by_name.setdefault(name, []).append(call)
        return call

    def answer(self, message: JsonView, where: str) -> Call:
        """The call that a result answers: of several with one id the first unanswered.

        A result that names its function needs no call: then it answers one that would stand after all others.
        """
        call_id, _ = _split_id(message.get("tool_call_id"))
        name = message.get("name")
        calls: list[Call] = []
        if message.get("role") == "tool":
            calls = self._by_id.get(call_id, calls)
        if not calls and isinstance(name, str):
            calls = self._by_name.get(name, calls)
        if calls:
            # All answered: the client gives a result twice, and the last call is as good as any.
            call = next((call for call in calls if not call.answered), calls[-1])
            call.answered = True
            return call
        if isinstance(name, str) and name:
            return Call(self._count, call_id, name)
        raise InvalidRequest(f"'{where}.tool_call_id' does not name a tool call of a message before it.")


def _no_call(where: str) -> InvalidRequest:
    return InvalidRequest(f"'{where}' must be a function call with a name.")


def _split_id(value: object) -> tuple[str, str]:
    """A call's id, and the signature hidden in it."""
    if not isinstance(value, str):
        return "", ""
    call_id, _, signature = value.partition(ID_SIGNATURE)
    if is_signature(signature):
        return call_id, signature
    return call_id, ""


def _arguments(value: object, where: str) -> JsonObject:
    """Gemini takes an object only; what the client's model once wrote wrong is passed on as it was."""
    if isinstance(value, dict):
        return value
    if value is None or value == "":
        return {}
    if not isinstance(value, str):
        raise InvalidRequest(f"'{where}.function.arguments' must be a string.")
    arguments = object_in(value)
    if arguments is not None:
        return arguments
    if value.strip():
        return {"_raw": value}
    return {}
