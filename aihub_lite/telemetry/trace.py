"""Whose trace a request is a part of: the header `traceparent`, as W3C Trace Context has it (level 1, section 3.2)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

import attrs

HEADER = b"traceparent"
WRITTEN = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
NO_VERSION = b"ff"
OLDEST = b"00"


@attrs.frozen
class Trace:
    """A trace, and the span in it that stands for one request here. All in hexadecimal digits."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    """The client's span; empty where it named none."""
    sampled: bool = True
    """Whether its client records the trace; where none is named, whoever gets the spans decides."""

    @property
    def header(self) -> bytes:
        """What an upstream is told: this request's span is the parent of its own."""
        return f"00-{self.trace_id}-{self.span_id}-{self.sampled:02x}".encode()


def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """The client's trace, or a new one where it has said none that can be read. Header names are in small letters."""
    values = [value for name, value in headers if name == HEADER]
    match = WRITTEN.fullmatch(values[0]) if len(values) == 1 else None
    span_id = secrets.token_hex(8)
    if match is None:
        return Trace(secrets.token_hex(16), span_id)
    version, trace_id, parent_id, flags, more = match.groups()
    # What a later version appends is not known here; version 00 has nothing more.
    if version == NO_VERSION or (version == OLDEST and more) or not trace_id.strip(b"0") or not parent_id.strip(b"0"):
        return Trace(secrets.token_hex(16), span_id)
    return Trace(trace_id.decode(), span_id, parent_id.decode(), bool(int(flags, 16) & 1))
