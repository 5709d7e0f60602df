"""What all steps of the schema come to, as one script: `python -m tests.storage.sqlite.whole_schema` writes it anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from aihub_lite.storage.sqlite import migrations

TARGET = Path(migrations.__file__).with_name("whole_schema.sql")
HEAD = """-- What all files of schema/ come to, for a new database. Not written by hand: after a new step,
-- python -m tests.storage.sqlite.whole_schema
"""


def whole_schema() -> str:
    """The script: objects in the order in which they were made, then the rows that steps put into them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, Path("new"))
        return HEAD + "".join(f"{statement};\n" for statement in statements_behind(connection))


def statements_behind(connection: sqlite3.Connection) -> Iterator[str]:
    """Those that make a database like this one; what SQLite makes by itself is left out."""
    objects = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid"
    )
    yield from (statement for (statement,) in objects)
    yield from (line.rstrip(";") for line in connection.iterdump() if line.startswith("INSERT INTO"))


if __name__ == "__main__":
    TARGET.write_text(whole_schema(), "utf-8")
