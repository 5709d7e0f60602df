"""People in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import attrs

from aihub_lite.domain.people.person import Person
from aihub_lite.storage.sqlite.columns import from_json, insert_sql, row_values, to_json, update_sql
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

COLUMNS = tuple(field.name for field in attrs.fields(Person))
"""Named like the fields; `token_models` is a JSON list."""
INSERT = insert_sql("persons", COLUMNS)
UPDATE = update_sql("persons", COLUMNS, key="id")


@attrs.frozen
class Persons:
    """The table of people. Only the trigger `settle_person` writes `spent_nano`, so that no edit undoes a charge."""

    _database: Database

    async def load(self) -> list[tuple[Person, int]]:
        """Everybody, oldest first, with what they have spent in nano-USD."""
        rows = await self._database.read("SELECT * FROM persons ORDER BY created_at, rowid")
        return [(_person(row), row["spent_nano"]) for row in rows]

    async def spent(self, ids: Sequence[str]) -> dict[str, int]:
        """What some of them have spent in nano-USD, by id."""
        sql = "SELECT id, spent_nano FROM persons WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"]: row["spent_nano"] for row in await self._database.read(sql, (to_json(ids),))}

    async def insert(self, person: Person) -> None:
        """Add a person; raises Duplicate when the name is taken."""
        await self._database.write(insertion(person))

    async def update(self, person: Person) -> bool:
        """Replace everything but the id and what was spent; False when there is nobody like that. Raises Duplicate."""
        return await self._database.write((UPDATE, (*_values(person), person.id))) > 0

    async def delete(self, person_id: str) -> bool:
        """Delete a person; their usage records stay. False when there was nobody like that."""
        return await self._database.write(("DELETE FROM persons WHERE id = ?", (person_id,))) > 0


def insertion(person: Person) -> Statement:
    """What adds a person."""
    return INSERT, _values(person)


def _values(person: Person) -> tuple[Any, ...]:
    values = attrs.asdict(person, recurse=False)
    values["token_models"] = to_json(person.token_models)
    return tuple(values[name] for name in COLUMNS)


def _person(row: sqlite3.Row) -> Person:
    values: dict[str, Any] = row_values(row, COLUMNS)
    values["enabled"] = bool(values["enabled"])
    values["token_models"] = from_json(values["token_models"], tuple[str, ...])
    return Person(**values)
