"""Reasoning, there and back: what an upstream signed travels with the client in an item's `encrypted_content`.

It is ours and no secret: a mark, then base64url of JSON with what an assistant's chat message must carry again:

* `details`: its `reasoning_details`, as Anthropic's and Gemini's wires make and read them;
* `calls`: by call id, the `extra_content` of its tool calls, where Gemini's signatures are;
* `extra`: its own `extra_content`.

What another has encrypted says nothing here, and what is ours says nothing elsewhere.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from aihub_lite.wire.nested_json import object_in

MARK = "aihub-v1."
"""With the version of what follows."""
_encode = msgspec.json.Encoder().encode


@attrs.define
class Signed:
    """What must come back with an assistant's message."""

    details: list[Any] = attrs.field(factory=list)
    calls: dict[str, Any] = attrs.field(factory=dict)
    extra: dict[str, Any] = attrs.field(factory=dict)

    def __bool__(self) -> bool:
        return bool(self.details or self.calls or self.extra)

    def add(self, other: Signed) -> None:
        """What comes later, behind what is there."""
        self.details += other.details
        self.calls |= other.calls
        self.extra = merged(self.extra, other.extra)


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two pieces of a message's `extra_content`, whose lists grow from piece to piece."""
    found = dict(one)
    for name, value in other.items():
        before = found.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            found[name] = merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            found[name] = before + value
        else:
            found[name] = value
    return found


def seal(signed: Signed) -> str:
    """As `encrypted_content`."""
    said = {name: value for name, value in attrs.asdict(signed, recurse=False).items() if value}
    return MARK + urlsafe_b64encode(_encode(said)).decode().rstrip("=")


def is_ours(content: object) -> bool:
    """Whether an `encrypted_content` was sealed here, which no upstream could read."""
    return isinstance(content, str) and content.startswith(MARK)


def unseal(content: object) -> Signed:
    """What was sealed; nothing for what was not, or was changed on its way."""
    if not isinstance(content, str) or not is_ours(content):
        return Signed()
    data = content.removeprefix(MARK).encode("utf-8", "replace")
    try:
        said = object_in(urlsafe_b64decode(data + b"=" * (-len(data) % 4)).decode())
    except ValueError:
        return Signed()
    details, calls, extra = ((said or {}).get(name) for name in ("details", "calls", "extra"))
    return Signed(
        [each for each in details if isinstance(each, dict)] if isinstance(details, list) else [],
        {call: each for call, each in calls.items() if isinstance(each, dict)} if isinstance(calls, dict) else {},
        extra if isinstance(extra, dict) else {},
    )
