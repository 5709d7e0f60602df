"""Credits, and requests for them, in the database."""

from __future__ import annotations

import sqlite3

import attrs

from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.pots.credit import Credit, CreditRequest
from aihub_lite.storage.sqlite.columns import insert_sql, row_values
from aihub_lite.storage.sqlite.database import Database

INSERT = insert_sql("credits", ("kind", "holder", "nano", "note", "by", "at"))
# What another admin has answered meanwhile gives nothing a second time.
GIVE = """
INSERT INTO credits (kind, holder, nano, note, "by", at)
SELECT 'person', person_id, ?, note, ?, ? FROM credit_requests WHERE id = ? AND changes() > 0
"""
ASK = """
INSERT INTO credit_requests (person_id, nano, note, at) VALUES (?, ?, ?, ?)
ON CONFLICT (person_id) WHERE state = 'open' DO UPDATE SET nano = excluded.nano, note = excluded.note, at = excluded.at
"""
ANSWER = """
UPDATE credit_requests SET state = ?, answered_by = ?, answered_at = ? WHERE id = ? AND state = 'open'
"""
LAST_ROW = 2**63 - 1
"""SQLite's largest integer."""
REQUEST = tuple(field.name for field in attrs.fields(CreditRequest))


@attrs.frozen
class Credits:
    """The table of credits. Triggers hold that no entry is changed or deleted."""

    _database: Database

    async def sums(self) -> dict[PotKey, int]:
        """Every pot that has entries, with what they come to."""
        rows = await self._database.read("SELECT kind, holder, sum(nano) AS nano FROM credits GROUP BY kind, holder")
        return {PotKey(row["kind"], row["holder"]): row["nano"] for row in rows}

    async def of(self, key: PotKey) -> list[Credit]:
        """The entries of one pot, oldest first."""
        rows = await self._database.read(
            "SELECT * FROM credits WHERE kind = ? AND holder = ? ORDER BY at, id", (key.kind, key.holder)
        )
        return [_credit(row) for row in rows]

    async def add(self, key: PotKey, nano: int, note: str, by: str, at: int) -> None:
        """Add an entry."""
        await self._database.write((INSERT, (key.kind, key.holder, nano, note, by, at)))

    async def ask(self, person_id: str, nano: int, note: str, at: int) -> None:
        """Ask for an amount, in place of what the person asks for already."""
        await self._database.write((ASK, (person_id, nano, note, at)))

    async def requests(self, *, open_only: bool = True, person_id: str | None = None) -> list[CreditRequest]:
        """What people ask for, newest first; with `open_only` what nobody has answered."""
        rows = await self._database.read(
            "SELECT * FROM credit_requests WHERE (NOT :open_only OR state = 'open')"
            " AND (:person_id IS NULL OR person_id = :person_id) ORDER BY at DESC, id DESC LIMIT 1000",
            {"open_only": open_only, "person_id": person_id},
        )
        return [CreditRequest(**row_values(row, REQUEST)) for row in rows]

    async def request(self, request_id: int) -> CreditRequest | None:
        """One request, if there is one; there is none of a number beyond what SQLite counts to."""
        if request_id > LAST_ROW:
            return None
        rows = await self._database.read("SELECT * FROM credit_requests WHERE id = ?", (request_id,))
        if not rows:
            return None
        return CreditRequest(**row_values(rows[0], REQUEST))

    async def give(self, request_id: int, nano: int, by: str, at: int) -> bool:
        """Answer a request with an entry of so much, both or neither; False where it is answered already."""
        return (
            await self._database.write(
                (ANSWER, ("given", by, at, request_id)),
                (GIVE, (nano, by, at, request_id)),
            )
            > 0
        )

    async def refuse(self, request_id: int, by: str, at: int) -> bool:
        """Answer a request with no; False where it is answered already."""
        return await self._database.write((ANSWER, ("refused", by, at, request_id))) > 0


def _credit(row: sqlite3.Row) -> Credit:
    values = row_values(row, ("id", "nano", "note", "by", "at"))
    return Credit(**values, pot=PotKey(row["kind"], row["holder"]))
