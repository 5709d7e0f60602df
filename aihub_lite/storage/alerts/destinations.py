"""Destinations of alerts in the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import attrs

from aihub_lite.domain.alerts.destination import AlertDestination
from aihub_lite.domain.overrides import Secret
from aihub_lite.storage.sqlite.columns import from_json, insert_sql, to_json, update_sql
from aihub_lite.storage.sqlite.database import Database

COLUMNS = tuple(field.name for field in attrs.fields(AlertDestination))
INSERT = insert_sql("alert_destinations", COLUMNS)
UPDATE = update_sql("alert_destinations", COLUMNS, "id")


@attrs.frozen
class Destinations:
    """The table of destinations. Their addresses stand in it in clear, as channels' keys do: the file is private."""

    _database: Database

    async def load(self) -> list[AlertDestination]:
        """The oldest first."""
        rows = await self._database.read("SELECT * FROM alert_destinations ORDER BY created_at, id")
        return [_destination(row) for row in rows]

    async def add(self, destination: AlertDestination) -> None:
        """Raises Duplicate for a name that is taken."""
        await self._database.write((INSERT, _values(destination)))

    async def update(self, destination: AlertDestination) -> None:
        """Raises Duplicate for a name that is taken."""
        await self._database.write((UPDATE, (*_values(destination), destination.id)))

    async def delete(self, destination_id: str) -> None:
        """With all that waits for it or was sent there."""
        await self._database.write(("DELETE FROM alert_destinations WHERE id = ?", (destination_id,)))


def destinations_in(path: Path) -> list[AlertDestination]:
    """Those in a file that no gateway can open, a newer release's: none where it keeps them otherwise by now."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.row_factory = sqlite3.Row
            return [_destination(row) for row in connection.execute("SELECT * FROM alert_destinations")]
    except (sqlite3.Error, LookupError, ValueError):
        return []


def _values(destination: AlertDestination) -> tuple[object, ...]:
    special = {
        "url": destination.url.value,
        "secret": destination.secret.value,
        "topics": to_json(destination.topics),
    }
    return tuple(special.get(column, getattr(destination, column)) for column in COLUMNS)


def _destination(row: sqlite3.Row) -> AlertDestination:
    return AlertDestination(
        id=row["id"],
        name=row["name"],
        url=Secret(row["url"]),
        secret=Secret(row["secret"]),
        topics=from_json(row["topics"], tuple[str, ...]),
        quiet=row["quiet"],
        urgent=bool(row["urgent"]),
        enabled=bool(row["enabled"]),
        created_at=row["created_at"],
    )
