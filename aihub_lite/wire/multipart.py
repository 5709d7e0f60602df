"""`multipart/form-data`: taken apart while it arrives, kept once, and written anew for every attempt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import attrs
from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    content_disposition_quote,
    parse_options_header,
)

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.fields import ROUTING_FIELDS, whole
from aihub_lite.wire.json_types import JsonObject, JsonView

FORM = "multipart/form-data"
MAX_PARTS = 128
MAX_FIELD = 256 * 1024
"""Bytes of a part that is no file; prompts of images may have 32,000 characters."""
SLICE = 64 * 1024
"""Bytes that are copied at a time on the way upstream."""
BOUNDARY = re.compile(r"[\w'()+,./:=?-](?:[\w'()+,./:=? -]{0,68}[\w'()+,./:=?-])?", re.ASCII)
"""RFC 2046, 5.1.1."""
PLAIN = re.compile(r"[\w'+.-]+", re.ASCII)
"""What needs no quotes in a header."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ENCODED_NAME = re.compile(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
"""RFC 5987; the parser knows only the plain form."""


@attrs.frozen
class Part:
    """One part; a file has a `filename`, which may be empty."""

    name: str
    filename: str | None
    content_type: str
    data: bytearray = attrs.field(repr=False)

    def head(self) -> bytes:
        """Its header fields, with the empty line that ends them."""
        disposition = f"form-data; name={content_disposition_quote(self.name)}"
        if self.filename is not None:
            disposition += f"; filename={content_disposition_quote(self.filename)}"
        lines = [f"Content-Disposition: {disposition}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@attrs.frozen
class Form:
    """All parts in their order; `boundary` is the client's own, which none of them holds."""

    boundary: str
    parts: tuple[Part, ...]

    def fields(self) -> JsonObject:
        """The texts of all parts that are no files; of a name that stands twice the last counts."""
        return {part.name: part.data.decode() for part in self.parts if part.filename is None}

    def files(self, *names: str) -> list[Part]:
        """The files of any of these names."""
        return [part for part in self.parts if part.filename is not None and part.name in names]

    def body_with(self, changed: Mapping[str, str]) -> FormBody:
        """The form as it goes upstream: with `changed` fields instead of the client's, and without routing fields."""
        dropped = {*changed, *ROUTING_FIELDS}
        fields = [Part(name, None, "", bytearray(value.encode())) for name, value in changed.items()]
        others = [part for part in self.parts if part.name not in dropped]
        return FormBody(self.boundary, (*fields, *others))


class FormBody:
    """A form on its way upstream: of known length, and iterable again for the next attempt.

    Nothing of it is copied but a slice at a time: a file may be as large as the body limit allows.
    """

    __slots__ = ("boundary", "length", "parts")

    def __init__(self, boundary: str, parts: tuple[Part, ...]) -> None:
        self.boundary = boundary
        self.parts = parts
        self.length = sum(len(piece) for piece in self._pieces())

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces():
            for start in range(0, len(piece), SLICE):
                yield bytes(piece[start : start + SLICE])

    @property
    def content_type(self) -> str:
        """With the boundary, in quotes only where it needs them: not every server takes them off."""
        if PLAIN.fullmatch(self.boundary):
            return f"{FORM}; boundary={self.boundary}"
        return f'{FORM}; boundary="{self.boundary}"'

    def _pieces(self) -> Iterator[bytes | memoryview]:
        delimiter = f"--{self.boundary}\r\n".encode()
        for part in self.parts:
            yield delimiter + part.head()
            yield memoryview(part.data)
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()


class FormReader:
    """Parses a form while its bytes arrive; everything it refuses is an InvalidRequest."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        self.boundary = options.get("boundary", "")
        if kind != FORM or not BOUNDARY.fullmatch(self.boundary):
            raise InvalidRequest(f"The request body must be {FORM} with a boundary.")
        self.parts: list[Part] = []
        self._parser = PushMultipartParser(self.boundary, max_segment_count=MAX_PARTS)

    def feed(self, piece: bytes) -> None:
        """Parse the next bytes of the body."""
        if not piece:  # the parser would take it for the end
            return
        try:
            for event in self._parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    self.parts.append(_new_part(event))
                elif event is not None:  # None ends a part
                    self._take(event)
        except MultipartError as error:
            raise _malformed(error) from None

    def form(self) -> Form:
        """The whole form, once all its bytes are there."""
        try:
            self._parser.close()
        except MultipartError as error:
            raise _malformed(error) from None
        for part in self.parts:
            if part.filename is None:
                _check_text(part)
        return Form(self.boundary, tuple(self.parts))

    def _take(self, data: bytes | bytearray) -> None:
        # One growing buffer per part: a large file in a thousand pieces would leave as many holes in memory.
        part = self.parts[-1]
        part.data.extend(data)
        if part.filename is None and len(part.data) > MAX_FIELD:
            raise InvalidRequest(f"{_named(part.name)} is larger than {MAX_FIELD} bytes.")


def number_in(fields: JsonView, name: str, most: int | None = None) -> int | None:
    """A positive whole number from a form, where every value is a text."""
    value = fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        # No number of more digits is allowed anywhere, and Python refuses to read very long ones.
        return whole({name: int(value[:18])}, name, most)
    return whole({name: value or None}, name, most)


def flag_in(fields: JsonView, name: str) -> bool:
    """A boolean from a form, false where it is missing."""
    text = fields.get(name, "")
    if text.lower() not in ("", "true", "false", "1", "0"):
        raise InvalidRequest(f"'{name}' must be true or false.")
    return text.lower() in ("true", "1")


def _new_part(segment: MultipartSegment) -> Part:
    filename = segment.filename
    if filename is None and (encoded := ENCODED_NAME.search(segment.header("Content-Disposition", ""))):
        filename = unquote(encoded[1])
    content_type = ""
    if filename is not None:
        content_type = segment.header("Content-Type", "")
    # They are written into headers again, where a line break would begin a header of the client's own.
    for text in (segment.name, filename or "", content_type):
        if CONTROL.search(text):
            raise InvalidRequest("A part of the form has a name or a type with control characters.")
    return Part(segment.name, filename, content_type, bytearray())


def _check_text(part: Part) -> None:
    try:
        part.data.decode()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{_named(part.name)} is not valid UTF-8.") from None


def _named(name: str) -> str:
    return f"The field {name[:64]!r}"


def _malformed(error: MultipartError) -> InvalidRequest:
    return InvalidRequest(f"The request body is not valid {FORM}: {error.args[0]}.")
