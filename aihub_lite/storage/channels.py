"""Channels in the database."""

from __future__ import annotations

import sqlite3
from typing import Any

import attrs

from aihub_lite.domain.channel import Channel, ChannelKey, Clocks, Offer
from aihub_lite.storage.columns import from_json, insert_sql, picked, to_json, update_sql
from aihub_lite.storage.database import Database

PLAIN = ("id", "name", "provider", "base_url", "created_at", "priority", "weight", "group", "disabled", "origin")
COLUMNS = (*PLAIN, "discovered", "enabled", "keys", "offers", "clocks")
INSERT = insert_sql("channels", COLUMNS)
UPDATE = update_sql("channels", COLUMNS, key="id")


@attrs.frozen
class Channels:
    """Configuration only: how well a channel does lives in the gateway's health."""

    _database: Database

    async def load(self) -> list[Channel]:
        """Every channel, oldest first."""
        return [_channel(row) for row in await self._database.read("SELECT * FROM channels ORDER BY created_at, rowid")]

    async def insert(self, channel: Channel) -> None:
        """Raises Duplicate when the name is taken."""
        await self._database.write((INSERT, _values(channel)))

    async def update(self, channel: Channel) -> bool:
        """Replace everything but the id; False when there is no such channel. Raises Duplicate."""
        return await self._database.write((UPDATE, (*_values(channel), channel.id))) > 0

    async def delete(self, channel_id: str) -> bool:
        """Its usage records stay. False when there was no such channel."""
        return await self._database.write(("DELETE FROM channels WHERE id = ?", (channel_id,))) > 0


def _values(channel: Channel) -> tuple[Any, ...]:
    plain = (getattr(channel, name) for name in PLAIN)
    facts = (to_json(channel.keys), to_json(channel.offers), to_json(channel.clocks))
    return (*plain, channel.discovered, channel.enabled, *facts)


def _channel(row: sqlite3.Row) -> Channel:
    return Channel(
        **picked(row, PLAIN),
        discovered=bool(row["discovered"]),
        enabled=bool(row["enabled"]),
        keys=from_json(row["keys"], tuple[ChannelKey, ...]),
        offers=from_json(row["offers"], tuple[Offer, ...]),
        clocks=from_json(row["clocks"], Clocks),
    )
