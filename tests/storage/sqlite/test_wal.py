"""What is lost of a killed process's commits is noticed, and nothing else is taken for lost (T-57)."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.storage.sqlite.database import connect_writer
from aihub_lite.storage.sqlite.faults import LostWrites
from aihub_lite.storage.sqlite.files import prepare
from aihub_lite.storage.sqlite.wal import lost_frames

pytestmark = pytest.mark.attack("T-57")

PAGE = 4096
FRAME = 24 + PAGE


def killed(directory: Path, commits: int = 20, *, checkpoint: str = "") -> Path:
    """A database with its WAL and index as a process leaves them that is killed after so many commits."""
    path, left = directory / "running.db", directory / "left.db"
    with closing(connect_writer(path, "FULL")) as connection:
        for number in range(commits):
            connection.execute("INSERT INTO meta VALUES (?, ?)", (f"k{number}", "x" * 3000))
        if checkpoint:
            connection.execute(f"PRAGMA wal_checkpoint({checkpoint})").fetchone()
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{path}{suffix}", f"{left}{suffix}")
    return left


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("commits", [0, 1, 20])
@pytest.mark.parametrize("checkpoint", ["", "PASSIVE", "RESTART", "TRUNCATE"])
def test_nothing_is_lost_by_a_kill(tmp_path: Path, commits: int, checkpoint: str) -> None:
    assert 0 == lost_frames(killed(tmp_path, commits, checkpoint=checkpoint))


def test_nothing_is_lost_by_a_kill_in_the_middle_of_a_commit(tmp_path: Path) -> None:
    path = killed(tmp_path)
    with wal_of(path).open("ab") as file:
        file.write(b"\xa5" * 5000)
    assert 0 == lost_frames(path)


def test_what_was_copied_into_the_database_is_not_lost_with_the_wal(tmp_path: Path) -> None:
    path = killed(tmp_path, checkpoint="PASSIVE")
    wal_of(path).unlink()
    assert 0 == lost_frames(path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut short": lambda wal: os.truncate(wal, wal.stat().st_size - FRAME),
    "emptied": lambda wal: wal.write_bytes(b""),
    "removed": lambda wal: wal.unlink(),
    "first page": lambda wal: flip(wal, 32 + 24 + 100),
    "last page": lambda wal: flip(wal, wal.stat().st_size - 1),
    "a frame's header": lambda wal: flip(wal, 32 + FRAME),
    "its own header": lambda wal: flip(wal, 17),
    "another one": lambda wal: wal.write_bytes(b"\xa5" * wal.stat().st_size),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_wal_that_has_lost_commits_stops_the_start_and_is_left_alone(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    """The last bookings were gone without a word, and the tokens could spend that money again."""
    path = killed(tmp_path)
    damage(wal_of(path))
    before = {file: file.read_bytes() for file in tmp_path.glob("left.db*")}
    for _ in range(2):
        with pytest.raises(LostWrites, match="restore it or a backup"):
            prepare(path)
    assert before == {file: file.read_bytes() for file in tmp_path.glob("left.db*")}


def test_an_operator_may_start_without_what_is_lost(tmp_path: Path) -> None:
    path = killed(tmp_path)
    wal_of(path).write_bytes(b"")
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink()
    assert path == prepare(path)


def test_commits_that_a_power_cut_may_lose_are_let_go(tmp_path: Path) -> None:
    path = killed(tmp_path)
    wal_of(path).unlink()
    assert path == prepare(path, lossless=False)


def test_lost_frames_are_those_that_sqlite_reads_no_more(tmp_path: Path) -> None:
    path = killed(tmp_path)
    all_frames = wal_of(path).stat().st_size // FRAME
    flip(wal_of(path), 32 + 12 * FRAME + 30)
    lost = lost_frames(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT count(*) FROM meta").fetchone()
        (_, frames, _) = connection.execute("PRAGMA wal_checkpoint").fetchone()
    assert (all_frames - 12, True) == (lost, 0 < frames <= 12)
