"""Backups while the gateway works (T-59)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import rawclient
from tests.support.gateway import ADMIN, Gateway, eventually
from tests.support.upstream.scripted import Upstream

pytestmark = pytest.mark.attack("T-59")

Serve = Callable[..., str]
BACKUP = f"{ADMIN}/backup"


def test_a_backup_under_load_agrees_with_itself(
    gateway: Gateway, serve: Serve, upstream: Upstream, tmp_path: Path
) -> None:
    model = serve(upstream.url)
    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(gateway.chat, model) for _ in range(200)]
        copies = [gateway.admin("GET", "/backup") for _ in range(3)]
        assert {200} == {future.result().status for future in futures}
    for number, copy in enumerate(copies):
        assert (200, str(len(copy.body))) == (copy.status, copy.header("content-length"))
        path = tmp_path / f"{number}.db"
        path.write_bytes(copy.body)
        with closing(sqlite3.connect(path)) as connection:
            assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()
            booked = "SELECT coalesce(sum(charge_nano), 0) FROM usage_records WHERE token_id = tokens.id"
            assert [] == connection.execute(f"SELECT name FROM tokens WHERE spent_nano <> ({booked})").fetchall()


def copies(gateway: Gateway) -> list[str]:
    """Open descriptors and files of backups under way."""
    files = [file.name for file in gateway.home.directory.iterdir() if "backup" in file.name]
    return [*files, *(name for name in gateway.process.fds() if "backup" in name)]


def test_a_reader_who_leaves_closes_its_backup(gateway: Gateway) -> None:
    """The sentinel counts descriptors and files."""
    headers = {"authorization": f"Bearer {gateway.admin_key}"}
    for _ in range(3):
        with rawclient.RawConnection(gateway.url, receive_buffer=4096) as connection:
            connection.send(rawclient.request_bytes("GET", BACKUP, headers))
    eventually(lambda: not copies(gateway), lambda: str(copies(gateway)))


def test_a_reader_who_stops_reading_closes_its_backup(gateway: Gateway) -> None:
    headers = {"authorization": f"Bearer {gateway.admin_key}"}
    with rawclient.RawConnection(gateway.url, receive_buffer=4096) as connection:
        connection.send(rawclient.request_bytes("GET", BACKUP, headers))
        connection.read_head()
        eventually(lambda: not copies(gateway), lambda: str(copies(gateway)))


def test_a_stranger_gets_no_backup(gateway: Gateway) -> None:
    assert 401 == rawclient.request(gateway.url, path=BACKUP).status
