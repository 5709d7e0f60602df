"""Tokens in the database."""

from __future__ import annotations

import sqlite3
from typing import Any

import attrs

from aihub_lite.domain.token import Budget, Token
from aihub_lite.storage.columns import from_json, insert_sql, picked, to_json, update_sql
from aihub_lite.storage.database import Database

PLAIN = ("id", "name", "digest", "hint", "created_at", "group", "quota_nano", "expires_at", "rpm", "tpm", "concurrency")
COLUMNS = (*PLAIN, "enabled", "budget_nano", "budget_period", "models", "allow_ips")
INSERT = insert_sql("tokens", COLUMNS)
UPDATE = update_sql("tokens", COLUMNS, key="id")


@attrs.frozen
class Tokens:
    """What a token has spent is written by the ledger alone, so that no edit can overwrite a charge."""

    _database: Database

    async def load(self) -> list[tuple[Token, int]]:
        """Every token, oldest first, with what it has spent in nano-USD."""
        rows = await self._database.read("SELECT * FROM tokens ORDER BY created_at, rowid")
        return [(_token(row), row["spent_nano"]) for row in rows]

    async def insert(self, token: Token) -> None:
        """Raises Duplicate when the name is taken."""
        await self._database.write((INSERT, _values(token)))

    async def update(self, token: Token) -> bool:
        """Replace everything but the id and what was spent; False when there is no such token. Raises Duplicate."""
        return await self._database.write((UPDATE, (*_values(token), token.id))) > 0

    async def delete(self, token_id: str) -> bool:
        """Its usage records stay. False when there was no such token."""
        return await self._database.write(("DELETE FROM tokens WHERE id = ?", (token_id,))) > 0


def _values(token: Token) -> tuple[Any, ...]:
    budget = (token.budget.nano, token.budget.period) if token.budget else (None, None)
    plain = (getattr(token, name) for name in PLAIN)
    return (*plain, token.enabled, *budget, to_json(token.models), to_json(token.allow_ips))


def _token(row: sqlite3.Row) -> Token:
    return Token(
        **picked(row, PLAIN),
        enabled=bool(row["enabled"]),
        budget=Budget(nano=row["budget_nano"], period=row["budget_period"]) if row["budget_period"] else None,
        models=from_json(row["models"], tuple[str, ...]),
        allow_ips=from_json(row["allow_ips"], tuple[str, ...]),
    )
