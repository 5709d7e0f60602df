"""News of upstreams' model lists in the database: one value, as there are few of them."""

from __future__ import annotations

import attrs
import msgspec

from aihub_lite.domain.channel import ModelNews
from aihub_lite.storage.meta import Meta
from aihub_lite.storage.sqlite.columns import to_json
from aihub_lite.storage.sqlite.database import Database

KEY = "model_news"


@attrs.frozen
class StoredNews:
    """All news, oldest first."""

    _database: Database

    async def load(self) -> tuple[ModelNews, ...]:
        """What was put last; nothing where another version wrote it otherwise: it is no more than news."""
        text = await Meta(self._database).get(KEY)
        if text is None:
            return ()
        try:
            return msgspec.json.decode(text, type=tuple[ModelNews, ...])
        except msgspec.MsgspecError:
            return ()

    async def put(self, news: tuple[ModelNews, ...]) -> None:
        """Replace all."""
        await Meta(self._database).put(KEY, to_json(news))
