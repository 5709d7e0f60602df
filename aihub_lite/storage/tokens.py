"""Tokens in the database."""

from __future__ import annotations

import sqlite3
from typing import Any

import attrs

from aihub_lite.domain.token import Budget, Ceiling, Token
from aihub_lite.storage.sqlite.columns import from_json, insert_sql, row_values, to_json, update_sql
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

LIMITS = ("quota_nano", "expires_at", "rpm", "tpm", "concurrency")
PLAIN = ("id", "name", "digest", "hint", "created_at", "group", *LIMITS, "person_id", "team_id")
COLUMNS = (*PLAIN, "enabled", "self_made", "budget_nano", "budget_period", "models", "allow_ips")
LOAD = """
SELECT tokens.*, person_id = '' OR coalesce(persons.enabled, FALSE) AS person_enabled,
    token_group, token_models, token_rpm
FROM tokens LEFT JOIN persons ON persons.id = person_id
ORDER BY tokens.created_at, tokens.rowid
"""
"""rowid: of those that were made in the same second, too, the older one comes first."""
INSERT = insert_sql("tokens", COLUMNS)
UPDATE = update_sql("tokens", COLUMNS, key="id")


@attrs.frozen
class Tokens:
    """The table of tokens. Only the trigger `settle` writes `spent_nano`, so that no edit can overwrite a charge."""

    _database: Database

    async def load(self) -> list[tuple[Token, int]]:
        """Every token, oldest first, with what it has spent in nano-USD."""
        return [(_token(row), row["spent_nano"]) for row in await self._database.read(LOAD)]

    async def insert(self, token: Token) -> None:
        """Add a token; raises Duplicate when its name is taken."""
        await self._database.write(insertion(token))

    async def update(self, token: Token) -> bool:
        """Replace everything but the id and what was spent; False when there is no such token. Raises Duplicate."""
        return await self._database.write((UPDATE, (*_values(token), token.id))) > 0

    async def delete(self, token_id: str) -> bool:
        """Delete a token; its usage records stay. False when there was no such token."""
        return await self._database.write(("DELETE FROM tokens WHERE id = ?", (token_id,))) > 0


def insertion(token: Token) -> Statement:
    """What adds a token."""
    return INSERT, _values(token)


def _values(token: Token) -> tuple[Any, ...]:
    plain = (getattr(token, name) for name in PLAIN)
    limits = (to_json(token.models), to_json(token.allow_ips))
    return (*plain, token.enabled, token.self_made, *_budget_values(token.budget), *limits)


def _budget_values(budget: Budget | None) -> tuple[int | None, str | None]:
    if budget is None:
        return None, None
    return budget.nano, budget.period


def _ceiling(row: sqlite3.Row) -> Ceiling | None:
    """That of the person whose row is beside the token's, where they made it."""
    if not row["self_made"] or row["token_group"] is None:
        return None
    models = from_json(row["token_models"], tuple[str, ...])
    return Ceiling(group=row["token_group"], models=models, rpm=row["token_rpm"])


def _token(row: sqlite3.Row) -> Token:
    budget = None
    if row["budget_period"]:
        budget = Budget(nano=row["budget_nano"], period=row["budget_period"])
    return Token(
        **row_values(row, PLAIN),
        enabled=bool(row["enabled"]),
        person_enabled=bool(row["person_enabled"]),
        self_made=bool(row["self_made"]),
        ceiling=_ceiling(row),
        budget=budget,
        models=from_json(row["models"], tuple[str, ...]),
        allow_ips=from_json(row["allow_ips"], tuple[str, ...]),
    )
