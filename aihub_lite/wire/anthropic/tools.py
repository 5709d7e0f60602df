"""What both sides of Anthropic's API share of tools: ids, arguments, and names that stay."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aihub_lite.wire.foreign_json import object_in
from aihub_lite.wire.json_types import JsonObject

NO_NAMES: Mapping[str, str] = {}
"""For requests whose names of tools are the same on both sides."""

VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,256}")
"""Of a call; any other is a 400."""

RAW = "_raw"
"""Holds arguments that are no JSON object: leaving the call out would orphan its result."""


def arguments(value: object) -> JsonObject:
    """Arguments as the object that the wire wants; nothing is `{}`, nonsense is kept under `_raw`."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return _arguments_in(value)
    if value is None:
        return {}
    return {RAW: value}


def _arguments_in(text: str) -> JsonObject:
    parsed = object_in(text)
    if parsed is not None:
        return parsed
    if text.strip() in ("", "null"):
        return {}
    return {RAW: text}
