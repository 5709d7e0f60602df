"""Channels in the database."""

from __future__ import annotations

import sqlite3
from typing import Any

import attrs

from aihub_lite.domain.channel import Channel, ChannelKey, Clocks, Offer
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.overrides import Overrides
from aihub_lite.domain.way_out import WayOut
from aihub_lite.storage.sqlite.columns import Fact, from_json, insert_sql, row_values, to_json, update_sql
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.writer import Statement

PLAIN = (
    "id",
    "name",
    "provider",
    "base_url",
    "created_at",
    "priority",
    "weight",
    "group",
    "disabled",
    "origin",
    "cost",
    "learn",
)
JSON = ("keys", "offers", "patterns", "clocks", "limits", "overrides", "way_out")
COLUMNS = (*PLAIN, "discovered", "enabled", *JSON)
INSERT = insert_sql("channels", COLUMNS)
UPDATE = update_sql("channels", COLUMNS, key="id")


@attrs.frozen
class Channels:
    """The table of channels: their configuration, while their health lives in the gateway's memory."""

    _database: Database

    async def load(self) -> list[Channel]:
        """Every channel, oldest first."""
        return [_channel(row) for row in await self._database.read("SELECT * FROM channels ORDER BY created_at, rowid")]

    async def insert(self, channel: Channel) -> None:
        """Add a channel; raises Duplicate when its name is taken."""
        await self._database.write(insertion(channel))

    async def update(self, channel: Channel) -> bool:
        """Replace everything but the id; False when there is no such channel. Raises Duplicate."""
        return await self._database.write((UPDATE, (*_values(channel), channel.id))) > 0

    async def delete(self, channel_id: str) -> bool:
        """Delete a channel; its usage records stay. False when there was no such channel."""
        return await self._database.write(("DELETE FROM channels WHERE id = ?", (channel_id,))) > 0


def insertion(channel: Channel) -> Statement:
    """What adds a channel."""
    return INSERT, _values(channel)


def _values(channel: Channel) -> tuple[Any, ...]:
    plain = (getattr(channel, name) for name in PLAIN)
    texts = (to_json(getattr(channel, name)) for name in JSON)
    return (*plain, channel.discovered, channel.enabled, *texts)


def _channel(row: sqlite3.Row) -> Channel:
    return Channel(
        **row_values(row, PLAIN),
        discovered=bool(row["discovered"]),
        enabled=bool(row["enabled"]),
        keys=from_json(row["keys"], tuple[ChannelKey, ...]),
        offers=from_json(row["offers"], tuple[Offer, ...]),
        patterns=from_json(row["patterns"], tuple[Offer, ...]),
        clocks=from_json(row["clocks"], Clocks),
        limits=from_json(row["limits"], Limits),
        overrides=_said(row["overrides"], Overrides),
        way_out=_said(row["way_out"], WayOut),
    )


def _said(text: str, kind: type[Fact]) -> Fact | None:
    if text == "null":
        return None
    return from_json(text, kind)
