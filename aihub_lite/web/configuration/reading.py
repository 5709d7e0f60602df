"""From the file's text to tables, each of a known section; every refusal names the line, or the path in the file."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

import attrs

from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.web.admin.bodies import structure
from aihub_lite.web.configuration.entries import SEALED, SECTIONS, Section

T = TypeVar("T")
Table = Mapping[str, Any]
BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
FIELD = re.compile(r"[a-z][a-z0-9_.]*: ", re.ASCII)
"""What refusals begin with that name a field."""


@attrs.frozen
class Document:
    """The file, read: tables by section and name."""

    sections: Mapping[str, Table]
    key: str = attrs.field(default="", repr=False)
    """Which the passphrase opens, and which opens what is sealed in it; empty where nothing is."""

    def tables(self, section: str) -> Table:
        """What a section holds; empty where the file has it not."""
        return self.sections.get(section, {})


async def read_document(text: str) -> Document:
    """Beside the event loop: a large file takes a second. Raises InvalidRequest."""
    return await asyncio.to_thread(document_of, text)


def document_of(text: str) -> Document:
    """The tables of a file; raises InvalidRequest."""
    try:
        # No amount of money passes through a float.
        sections = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"The file is not valid TOML: {error}") from None
    except RecursionError:
        raise InvalidRequest("The file is nested too deeply.") from None
    known_fields((), sections, [*SECTIONS, SEALED])
    key = _key_in(sections.pop(SEALED, {}))
    for name, section in SECTIONS.items():
        if name in sections:
            sections[name] = _plain(sections[name])
            _check_section(name, section, sections[name])
    return Document(sections, key)


def _key_in(table: Any) -> str:
    """Of `[sealed]`; empty where there is none. Raises InvalidRequest."""
    if not isinstance(table, dict):
        raise InvalidRequest(f"{SEALED}: must be a table, [{SEALED}]")
    known_fields((SEALED,), table, ["key"])
    key = table.get("key", "")
    if not isinstance(key, str):
        raise InvalidRequest(f"{SEALED}.key: must be a string")
    return key


def _check_section(name: str, section: Section, content: Any) -> None:
    """Raise InvalidRequest for what is no table, or has a field that nothing reads."""
    if not isinstance(content, dict):
        raise InvalidRequest(f"{name}: must be a table, [{name}]")
    if not section.named:
        known_fields((name,), content, section.fields)
        return
    for key, value in content.items():
        path = path_of(name, key)
        if section.kind is str:
            if not isinstance(value, str):
                raise InvalidRequest(f"{path}: must be a string")
        elif not isinstance(value, dict):
            raise InvalidRequest(f"{path}: must be a table, [{path}]")
        else:
            known_fields((name, key), value, section.fields)


def known_fields(path: Sequence[str], table: Table, known: Sequence[str]) -> None:
    """Raise InvalidRequest for a field that is not known: a misspelt limit is no limit."""
    for field in table:
        if field not in known:
            hint = f"known are {', '.join(known)}"
            if likely := get_close_matches(field, known, 1, 0.6):
                hint = f"did you mean {likely[0]}?"
            raise InvalidRequest(f"{path_of(*path, field)}: is not known: {hint}")


def _plain(value: Any) -> Any:
    """Dates as text, as the admin API takes them."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def path_of(*keys: str) -> str:
    """As TOML writes it: `tokens."my laptop".rpm`."""
    return ".".join(map(_key, keys))


def _key(name: str) -> str:
    if BARE.fullmatch(name):
        return name
    escaped = name[:64].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@contextmanager
def at(*path: str) -> Iterator[None]:
    """Refusals within the block say where in the file they are."""
    try:
        yield
    except (InvalidRequest, Conflict, NotFound) as error:
        place = path_of(*path)
        if FIELD.match(error.message):
            raise InvalidRequest(f"{place}.{error.message}") from None
        raise InvalidRequest(f"{place}: {error.message}") from None


def entry_of(kind: type[T], table: Table) -> T:
    """A table as one of our input classes; raises InvalidRequest."""
    return structure(table, kind)
