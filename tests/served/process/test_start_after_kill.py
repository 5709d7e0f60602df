"""A start over what a killed gateway left behind, where its disk is full or its WAL is not whole (T-55, T-57)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import attrs
import pytest

from tests.support.gateway import eventually, running, serving
from tests.support.process import COMMAND, SCALED, Home
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang

pytestmark = pytest.mark.attack("T-55", "T-57")

FULL_DISK = """
import resource, runpy
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, hard))
runpy.run_module("aihub_lite", run_name="__main__", alter_sys=True)
"""
"""No file may grow beyond so many bytes."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data directory of a gateway that was killed with a request under way."""
    home = Home(tmp_path / "data", SCALED, command=COMMAND)
    with Upstream([Hang()]) as upstream, running(home) as gateway:
        model = gateway.add_channel(upstream.url)
        for _ in range(30):  # more than the database itself: whatever the next start writes makes the WAL longer
            gateway.set_price(model)
        with gateway.asking(model):
            upstream.wait_requests(1)
            eventually(lambda: bool(gateway.books.holds()), lambda: "no hold is on the disk")
            gateway.process.kill()
    return home


def refused(home: Home) -> tuple[int, str]:
    """The exit code of a start, and its last line."""
    with home.process("serve", "--port", "0") as process:
        code = process.wait(60)
    assert "Traceback" not in process.output
    return code, process.stderr.lines[-1]


def test_a_start_on_a_full_disk_with_holds_left_is_refused_in_one_line(home: Home) -> None:
    """It was a traceback of thirty lines, and a supervisor that tried again for ever."""
    size = (home.directory / "aihub.db-wal").stat().st_size
    full = attrs.evolve(home, command=(sys.executable, "-c", FULL_DISK.format(size=size)))
    code, line = refused(full)
    assert (78, True) == (code, line.startswith("aihub-lite: The gateway's database is unavailable"))
    with serving(home) as gateway:  # there is room again
        assert ["interrupted"] == [record.outcome for record in gateway.books.records()]


def test_a_wal_cut_short_stops_the_start(home: Home) -> None:
    """The last bookings were gone, and nothing said so."""
    wal = home.directory / "aihub.db-wal"
    os.truncate(wal, wal.stat().st_size // 2)
    code, line = refused(home)
    assert (78, True) == (code, line.startswith(f"aihub-lite: {home.directory / 'aihub.db'}-wal is damaged or gone"))


def test_a_wal_that_is_gone_with_its_index_is_told_of(home: Home) -> None:
    for suffix in ("-wal", "-shm"):
        (home.directory / f"aihub.db{suffix}").unlink()
    with serving(home) as gateway:
        assert "aihub.db-wal is gone" in gateway.process.stderr.text


def test_a_start_after_a_kill_says_nothing_where_all_is_there(home: Home) -> None:
    with serving(home) as gateway:
        assert "-wal" not in gateway.process.output
