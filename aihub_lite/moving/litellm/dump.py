"""Tables of a PostgreSQL database from the text that `pg_dump` writes: by COPY, or with `--inserts`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import attrs

from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.newest import NewestRows
from aihub_lite.moving.postgres import MOST_ROWS, Tables

HEADING = "-- PostgreSQL database dump"
ENDING = "-- PostgreSQL database dump complete"
CUSTOM = b"PGDMP"
LONGEST_LINE = 64 * 1024 * 1024
"""Characters. A row of requests may hold whole conversations; those tables are passed over, line by line."""
NAME = r'"?([A-Za-z0-9_]+)"?'
TABLE = rf'(?:"?[A-Za-z0-9_]+"?\.)?{NAME}'
COPY = re.compile(rf"COPY {TABLE} \((.*)\) FROM stdin;")
INSERT = re.compile(rf"INSERT INTO {TABLE}(?: \(([^)]*)\))? VALUES\s*")
CREATE = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?{TABLE} \(")
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
ESCAPED = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
VALUE = re.compile(r"\s*(?:(E?)'((?:[^'\\]|''|\\.)*)'(?:::[a-z_ \[\]]+)?|([^,()']+))\s*", re.DOTALL)
COLUMN = re.compile(rf"^\s+{NAME} ")


def is_dump(file: Path) -> bool:
    """Whether a file looks like one that `pg_dump` wrote, whole or not. Raises Unreadable where it is not there."""
    try:
        with file.open("rb") as opened:
            head = opened.read(1024)
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror or error}") from None
    return head.startswith(CUSTOM) or HEADING.encode() in head


def read_dump(file: Path, wanted: frozenset[str], log: NewestRows | None = None) -> Tables:
    """The rows of the tables that are wanted, each row by column, and the newest of a log. Raises Unreadable in one
    sentence."""
    if not is_dump(file):
        raise Unreadable(f"{file}: is no dump of PostgreSQL: make one with pg_dump --no-owner > FILE")
    with file.open("rb") as opened:
        if opened.read(len(CUSTOM)) == CUSTOM:
            raise Unreadable(f"{file}: is a dump in pg_dump's own format: write it as text, pg_restore -f FILE")
    try:
        with file.open(encoding="utf-8", newline="\n") as text:
            return _DumpReader(text, wanted, log).read()
    except UnicodeDecodeError:
        raise Unreadable(f"{file}: is not UTF-8: dump it with pg_dump --encoding=UTF8") from None
    except _Broken as broken:
        raise Unreadable(f"{file}: {broken}") from None


class _Broken(Exception):
    """What is wrong with a dump."""


@attrs.define
class _DumpReader:
    text: TextIO
    wanted: frozenset[str]
    log: NewestRows | None
    columns: dict[str, list[str]] = attrs.field(factory=dict)
    """Of tables whose rows are inserted without saying which."""
    tables: Tables = attrs.field(factory=dict)
    rows: int = 0
    line_number: int = 0

    def read(self) -> Tables:
        complete = False
        for line in self._lines():
            if match := COPY.match(line):
                self._copy(match[1], [name.strip().strip('"') for name in match[2].split(",")])
            elif match := INSERT.match(line):
                self._insert(match[1], match[2], line, match.end())
            elif match := CREATE.match(line):
                self._create(match[1])
            elif line.startswith(ENDING):
                complete = True
        if not complete:
            raise _Broken("ends before the dump does: it was not written to its end")
        return self.tables

    def _is_read(self, table: str) -> bool:
        return table in self.wanted or (self.log is not None and table == self.log.table)

    def _lines(self) -> Iterator[str]:
        while line := self.text.readline(LONGEST_LINE):
            self.line_number += 1
            if len(line) == LONGEST_LINE:
                raise _Broken(f"line {self.line_number} is too long to be read")
            yield line

    def _add(self, table: str, columns: Sequence[str], values: Sequence[str | None]) -> None:
        if len(columns) != len(values):
            raise _Broken(f"line {self.line_number}: a row of {table} has {len(values)} values, not {len(columns)}")
        row = dict(zip(columns, values, strict=True))
        if self.log is not None and table == self.log.table:
            self.log.take(self.log.of(row))
            return
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise _Broken(f"its tables have more than {MOST_ROWS:,} rows")
        self.tables.setdefault(table, []).append(row)

    def _create(self, table: str) -> None:
        """Notes the columns of a table in their order."""
        self.tables.setdefault(table, [])
        names = []
        for line in self._lines():
            if line.startswith(")"):
                break
            if match := COLUMN.match(line):
                names.append(match[1])
        self.columns[table] = names

    def _copy(self, table: str, columns: Sequence[str]) -> None:
        for line in self._lines():
            if line.rstrip("\n") == "\\.":
                return
            if not line.endswith("\n"):
                break
            if self._is_read(table):
                self._add(table, columns, [_copied(text) for text in line.rstrip("\n").split("\t")])
        raise _Broken(f"ends within table {table}: it was not written to its end")

    def _insert(self, table: str, written: str | None, line: str, start: int) -> None:
        statement = self._statement(line)
        if not self._is_read(table):
            return
        columns = self.columns.get(table, [])
        if written is not None:
            columns = [name.strip().strip('"') for name in written.split(",")]
        for values in self._tuples(statement, start):
            self._add(table, columns, values)

    def _statement(self, line: str) -> str:
        """A whole statement from its first line on: texts in it may have several."""
        pieces = [line]
        quotes = line.count("'")
        size = len(line)
        while quotes % 2 or not pieces[-1].rstrip().endswith(";"):
            following = next(self._lines(), None)
            if following is None:
                raise _Broken(f"ends within a row, line {self.line_number}: it was not written to its end")
            pieces.append(following)
            quotes += following.count("'")
            size += len(following)
            if size > LONGEST_LINE:
                raise _Broken(f"line {self.line_number}: a row is too long to be read")
        return "".join(pieces)

    def _tuples(self, statement: str, at: int) -> Iterator[list[str | None]]:
        while True:
            if statement[at : at + 1] != "(":
                raise _Broken(f"line {self.line_number}: a row cannot be read")
            at += 1
            values: list[str | None] = []
            while True:
                match = VALUE.match(statement, at)
                if match is None:
                    raise _Broken(f"line {self.line_number}: a row cannot be read")
                values.append(_inserted(match))
                at = match.end()
                if statement[at : at + 1] != ",":
                    break
                at += 1
            yield values
            rest = re.compile(r"\)\s*([,;])\s*").match(statement, at)
            if rest is None:
                raise _Broken(f"line {self.line_number}: a row cannot be read")
            if rest[1] == ";":
                return
            at = rest.end()


def _inserted(match: re.Match[str]) -> str | None:
    """A value of an INSERT."""
    escaped, text, bare = match.groups()
    if bare is not None:
        bare = bare.strip()
        return None if bare == "NULL" else bare
    text = text.replace("''", "'")
    if escaped:
        return ESCAPED.sub(_unescaped, text)
    return str(text)


def _copied(text: str) -> str | None:
    """A value of a line of COPY."""
    if text == "\\N":
        return None
    if "\\" not in text:
        return text
    return ESCAPED.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    octal, hexadecimal, letter = match.groups()
    if octal:
        return chr(int(octal, 8))
    if hexadecimal:
        return chr(int(hexadecimal, 16))
    return ESCAPES.get(letter, letter)


def array_of(text: str | None) -> tuple[str, ...]:
    """The elements of an array of texts as PostgreSQL writes it: `{a,"b c"}`. Raises ValueError."""
    if text is None or text == "{}":
        return ()
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError(f"{text[:40]!r} is no array")
    elements = []
    for match in re.finditer(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,{}"]*))\s*(?:,|$)', text[1:-1], re.DOTALL):
        quoted, bare = match.groups()
        if quoted is not None:
            elements.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        elif bare and bare != "NULL":
            elements.append(bare)
    return tuple(elements)
