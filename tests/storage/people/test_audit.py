"""The audit log only grows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.people.audit import AuditEntry, Change
from aihub_lite.storage.people.audit import AuditFilter, AuditLog
from aihub_lite.storage.sqlite.database import Database
from tests.storage.facts import with_database

CHANGE = Change(kind="token", id="tok_1", name="ci", fields={"rpm": (None, 5), "models": (["a"], ["a", "b"])})
ENTRY = AuditEntry(
    at_ms=1000, via="person", by="Ada", person_id="per_1", address="192.0.2.1", action="edit_token", change=CHANGE
)


def of(name: str = "ci", object_id: str = "tok_1", **fields: Any) -> AuditEntry:
    """One like `ENTRY`, about another thing or with other fields."""
    return attrs.evolve(ENTRY, change=attrs.evolve(CHANGE, name=name, id=object_id), **fields)


def test_an_entry_comes_back_in_every_field(tmp_path: Path) -> None:
    async def work(database: Database) -> AuditEntry:
        await AuditLog(database).add([ENTRY])
        ((_, entry),) = await AuditLog(database).page(AuditFilter())
        return entry

    assert attrs.evolve(ENTRY, change=attrs.evolve(CHANGE, fields={**CHANGE.fields})) == with_database(
        tmp_path / "a.db", work
    )


def test_pages_are_newest_first_and_every_filter_must_match(tmp_path: Path) -> None:
    async def work(database: Database) -> list[list[int]]:
        log = AuditLog(database)
        await log.add([of(at_ms=1), of(at_ms=2, by="Bob", person_id="per_2"), of(at_ms=3, name="x", object_id="tok_2")])
        filters = (
            AuditFilter(),
            AuditFilter(by="per_1"),
            AuditFilter(by="Bob"),
            AuditFilter(object="tok_2"),
            AuditFilter(object="ci", since_ms=2),
            AuditFilter(action="delete_token"),
        )
        pages = [await log.page(wanted, limit=2) for wanted in filters]
        pages.append(await log.page(AuditFilter(), before=2))
        return [[entry.at_ms for _, entry in page] for page in pages]

    assert [[3, 2], [3, 1], [2], [3], [2], [], [1]] == with_database(tmp_path / "a.db", work)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET by = 'Eve'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 2"]
)
def test_no_line_is_changed_or_taken_out_of_it(tmp_path: Path, statement: str) -> None:
    async def work(database: Database) -> None:
        await AuditLog(database).add([ENTRY, ENTRY])

    with_database(tmp_path / "a.db", work)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            connection.execute(statement)
        assert [("Ada",), ("Ada",)] == connection.execute("SELECT by FROM audit").fetchall()


def test_only_what_retention_has_let_go_of_is_deleted(tmp_path: Path) -> None:
    async def work(database: Database) -> list[int]:
        log = AuditLog(database)
        await log.add([of(at_ms=at) for at in (10, 20, 30)])
        await log.add([of(at_ms=40)], since_ms=25)
        await log.add([of(at_ms=50)], since_ms=5)
        return [entry.at_ms for _, entry in await log.page(AuditFilter())]

    assert [50, 40, 30] == with_database(tmp_path / "a.db", work)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM audit")
