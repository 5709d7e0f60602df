"""Reasoning, there and back: what an upstream signed travels with the client in an item's `encrypted_content`.

It is ours and no secret: a mark, then base64url of JSON with what an assistant's chat message must carry again:

* `details`: its `reasoning_details`, as the translations from Anthropic and Gemini make and read them;
* `calls`: by call id, the `extra_content` of its tool calls, where Gemini's signatures are, and by item id that of its
  images;
* `extra`: its own `extra_content`.

A conversation that was summed up here travels likewise in a `compaction` item, with `summary` alone.

What another provider has encrypted cannot be read here and is passed over; what is ours is left out for upstreams that
speak Responses themselves.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

import attrs

from aihub_lite.wire.chat.reasoning import merged
from aihub_lite.wire.foreign_json import encode, object_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at

MARK = "aihub-v1."
"""With the version of what follows."""


@attrs.define
class SignedParts:
    """What upstreams signed of an assistant's message, and must get back with it."""

    details: list[object] = attrs.field(factory=list)
    calls: dict[str, JsonObject] = attrs.field(factory=dict)
    extra: JsonObject = attrs.field(factory=dict)

    def __bool__(self) -> bool:
        return bool(self.details or self.calls or self.extra)

    def add(self, later: SignedParts) -> None:
        """Put what comes later behind what is there."""
        self.details += later.details
        self.calls |= later.calls
        self.extra = merged(self.extra, later.extra)


def seal(signed: SignedParts) -> str:
    """The `encrypted_content` that carries it."""
    return _sealed({name: value for name, value in attrs.asdict(signed, recurse=False).items() if value})


def seal_summary(text: str) -> str:
    """The `encrypted_content` of a conversation that was summed up."""
    return _sealed({"summary": text})


def _sealed(fields: JsonObject) -> str:
    return MARK + urlsafe_b64encode(encode(fields)).decode().rstrip("=")


def is_ours(content: object) -> bool:
    """Whether an `encrypted_content` was sealed here, which no upstream could read."""
    return isinstance(content, str) and content.startswith(MARK)


def thoughts_in(items: object) -> Iterator[str]:
    """What of these items only the account that they came from can read, the latest first."""
    for item in reversed(dicts_in(items)):
        if thought := thought_of(item):
            yield thought


def thought_of(item: JsonView) -> str:
    """What an upstream knows a thought, or a compacted conversation, by: what it has encrypted, else the item's id, for
    it may have kept it. Empty for any other item, and for what was sealed here."""
    if item.get("type") not in ("reasoning", "compaction"):
        return ""
    content = item.get("encrypted_content")
    if not isinstance(content, str) or not content:
        return text_at(item, "id")
    if is_ours(content):
        return ""
    return content


def unseal(content: object) -> SignedParts:
    """What was sealed; nothing for what was not, or was changed on its way."""
    fields = _unsealed(content)
    calls = dict_at(fields, "calls")
    return SignedParts(
        [*dicts_in(fields.get("details"))],
        {call_id: extra for call_id, extra in calls.items() if isinstance(extra, dict)},
        dict_at(fields, "extra"),
    )


def unseal_summary(content: object) -> str:
    """The summary that was sealed; empty for what was not, or was changed on its way."""
    return text_at(_unsealed(content), "summary")


def _unsealed(content: object) -> JsonObject:
    if not isinstance(content, str) or not is_ours(content):
        return {}
    data = content.removeprefix(MARK).encode("utf-8", "replace")
    try:
        return object_in(urlsafe_b64decode(data + b"=" * (-len(data) % 4)).decode()) or {}
    except ValueError:
        return {}
