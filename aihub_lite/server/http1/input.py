"""Bytes of a client that were not read yet: half a head, or what follows a request that is being answered."""

from __future__ import annotations

import re

from aihub_lite.errors import AddressTooLong, HeadersTooLarge, InvalidRequest

HEAD_LIMIT = 64 * 1024
"""Bytes of a request's head, as before; nginx has 32 KiB."""
LINE_LIMIT = 16 * 1024
"""Bytes of a request's first line: the longest address that is looked at has 10 KiB (`web.gate`)."""
EMPTY_LINE = b"\r\n"
END_OF_HEAD = b"\r\n\r\n"
BARE_LF = re.compile(rb"(?<!\r)\n")
TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""RFC 9110 5.6.2: what a method may be made of."""


class Input:
    """What waits to be read. One that comes whole, as nearly all do, is never copied together."""

    __slots__ = ("_data", "_searched")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._searched = 0
        """So many bytes of it hold no end of a head: one that comes byte by byte is not searched from its start."""

    def __len__(self) -> int:
        return len(self._data)

    def add(self, data: bytes) -> None:
        """It came after the rest."""
        if not self._data:
            self._data = data
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data)
        self._data += data

    def take_all(self) -> bytes:
        """Everything, and forget it."""
        data = bytes(self._data)
        self.clear()
        return data

    def clear(self) -> None:
        """Nothing of it is read any more."""
        self._data = b""
        self._searched = 0

    def take_head(self) -> bytes | None:
        """The next request's head with its empty line, or None where it is not whole; empty lines before are skipped.

        Raises InvalidRequest for what cannot become a head, AddressTooLong and HeadersTooLarge.
        """
        if self._data.startswith(EMPTY_LINE):
            self._skip_empty_lines()
        end = self._data.find(END_OF_HEAD, self._searched)
        if end < 0:
            self._check_beginning()
            self._searched = max(0, len(self._data) - len(END_OF_HEAD) + 1)
            return None
        end += len(END_OF_HEAD)
        if end > LINE_LIMIT:
            self._check_size(end)
        head = bytes(self._data[:end])
        self._data = self._data[end:]
        self._searched = 0
        return head

    def _skip_empty_lines(self) -> None:
        """RFC 9112 2.2: some clients send one after a body."""
        start = 0
        while self._data.startswith(EMPTY_LINE, start):
            start += len(EMPTY_LINE)
        self._data = self._data[start:]
        self._searched = 0

    def _check_beginning(self) -> None:
        """Whether it may still become a head: what cannot is refused now, not when the clock of heads is over."""
        if not self._data or self._data == b"\r":
            return
        if self._data[0] not in TOKEN:
            raise InvalidRequest("This is not HTTP/1.1: a request begins with its method.")
        if BARE_LF.search(self._data, self._searched):
            raise InvalidRequest("Lines of a request's head end with CR and LF.")
        self._check_size(len(self._data))

    def _check_size(self, size: int) -> None:
        """Whether a head of so many bytes is too large."""
        if size > LINE_LIMIT and self._data.find(b"\n", 0, LINE_LIMIT) < 0:
            raise AddressTooLong(f"The first line of the request is longer than {LINE_LIMIT} bytes.")
        if size > HEAD_LIMIT:
            raise HeadersTooLarge(f"The head of the request is larger than {HEAD_LIMIT} bytes.")
