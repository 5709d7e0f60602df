"""AWS event streams (`application/vnd.amazon.eventstream`) as bytes: cut into the payloads of their events.

A message is, big-endian: its length and its headers' length (4 bytes each), a CRC-32 of these 8, the headers, the
payload, and a CRC-32 of everything before it. A header: the length of its name (1 byte), the name, the type of its
value (1 byte), the value. Smithy, "Amazon Event Stream Specification", November 2026.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Mapping
from zlib import crc32

import attrs
import msgspec

from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import decode_strict, encode
from aihub_lite.wire.json_types import text_at
from aihub_lite.wire.sse import EventTooLarge

CONTENT_TYPE = "application/vnd.amazon.eventstream"
PRELUDE = struct.Struct(">III")
"""Both lengths and their CRC."""
CHECKSUM = struct.Struct(">I")
LEAST = PRELUDE.size + CHECKSUM.size
"""Bytes of a message without headers and payload."""
MOST_HEADERS = 128 * 1024
"""Bytes of a message's headers (the specification)."""
SIZES: Mapping[int, int] = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type: true, false, byte, short, int, long, timestamp, UUID."""
SIZED = (6, 7)
"""Types whose values say their length, in 2 bytes, themselves: bytes and text."""
TEXT = 7

EXCEPTIONS: Mapping[str, int] = {
    "accessDeniedException": 403,
    "internalServerException": 500,
    "modelNotReadyException": 429,
    "modelStreamErrorException": 502,
    "modelTimeoutException": 504,
    "resourceNotFoundException": 404,
    "serviceQuotaExceededException": 429,
    "serviceUnavailableException": 503,
    "throttlingException": 429,
    "validationException": 400,
}
"""The HTTP statuses that exceptions stand for (Bedrock's API reference, InvokeModelWithResponseStream, November 2026);
408 and 424, as which two of them come outside of streams, would be the client's fault anywhere else."""


class _Chunk(msgspec.Struct):
    """What an event of the type `chunk` holds; `p` beside it is padding."""

    bytes: str = ""


_chunk = msgspec.json.Decoder(_Chunk).decode


@attrs.define(eq=False)
class MessageSplitter:
    """Splits a byte stream into what its messages say, however it was cut.

    That of a `chunk` is the payload of one event. An exception becomes an event of Anthropic's, `{"type": "error",
    "error": {"type", "status_code", "message"}}`. Whatever else there may be says nothing.
    """

    max_event_bytes: int
    _held: bytearray = attrs.field(factory=bytearray)
    """What has come of messages that have not ended yet."""
    _fault: AnswerNonsense | EventTooLarge | None = None
    """Of the bytes that came last: the payloads before the fault go out first."""

    def feed(self, data: bytes) -> list[bytes]:
        """Payloads of the messages that these bytes complete; raises AnswerNonsense for bytes that are no message, and
        EventTooLarge."""
        if self._fault is not None:
            raise self._fault
        self._held += data
        payloads: list[bytes] = []
        try:
            while message := self._message():
                if payload := _payload_of(message):
                    payloads.append(payload)
        except (AnswerNonsense, EventTooLarge) as fault:
            if not payloads:
                raise
            self._fault = fault
        return payloads

    def flush(self) -> list[bytes]:
        """At the end of the stream, where nothing may be left; raises AnswerNonsense."""
        if self._fault is not None:
            raise self._fault
        if self._held:
            raise AnswerNonsense("The upstream's stream ends within a message.")
        return []

    def _message(self) -> bytes:
        """The next message, checked; empty while it is not whole."""
        held = self._held
        if len(held) < PRELUDE.size:
            return b""
        size, headers, checksum = PRELUDE.unpack_from(held)
        # First of all: what is no message at all is not waited for.
        if crc32(held[: PRELUDE.size - CHECKSUM.size]) != checksum:
            raise AnswerNonsense("The upstream's stream is not what it says that it is.")
        if headers > min(MOST_HEADERS, size - LEAST):
            raise AnswerNonsense("A message of the upstream's stream has impossible lengths.")
        if size > self.max_event_bytes:
            raise EventTooLarge(f"a message is larger than {self.max_event_bytes} bytes")
        if len(held) < size:
            return b""
        message = bytes(held[:size])
        del held[:size]
        if crc32(message[: -CHECKSUM.size]) != CHECKSUM.unpack(message[-CHECKSUM.size :])[0]:
            raise AnswerNonsense("A message of the upstream's stream is damaged.")
        return message


def _payload_of(message: bytes) -> bytes:
    """What a message says; empty for nothing."""
    end = PRELUDE.size + PRELUDE.unpack_from(message)[1]
    headers = _headers_in(message[PRELUDE.size : end])
    payload = message[end : -CHECKSUM.size]
    kind = headers.get(":message-type", "event")
    if kind == "event":
        if headers.get(":event-type") != "chunk":
            return b""
        return _chunk_in(payload)
    if kind == "exception":
        return _exception(headers.get(":exception-type", ""), payload)
    return _error(headers.get(":error-code", ""), 502, headers.get(":error-message", ""))


def _chunk_in(payload: bytes) -> bytes:
    try:
        return b64decode(_chunk(payload).bytes, validate=True)
    except ValueError:  # msgspec's and binascii's errors too
        raise AnswerNonsense("A chunk of the upstream's stream makes no sense.") from None


def _exception(name: str, payload: bytes) -> bytes:
    """An exception as an event; the model's own error may say which status it had."""
    try:
        said = decode_strict(payload)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        said = {}
    status = EXCEPTIONS.get(name, 502)
    original = said.get("originalStatusCode")
    if type(original) is int and 400 <= original <= 599:
        status = original
    return _error(name, status, text_at(said, "message") or text_at(said, "originalMessage"))


def _error(name: str, status: int, message: str) -> bytes:
    error = {"type": name, "status_code": status, "message": message or name or "The upstream broke off."}
    return encode({"type": "error", "error": error})


def _headers_in(data: bytes) -> dict[str, str]:
    """The headers whose values are texts; raises AnswerNonsense."""
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            named = at + 1 + data[at]
            name = data[at + 1 : named].decode()
            kind = data[named]
            at = named + 1
            size = SIZES.get(kind)
            if kind in SIZED:
                size = int.from_bytes(data[at : at + 2])
                at += 2
            if size is None or at + size > len(data):
                raise AnswerNonsense("A header of the upstream's stream makes no sense.")
            if kind == TEXT:
                headers[name] = data[at : at + size].decode()
            at += size
    except (IndexError, UnicodeDecodeError):
        raise AnswerNonsense("A header of the upstream's stream makes no sense.") from None
    return headers
