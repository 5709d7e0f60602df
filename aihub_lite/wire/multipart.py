"""`multipart/form-data`: taken apart while it arrives, kept once, and written anew for every attempt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
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

FORM = "multipart/form-data"
MAX_PARTS = 128
MAX_FIELD = 256 * 1024
"""Bytes of a part that is no file; prompts of images may have 32,000 characters."""
SLICE = 64 * 1024
BOUNDARY = re.compile(r"[\w'()+,./:=?-](?:[\w'()+,./:=? -]{0,68}[\w'()+,./:=?-])?", re.ASCII)
"""RFC 2046, 5.1.1."""
PLAIN = re.compile(r"[\w'+.-]+", re.ASCII)
"""What needs no quotes in a header."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ENCODED_NAME = re.compile(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
"""RFC 5987; the parser knows only the plain form."""


@attrs.frozen
class Part:
    """One part; a file has a `filename`, if an empty one."""

    name: str
    filename: str | None
    content_type: str
    data: bytearray = attrs.field(repr=False)

    def head(self) -> bytes:
        """Its header fields, with the empty line that ends them."""
        disposition = f"form-data; name={content_disposition_quote(self.name)}"
        if self.filename is not None:
            disposition += f"; filename={content_disposition_quote(self.filename)}"
        kind = f"Content-Type: {self.content_type}\r\n" if self.content_type else ""
        return f"Content-Disposition: {disposition}\r\n{kind}\r\n".encode()


@attrs.frozen
class Form:
    """All parts in their order; `boundary` is the client's own, which none of them holds."""

    boundary: str
    parts: tuple[Part, ...]

    def fields(self) -> dict[str, Any]:
        """What is no file, as the texts that they are; of a name given twice the last counts."""
        return {part.name: part.data.decode() for part in self.parts if part.filename is None}

    def files(self, *names: str) -> list[Part]:
        """The files of any of these names."""
        return [part for part in self.parts if part.filename is not None and part.name in names]

    def sent(self, changed: Mapping[str, str]) -> FormBody:
        """As it goes upstream: with `changed` fields in place of the client's, and nothing that tells others where
        to send it."""
        left_out = {*changed, *ROUTING_FIELDS}
        fields = [Part(name, None, "", bytearray(value.encode())) for name, value in changed.items()]
        kept = [part for part in self.parts if part.name not in left_out]
        return FormBody(self.boundary, (*fields, *kept))


class FormBody:
    """A form on its way: of known length, and can be sent again. Nothing of it is copied but a slice at a time."""

    __slots__ = ("boundary", "length", "parts")

    def __init__(self, boundary: str, parts: tuple[Part, ...]) -> None:
        self.boundary, self.parts = boundary, parts
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
        boundary = self.boundary if PLAIN.fullmatch(self.boundary) else f'"{self.boundary}"'
        return f"{FORM}; boundary={boundary}"

    def _pieces(self) -> Iterator[bytes | memoryview]:
        delimiter = f"--{self.boundary}\r\n".encode()
        for part in self.parts:
            yield delimiter + part.head()
            yield memoryview(part.data)
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()


class FormReader:
    """Takes a form's bytes as they come; everything it refuses is an InvalidRequest."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        self.boundary = options.get("boundary", "")
        if kind != FORM or not BOUNDARY.fullmatch(self.boundary):
            raise InvalidRequest(f"The request body must be {FORM} with a boundary.")
        self.parts: list[Part] = []
        self._parser = PushMultipartParser(self.boundary, max_segment_count=MAX_PARTS)

    def feed(self, piece: bytes) -> None:
        """The next bytes."""
        if not piece:
            return
        try:
            for found in self._parser.parse(piece):
                if isinstance(found, MultipartSegment):
                    self.parts.append(_begun(found))
                elif found is not None:
                    self._take(found)
        except MultipartError as error:
            raise _malformed(error) from None

    def form(self) -> Form:
        """What it all was, once all of it is there."""
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


def number_in(fields: dict[str, Any], name: str, most: int | None = None) -> int | None:
    """A positive whole number from a form, where every value is a text."""
    value = fields.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return whole({name: int(value[:18])}, name, most)
    return whole({name: value or None}, name, most)


def flag_in(fields: dict[str, Any], name: str) -> bool:
    """A yes or no from a form."""
    text = fields.get(name, "")
    if text.lower() not in ("", "true", "false", "1", "0"):
        raise InvalidRequest(f"'{name}' must be true or false.")
    return text.lower() in ("true", "1")


def _begun(segment: MultipartSegment) -> Part:
    filename = segment.filename
    if filename is None and (encoded := ENCODED_NAME.search(segment.header("Content-Disposition", ""))):
        filename = unquote(encoded[1])
    kind = segment.header("Content-Type", "") if filename is not None else ""
    for text in (segment.name, filename or "", kind):
        if CONTROL.search(text):
            raise InvalidRequest("A part of the form has a name or a type with control characters.")
    return Part(segment.name, filename, kind, bytearray())


def _check_text(part: Part) -> None:
    try:
        part.data.decode()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{_named(part.name)} is not valid UTF-8.") from None


def _named(name: str) -> str:
    return f"The field {name[:64]!r}"


def _malformed(error: MultipartError) -> InvalidRequest:
    return InvalidRequest(f"The request body is not valid {FORM}: {error.args[0]}.")
