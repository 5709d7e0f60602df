"""Function calls of a conversation and the results that answer them."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, TypeGuard

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.nested_json import object_in

ID_SIGNATURE = "__thought__"
"""litellm hides the signature behind this in a call's id, for clients that keep nothing else."""
BASE64 = (string.ascii_letters + string.digits + "+/-_=").encode()


@attrs.define
class Call:
    """One call as the client gives it back."""

    position: int
    """Among all calls of the conversation."""
    id: str
    name: str
    arguments: dict[str, Any]
    signature: str
    answered: bool = False


@attrs.define
class Calls:
    """All calls so far. A result says only the id of its call; Gemini wants the name."""

    _by_id: dict[str, list[Call]] = attrs.field(factory=dict)
    _by_name: dict[str, list[Call]] = attrs.field(factory=dict)
    _made: int = 0

    def made(self, value: object, where: str) -> Call:
        """A call of an assistant's message, remembered."""
        function = value.get("function") if isinstance(value, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(function, Mapping) or not isinstance(name, str) or not name:
            raise InvalidRequest(f"'{where}' must be a function call with a name.")
        call_id, hidden = _identified(value.get("id"))
        call = Call(
            self._made, call_id, name, _arguments(function.get("arguments"), where), signature_in(value) or hidden
        )
        self._made += 1
        self._by_id.setdefault(call_id, []).append(call)
        self._by_name.setdefault(name, []).append(call)
        return call

    def answered(self, message: Mapping[str, Any], where: str) -> tuple[int, str, str]:
        """Position, name and id of the call that a result answers: of several with one id the first unanswered."""
        call_id, _ = _identified(message.get("tool_call_id"))
        given = message.get("name")
        calls = self._by_id.get(call_id) if message.get("role") == "tool" else None
        if not calls and isinstance(given, str):
            calls = self._by_name.get(given)
        if calls:
            call = next((call for call in calls if not call.answered), calls[-1])
            call.answered = True
            return call.position, call.name, call.id
        if isinstance(given, str) and given:
            return self._made, given, call_id
        raise InvalidRequest(f"'{where}.tool_call_id' does not name a tool call of a message before it.")


def signature_in(value: Mapping[str, Any]) -> str:
    """The thought signature of a call, an image or a message: Google's own spelling, and litellm's."""
    extra = value.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    fields = value.get("provider_specific_fields")
    for holder in (google, fields):
        found = holder.get("thought_signature") if isinstance(holder, Mapping) else None
        if is_signature(found):
            return found
    return ""


def is_signature(value: object) -> TypeGuard[str]:
    """Whether it is base64 at all: Gemini refuses the whole request otherwise."""
    return isinstance(value, str) and bool(value) and value.isascii() and not value.encode().translate(None, BASE64)


def _identified(value: object) -> tuple[str, str]:
    """A call's id, and the signature hidden in it."""
    if not isinstance(value, str):
        return "", ""
    call_id, _, signature = value.partition(ID_SIGNATURE)
    return call_id, signature if is_signature(signature) else ""


def _arguments(value: object, where: str) -> dict[str, Any]:
    """Gemini takes an object only; what the client's model once wrote wrong is passed on as it was."""
    if isinstance(value, dict):
        return value
    if value is None or value == "":
        return {}
    if not isinstance(value, str):
        raise InvalidRequest(f"'{where}.function.arguments' must be a string.")
    found = object_in(value)
    if found is not None:
        return found
    return {"_raw": value} if value.strip() else {}
