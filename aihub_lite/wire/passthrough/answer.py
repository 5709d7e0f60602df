"""A whole answer of any surface but chat, as it goes to the client."""

from __future__ import annotations

import attrs
import msgspec

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat_usage import usage_of
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.raw_answer import RawObject, looked_into, raw

JSON_TYPE = "application/json"


@attrs.frozen
class PassedAnswer:
    """The body to send; `usage` as upstream reported it, None if it did not, and then `own` is our count."""

    body: bytes = attrs.field(repr=False)
    usage: Usage | None
    own: Usage
    content_type: str = JSON_TYPE

    def estimated(self, prompt_tokens: int) -> Usage:
        """What it comes to by our own count."""
        return self.own


def tokens_reported(fields: RawObject) -> Usage | None:
    """The tokens that an answer says it took."""
    return usage_of(looked_into(fields, "usage"))


def rewritten(fields: RawObject, **changes: object) -> bytes:
    """The answer with some of its fields changed; everything else is as it came."""
    changed: dict[str, msgspec.Raw] = {**fields, **{name: raw(value) for name, value in changes.items()}}
    return encode(changed)
