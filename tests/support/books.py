"""The gateway's books, read straight from its database: the tests' own view of what was charged for what."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import attrs
import msgspec

MAGIC = b"SQLite format 3\0"
COPY = ".backup"
"""How the name of a copy ends while it is made."""


@attrs.frozen
class Record:
    """One usage record; `row` has every column by name."""

    row: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def searches(self) -> int:
        """Searches of the web that the provider ran."""
        ran: Mapping[str, int] = msgspec.json.decode(self.row["hosted"] or b"{}")
        return ran.get("web_search", 0)

    @property
    def tries(self) -> list[Mapping[str, Any]]:
        """The attempts: channel, status, fault, duration_ms."""
        attempts: list[Mapping[str, Any]] = msgspec.json.decode(self.row["attempts"])
        return attempts


@attrs.frozen
class Books:
    """A data directory's database, through read-only connections."""

    directory: Path

    @property
    def path(self) -> Path:
        """The one SQLite file there, but for a copy that is being made: its reader may be gone."""
        files = [file for file in self.directory.iterdir() if file.suffix != COPY and file.is_file()]
        (path,) = [file for file in files if _begins(file, MAGIC)]
        return path

    def files(self) -> list[Path]:
        """The database and what SQLite keeps beside it."""
        return sorted(self.directory.glob(self.path.name + "*"))

    def rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """What a query gives."""
        with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, parameters)]

    def records(self, model: str | None = None) -> list[Record]:
        """Usage records, oldest first, of one public model or of all."""
        condition = "" if model is None else "WHERE model = ?"
        parameters = () if model is None else (model,)
        return [Record(row) for row in self.rows(f"SELECT * FROM usage_records {condition} ORDER BY id", *parameters)]

    def holds(self) -> list[dict[str, Any]]:
        """Money that is set aside."""
        return self.rows("SELECT * FROM holds")

    def imbalances(self) -> list[dict[str, Any]]:
        """Tokens whose spending is not the sum of their charges, in nano-USD."""
        return self.rows(
            """SELECT name, spent_nano, booked FROM tokens LEFT JOIN
               (SELECT token_id, sum(charge_nano) AS booked FROM usage_records GROUP BY token_id) ON token_id = id
               WHERE spent_nano <> coalesce(booked, 0)"""
        )

    def integrity(self) -> str:
        """`ok`, or what SQLite finds wrong."""
        return str(self.rows("PRAGMA integrity_check")[0]["integrity_check"])

    def sightings(self, words: list[str]) -> list[str]:
        """Which of the words stand anywhere in the files, and where."""
        contents = {}
        for file in self.files():
            with suppress(FileNotFoundError):  # a backup that its reader has left is gone any moment
                contents[file.name] = file.read_bytes()
        return [f"{word} in {name}" for name, data in contents.items() for word in words if word.encode() in data]


def _begins(file: Path, start: bytes) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(start)) == start
