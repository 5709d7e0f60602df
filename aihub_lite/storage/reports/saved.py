"""Views of the statistics that somebody saved by name."""

from __future__ import annotations

import attrs
import msgspec

from aihub_lite.storage.meta import Meta
from aihub_lite.storage.sqlite.database import Database

KEY = "views"


@attrs.frozen
class SavedViews:
    """Queries of addresses by the names that they were saved under; few, and read and written together."""

    database: Database

    async def all(self) -> dict[str, str]:
        """All of them, in the order of their names."""
        text = await Meta(self.database).get(KEY)
        if text is None:
            return {}
        return msgspec.json.decode(text, type=dict[str, str])

    async def put(self, views: dict[str, str]) -> None:
        """Replace them all. Raises StorageUnavailable."""
        text = msgspec.json.encode(dict(sorted(views.items()))).decode()
        await Meta(self.database).put(KEY, text)
