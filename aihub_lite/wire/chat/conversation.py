"""Which conversation a request belongs to, from what all its requests have in common: how it began."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec

SYSTEM = frozenset({"system", "developer"})
_encode = msgspec.json.Encoder(order="sorted").encode


def conversation_of(messages: list[dict[str, Any]]) -> bytes:
    """A digest of the system text and the first user message; never kept anywhere, and tells nobody what they say."""
    digest = blake2b(digest_size=16)
    for piece in _beginning(messages):
        # Each with its length, or pieces that are cut elsewhere would look the same.
        digest.update(b"%d:" % len(piece))
        digest.update(piece)
    return digest.digest()


def _beginning(messages: list[dict[str, Any]]) -> Iterator[bytes]:
    for message in messages:
        role = message.get("role")
        if role in SYSTEM or role == "user":
            yield b"user" if role == "user" else b"system"
            yield from _pieces(message.get("content"))
        if role == "user":
            return


def _pieces(content: Any) -> Iterator[bytes]:
    """A text is the same whether it comes as a string or as a part; cache marks wander as a conversation grows."""
    for part in content if isinstance(content, list) else [content]:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text.encode("utf-8", "surrogatepass")
        elif isinstance(part, dict):
            yield _encode({name: value for name, value in part.items() if name != "cache_control"})
        else:
            yield _encode(part)
