"""A whole answer of any surface but chat, as it goes to the client."""

from __future__ import annotations

import attrs
import msgspec

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.usage import usage_of
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.passthrough.raw import RawObject, raw, value_at
from aihub_lite.wire.written import Written

JSON_TYPE = "application/json"


@attrs.frozen
class PassedAnswer:
    """The body to send; `usage` as the upstream reported it, None if it did not, and then `own` is our count."""

    body: bytes = attrs.field(repr=False)
    usage: Usage | None
    own: Usage
    content_type: str = JSON_TYPE
    written: Written | None = None
    """Of a conversation's answer."""
    withheld: bool = False

    def estimated(self, prompt_tokens: int) -> Usage:
        """What it comes to by our own count, which knows the prompt already."""
        return self.own


def reported_usage(fields: RawObject) -> Usage | None:
    """The tokens that an answer reports, if it does."""
    return usage_of(value_at(fields, "usage"))


def with_changes(fields: RawObject, **changes: object) -> bytes:
    """The answer with some of its fields changed; everything else is as it came."""
    changed: dict[str, msgspec.Raw] = {**fields, **{name: raw(value) for name, value in changes.items()}}
    return encode(changed)
