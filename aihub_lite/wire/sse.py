"""Server-sent events as bytes: a splitter that survives any cut, and a writer of the one form clients agree on."""

from __future__ import annotations

import re

import attrs

BOM = b"\xef\xbb\xbf"
KEEP_ALIVE = b": keep-alive\n"
"""One newline only, so that the comment is glued to the next event: a blank line after it would make an empty
event in older openai-go; `: ping` ends the stream in Continue (RULES.md C-2.4)."""


FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:")
"""How a stream of events begins, and no document does."""


class EventTooLarge(ValueError):
    """One event holds more bytes than allowed: an endless line, or an endless row of `data:` lines."""


def event(payload: bytes) -> bytes:
    """One `data:` event; `payload` must not hold a line break (JSON as encoded here never does)."""
    return b"data: " + payload + b"\n\n"


def named_event(kind: str, payload: bytes) -> bytes:
    """The same with its type on a line before it, as clients of Anthropic's and Responses' APIs want it."""
    return b"event: " + kind.encode() + b"\n" + event(payload)


DONE = event(b"[DONE]")


@attrs.define
class EventSplitter:
    """Splits a byte stream into the payloads of its events, however it was cut.

    Only LF, CR and CRLF end lines (`str.splitlines` also splits on U+2028, which is legal inside JSON). Several
    `data:` lines are joined by LF. Comments, `event`, `id` and `retry` are dropped, and so are events without data.
    """

    max_event_bytes: int
    _start: bytes | None = attrs.field(default=b"", init=False)
    """The first bytes while they may still be a byte order mark; None once that is decided."""
    _after_cr: bool = attrs.field(default=False, init=False)
    """Whether the last bytes ended with CR, so that an LF at the start of the next ones belongs to it."""
    _line: list[bytes] = attrs.field(factory=list, init=False)
    """Pieces of the line that has not ended yet."""
    _data: list[bytes] = attrs.field(factory=list, init=False)
    """Values of the `data:` lines of the event that has not ended yet."""
    _held: int = attrs.field(default=0, init=False)
    """Bytes in `_line` and `_data`."""

    def feed(self, data: bytes) -> list[bytes]:
        """Payloads of the events that these bytes complete; raises EventTooLarge."""
        if self._start is not None:
            data = self._without_bom(data)
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in data:
            self._hold(self._line, data)
            return []
        return self._lines(data)

    def flush(self) -> list[bytes]:
        """At the end of the stream: the payload of a last event that lacks its blank line, if there is one."""
        self._start = None
        return self._lines(b"\n\n")

    def _without_bom(self, data: bytes) -> bytes:
        data = (self._start or b"") + data
        if len(data) < len(BOM) and BOM.startswith(data):
            self._start = data
            return b""
        self._start = None
        return data.removeprefix(BOM)

    def _lines(self, data: bytes) -> list[bytes]:
        if self._line:
            data = b"".join([*self._line, data])
            self._line.clear()
            self._held = sum(map(len, self._data))
        lines = data.split(b"\n")
        rest = lines.pop()
        events: list[bytes] = []
        for line in lines:
            if line.startswith(b"data:"):
                self._hold(self._data, line[6:] if line.startswith(b" ", 5) else line[5:])
            elif not line and self._data:
                if payload := b"\n".join(self._data):
                    events.append(payload)
                self._data.clear()
                self._held = 0
        if rest:
            self._hold(self._line, rest)
        return events

    def _hold(self, where: list[bytes], data: bytes) -> None:
        self._held += len(data)
        if self._held > self.max_event_bytes:
            raise EventTooLarge(f"an event is larger than {self.max_event_bytes} bytes")
        where.append(data)


def is_stream(data: bytes) -> bool:
    """Whether a whole answer is a stream of events, whatever its type says."""
    return FIRST_LINE.match(data) is not None


def payloads_in(data: bytes) -> list[bytes]:
    """What the events of a whole stream say, without `[DONE]`."""
    splitter = EventSplitter(len(data))
    payloads = [*splitter.feed(data), *splitter.flush()]
    return [payload for payload in payloads if payload.strip() != b"[DONE]"]
