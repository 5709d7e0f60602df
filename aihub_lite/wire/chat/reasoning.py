"""Signatures of thoughts that travel with chat: in `extra_content` of calls, and in `reasoning_details`."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import TypeGuard

from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at

FORMAT = "google-gemini-v1"
"""OpenRouter's name for reasoning details that Gemini signed."""
GOES_BACK = ("thought_signature", "parts")
"""What Gemini wants to see again of `extra_content.google`: a signature, and calls of tools that ran at Google's."""
BASE64 = (string.ascii_letters + string.digits + "+/-_=").encode()


def signature_in(value: JsonView) -> str:
    """The thought signature of a call, an image or a message: in Google's own spelling, or litellm's; else empty."""
    extra = value.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    for holder in (google, value.get("provider_specific_fields")):
        if isinstance(holder, Mapping) and is_signature(signature := holder.get("thought_signature")):
            return signature
    return ""


def signed_extra(holder: JsonView) -> JsonObject:
    """The `extra_content` of a call or a message, with only what goes back to Gemini; empty: nothing does."""
    google = dict_at(dict_at(holder, "extra_content"), "google")
    kept = {name: google[name] for name in GOES_BACK if google.get(name)}
    if signature := signature_in(holder):
        kept["thought_signature"] = signature
    if not kept:
        return {}
    return {"google": kept}


def merged(one: JsonView, other: JsonView) -> JsonObject:
    """Two pieces of a message's `extra_content`, whose lists grow from piece to piece."""
    both = dict(one)
    for name, value in other.items():
        before = both.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            both[name] = merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            both[name] = before + value
        else:
            both[name] = value
    return both


def is_signature(value: object) -> TypeGuard[str]:
    """Whether it is base64 at all: Gemini refuses the whole request otherwise."""
    return isinstance(value, str) and bool(value) and value.isascii() and not value.encode().translate(None, BASE64)
