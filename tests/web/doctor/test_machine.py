"""What the machine under a gateway is wrong about."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.sqlite.looking import look_through
from aihub_lite.web.doctor import machine
from tests.storage.facts import with_database
from tests.web.doctor.patient import codes, examined

Disk = namedtuple("Disk", "total used free")
MIB = 2**20


def test_a_sound_database_is_sound(tmp_path: Path) -> None:
    assert [] == examined(tmp_path, machine.database)


def test_a_database_with_a_damaged_page_is_found_while_the_gateway_runs(tmp_path: Path) -> None:
    async def damage(gateway: Gateway) -> None:
        await gateway.database.write(("CREATE TABLE large (x)", ()))
        await gateway.database.write(("INSERT INTO large SELECT randomblob(100000)", ()))
        await gateway.database.read("SELECT 1")
        with closing(sqlite3.connect(gateway.database.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = gateway.database.path.stat().st_size
        with gateway.database.path.open("r+b") as file:
            file.seek(size - 3 * 4096)
            file.write(b"\xa5" * 3 * 4096)

    (finding,) = examined(tmp_path, machine.database, damage)
    assert ("database_damaged", "error") == (finding.code, finding.severity)


def test_rows_that_point_nowhere_are_counted(tmp_path: Path) -> None:
    async def loosen(gateway: Gateway) -> None:
        with closing(sqlite3.connect(gateway.database.path, isolation_level=None)) as connection:
            connection.execute("CREATE TABLE child (x REFERENCES tokens (id))")
            connection.execute("INSERT INTO child VALUES ('nobody'), ('none')")

    (finding,) = examined(tmp_path, machine.database, loosen)
    assert ("database_loose", "2") == (finding.code, finding.facts["count"])


def test_a_look_that_takes_too_long_ends(tmp_path: Path) -> None:
    async def nothing(_: object) -> None:
        return None

    with_database(tmp_path / "a.db", nothing)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x UNION ALL SELECT 2")
        connection.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(200_000)])
        connection.execute("CREATE INDEX i ON t (x)")
        connection.commit()
    with pytest.raises(TimeoutError):
        look_through(tmp_path / "a.db", -1.0)


def test_files_of_their_owner_alone_are_well(tmp_path: Path) -> None:
    assert [] == examined(tmp_path / "data", machine.files)


def test_files_and_a_directory_that_others_may_read_are_found(tmp_path: Path) -> None:
    async def open_up(gateway: Gateway) -> None:
        (tmp_path / "data" / "admin.key").write_text("k")
        (tmp_path / "data" / "admin.key").chmod(0o644)
        (tmp_path / "data").chmod(0o755)

    found = examined(tmp_path / "data", machine.files, open_up)
    assert [("files_open", "error"), ("directory_open", "warning")] == codes(found)
    assert "admin.key" == found[0].facts["names"]


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (100 * 1024 * MIB, []),
        (500 * MIB, [("disk_low", "warning")]),
        (10 * MIB, [("disk_full", "error")]),
    ],
)
def test_a_disk_that_fills_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, expected: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(0, 0, free))
    assert expected == codes(examined(tmp_path, machine.disk))


def test_fewer_descriptors_than_requests_need_are_found(tmp_path: Path) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert [("descriptors_few", "warning")] == codes(examined(tmp_path, machine.descriptors, max_in_flight=soft))
    assert [] == examined(tmp_path, machine.descriptors, max_in_flight=1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"host": "127.0.0.1"}, []),
        ({"host": "::1"}, []),
        ({"host": "localhost"}, []),
        ({"host": "0.0.0.0"}, [("exposed", "warning")]),
        ({"host": "192.0.2.7"}, [("exposed", "warning")]),
        ({"host": "0.0.0.0", "trusted_proxies": "10.0.0.1"}, []),
        ({"host": "0.0.0.0", "certfile": Path("c.pem"), "keyfile": Path("k.pem")}, []),
    ],
)
def test_keys_that_cross_a_network_in_the_open_are_found(
    tmp_path: Path, options: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert expected == codes(examined(tmp_path, machine.exposure, **options))
