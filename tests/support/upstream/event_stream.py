"""AWS event streams as Bedrock writes them, for scripted upstreams."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

import msgspec

TEXT = 7


def header(name: str, value: str) -> bytes:
    """One header that holds text."""
    text = value.encode()
    return bytes((len(name),)) + name.encode() + bytes((TEXT,)) + struct.pack(">H", len(text)) + text


def message(headers: bytes, payload: bytes) -> bytes:
    """One message with both checksums."""
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return body + struct.pack(">I", crc32(body))


def _of_type(kind: str, name: str, payload: object) -> bytes:
    headers = header(f":{kind}-type", name) + header(":content-type", "application/json")
    return message(headers + header(":message-type", kind), msgspec.json.encode(payload))


def chunk(event: Mapping[str, Any] | bytes) -> bytes:
    """One event of a model, padded as Bedrock pads them."""
    data = event if isinstance(event, bytes) else msgspec.json.encode(event)
    return _of_type("event", "chunk", {"bytes": b64encode(data).decode(), "p": "abcdefgh"})


def exception(name: str, text: str, **more: object) -> bytes:
    """What ends a stream early."""
    return _of_type("exception", name, {"message": text, **more})


def chunks(events: Iterable[Mapping[str, Any] | bytes]) -> bytes:
    """A whole stream."""
    return b"".join(map(chunk, events))
