"""Refusals of what was translated to chat first name fields of chat, which clients of other surfaces never sent."""

from __future__ import annotations

import re

from aihub_lite.errors import InvalidRequest

FieldNames = tuple[tuple[re.Pattern[str], str], ...]
"""Quoted fields of chat, and what the surface calls them. Positions in `messages` say nothing to other surfaces."""


def renamed(refusal: InvalidRequest, names: FieldNames) -> InvalidRequest:
    """The same refusal in the words of a surface."""
    message = refusal.message
    for pattern, name in names:
        message = pattern.sub(name, message)
    return InvalidRequest(message)
