"""What accounts with a budget have come to, by the day."""

from __future__ import annotations

import attrs

from aihub_lite.storage.sqlite.database import Database


@attrs.frozen
class AccountDays:
    """The table `account_days`, which follows the usage records by itself."""

    database: Database

    async def since(self, day: int) -> list[tuple[str, int, int]]:
        """Account (ids of channel and key, joined by a slash), day and nano-USD, from a UTC day since 1970 on."""
        rows = await self.database.read("SELECT account, day, cost_nano FROM account_days WHERE day >= ?", (day,))
        return [(row["account"], row["day"], row["cost_nano"]) for row in rows]
