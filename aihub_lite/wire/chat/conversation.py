"""Which conversation a request belongs to, from what all its requests have in common: how it began."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import msgspec

from aihub_lite.wire.json_types import JsonObject

SYSTEM = frozenset({"system", "developer"})
_encode = msgspec.json.Encoder(order="sorted").encode


def conversation_of(messages: list[JsonObject]) -> bytes:
    """A digest of the system text and the first user message; never kept anywhere, and tells nobody what they say."""
    digest = blake2b(digest_size=16)
    for piece in _beginning(messages):
        # Each with its length, or pieces that are cut elsewhere would look the same.
        digest.update(b"%d:" % len(piece))
        digest.update(piece)
    return digest.digest()


def _beginning(messages: list[JsonObject]) -> Iterator[bytes]:
    for message in messages:
        role = message.get("role")
        if role in SYSTEM:
            yield b"system"
            yield from _pieces(message.get("content"))
        elif role == "user":
            yield b"user"
            yield from _pieces(message.get("content"))
            return


def _pieces(content: object) -> Iterator[bytes]:
    """A text is the same whether it comes as a string or as a part; cache marks wander as a conversation grows."""
    parts = content
    if not isinstance(parts, list):
        parts = [content]
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text.encode("utf-8", "surrogatepass")
        elif isinstance(part, dict):
            yield _encode({name: value for name, value in part.items() if name != "cache_control"})
        else:
            yield _encode(part)
