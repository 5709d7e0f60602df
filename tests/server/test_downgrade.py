"""An older release that meets the database of a newer one says so once, and not only at the terminal."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.config import DATABASE, Settings
from aihub_lite.server.downgrade import forget_downgrade, tell_of_downgrade
from tests.gateway.alerts.watched import Watched, receiver, titles, watched
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

TITLE = "An older aihub-lite met the database of a newer one, and did not start"


def with_destination(directory: Path, upstream: Upstream, **fields: Any) -> None:
    async def story() -> None:
        async with watched(directory) as room:
            assert isinstance(room, Watched)
            await room.to(upstream, **fields)

    asyncio.run(story())
    with closing(sqlite3.connect(directory / DATABASE)) as connection:
        connection.execute("PRAGMA user_version=999")


def test_it_is_told_once_until_a_gateway_starts_well(tmp_path: Path) -> None:
    with receiver() as upstream:
        with_destination(tmp_path, upstream)
        settings = Settings(data_dir=tmp_path)
        assert [1, 0, 0] == [tell_of_downgrade(settings, {}) for _ in range(3)]
        assert [[TITLE]] == titles(upstream.requests)
        assert upstream.requests[0].header("webhook-signature")
        forget_downgrade(tmp_path)
        assert 1 == tell_of_downgrade(settings, {})


def test_what_has_not_arrived_is_tried_by_the_next_start(tmp_path: Path) -> None:
    with receiver() as upstream:
        with_destination(tmp_path, upstream)
        upstream.enqueue(json_answer(500, {}))
        assert [0, 1] == [tell_of_downgrade(Settings(data_dir=tmp_path), {}) for _ in range(2)]


@pytest.mark.parametrize("fields", [{"enabled": False}, {"topics": ("disk",)}])
def test_who_does_not_want_to_know_is_not_told(tmp_path: Path, fields: dict[str, Any]) -> None:
    with receiver() as upstream:
        with_destination(tmp_path, upstream, **fields)
        assert (0, []) == (tell_of_downgrade(Settings(data_dir=tmp_path), {}), upstream.requests)


@pytest.mark.parametrize("content", [b"", b"not SQLite at all", None])
def test_a_file_without_destinations_is_no_fault(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / DATABASE).write_bytes(content)
    assert 0 == tell_of_downgrade(Settings(data_dir=tmp_path), {})
