"""Tokens survive the database unchanged, and so does what they spent."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.token import Token
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import Duplicate
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, record, with_database

PLAIN = Token(id="t2", name="plain", digest="d2", hint="abcd", created_at=1_700_000_001)


def test_every_field_comes_back(tmp_path: Path) -> None:
    async def work(database: Database) -> list[tuple[Token, int]]:
        tokens = Tokens(database)
        await tokens.insert(TOKEN)
        await tokens.insert(PLAIN)
        return await tokens.load()

    assert [(TOKEN, 0), (PLAIN, 0)] == with_database(tmp_path / "a.db", work)


def test_an_edit_does_not_undo_a_charge(tmp_path: Path) -> None:
    async def work(database: Database) -> list[tuple[Token, int]]:
        tokens = Tokens(database)
        await tokens.insert(TOKEN)
        await Journal(database).settle(record())
        await tokens.update(attrs.evolve(TOKEN, name="desktop", quota_nano=None, budget=None))
        return await tokens.load()

    edited = attrs.evolve(TOKEN, name="desktop", quota_nano=None, budget=None)
    assert [(edited, 1000)] == with_database(tmp_path / "a.db", work)


def test_a_second_token_of_a_name_is_refused_by_column(tmp_path: Path) -> None:
    async def work(database: Database) -> None:
        await Tokens(database).insert(TOKEN)
        await Tokens(database).insert(attrs.evolve(PLAIN, name=TOKEN.name))

    with pytest.raises(Duplicate) as raised:
        with_database(tmp_path / "a.db", work)
    assert "tokens.name" == raised.value.column


def test_updating_a_deleted_token_is_noticed(tmp_path: Path) -> None:
    async def work(database: Database) -> tuple[bool, bool, bool]:
        tokens = Tokens(database)
        await tokens.insert(TOKEN)
        return await tokens.delete("t1"), await tokens.delete("t1"), await tokens.update(TOKEN)

    assert (True, False, False) == with_database(tmp_path / "a.db", work)
