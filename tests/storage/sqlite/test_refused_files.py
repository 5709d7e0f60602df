"""T-57, T-58: a database that cannot be used stops the start with one line, and keeps its bytes."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.storage.journal import Journal
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import (
    Corrupt,
    ForeignDatabase,
    NewerSchema,
    NotADatabase,
    StorageFault,
    Unwritable,
)
from aihub_lite.storage.sqlite.migrations import MIGRATIONS
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, record, with_database

pytestmark = pytest.mark.attack("T-57", "T-58")


def opened_and_closed(path: Path) -> None:
    async def nothing(_: Database) -> None:
        return None

    with_database(path, nothing)


def filled(path: Path, records: int = 300) -> Path:
    """A closed database with something on more than one page."""

    async def work(database: Database) -> None:
        await Tokens(database).insert(TOKEN)
        ledger = Journal(database)
        await asyncio.gather(*(ledger.settle(record(f"r{number}")) for number in range(records)))

    with_database(path, work)
    return path


def refused(path: Path, fault: type[StorageFault]) -> str:
    """The one line of the refusal, after checking that nothing was written."""
    before = path.read_bytes()
    with pytest.raises(fault) as raised:
        opened_and_closed(path)
    assert before == path.read_bytes()
    return str(raised.value)


def in_sqlite(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
    return path


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_a_text_file_is_not_taken_for_a_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("shopping list\n" * 100)
    assert f"{path} is not a database of aihub-lite: it is not SQLite" == refused(path, NotADatabase)


def test_a_corrupt_header_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    overwrite(path, 20, b"\xff" * 40)
    assert "\n" not in refused(path, StorageFault)


@pytest.mark.parametrize("page", range(1, 20, 3))
def test_a_corrupt_page_is_found_at_start(tmp_path: Path, page: int) -> None:
    path = filled(tmp_path / "a.db")
    overwrite(path, page * 4096, b"\xa5" * 4096)
    assert "restore a backup" in refused(path, Corrupt)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    path.write_bytes(path.read_bytes()[:9000])
    assert "restore a backup" in refused(path, Corrupt)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = in_sqlite(tmp_path / "a.db", "CREATE TABLE cookies (name)")
    assert "belongs to another program" in refused(path, ForeignDatabase)


def test_another_application_id_is_refused(tmp_path: Path) -> None:
    path = in_sqlite(filled(tmp_path / "a.db"), "PRAGMA application_id=7")
    assert "0x00000007" in refused(path, ForeignDatabase)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = in_sqlite(filled(tmp_path / "a.db"), "PRAGMA user_version=99")
    assert f"schema 99, this one knows {len(MIGRATIONS)}" in refused(path, NewerSchema)


def left_by_a_killed_process(path: Path, copy: Path, *statements: str) -> Path:
    """A copy of the database with its WAL, as a process that was killed leaves them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode=WAL", *statements):
            connection.execute(statement).fetchall()
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    return copy


def test_a_newer_schema_that_is_only_in_the_wal_is_refused(tmp_path: Path) -> None:
    path = left_by_a_killed_process(filled(tmp_path / "a.db"), tmp_path / "b.db", "PRAGMA user_version=99")
    wal = Path(f"{path}-wal").read_bytes()
    assert "schema 99" in refused(path, NewerSchema)
    assert wal == Path(f"{path}-wal").read_bytes()


def spent(path: Path) -> int:
    async def work(database: Database) -> int:
        return (await Tokens(database).load())[0][1]

    amount: int = with_database(path, work)
    return amount


CHARGES = tuple("UPDATE tokens SET spent_nano = spent_nano + 1" for _ in range(10))


def test_what_a_killed_process_committed_is_there(tmp_path: Path) -> None:
    path = left_by_a_killed_process(filled(tmp_path / "a.db", 1), tmp_path / "b.db", *CHARGES)
    assert 1010 == spent(path)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_wal_loses_whole_transactions_and_nothing_else(tmp_path: Path, keep: float) -> None:
    path = left_by_a_killed_process(filled(tmp_path / "a.db", 1), tmp_path / "b.db", *CHARGES)
    wal = Path(f"{path}-wal")
    wal.write_bytes(wal.read_bytes()[: int(wal.stat().st_size * keep)])
    assert 1000 <= spent(path) < 1010


def test_a_database_killed_before_its_first_table_starts_afresh(tmp_path: Path) -> None:
    path = in_sqlite(tmp_path / "a.db", "PRAGMA journal_mode=WAL")
    opened_and_closed(path)
    assert 0 < path.stat().st_size


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_files_and_a_missing_directory_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data" / "a.db"

    async def work(_: Database) -> list[int]:
        return [permissions(file) for file in (path.parent, path, Path(f"{path}-wal"), Path(f"{path}-shm"))]

    assert [0o700, 0o600, 0o600, 0o600] == with_database(path, work)


def test_a_database_others_can_read_is_made_private(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.db")
    path.chmod(0o644)
    opened_and_closed(path)
    assert 0o600 == permissions(path)


def dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [dangling_link, link_to_itself, Path.mkdir])
def test_what_cannot_be_a_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "a.db"
    make(path)
    with pytest.raises(Unwritable):
        opened_and_closed(path)


def test_a_file_where_the_directory_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(Unwritable):
        opened_and_closed(tmp_path / "data" / "a.db")


def test_a_link_to_a_database_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "a.db"
    link.symlink_to(filled(tmp_path / "real" / "b.db", 1))
    assert 1000 == spent(link)


ROOT = Path(__file__).parents[3]
AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import Unwritable
if os.geteuid() == 0:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
try:
    asyncio.run(Database.open(Path(sys.argv[1])))
except Unwritable as fault:
    print(fault)
"""


@pytest.mark.parametrize("directory_mode", [0o555, 0o755])
def test_a_read_only_directory_or_file_is_refused(directory_mode: int) -> None:
    # Not in tmp_path: that is closed to the user the child becomes, where the tests run as root.
    with tempfile.TemporaryDirectory() as name:
        path = filled(Path(name) / "a.db", 1)
        path.chmod(0o444)
        Path(name).chmod(directory_mode)
        command = [sys.executable, "-c", AS_NOBODY, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, cwd=ROOT)
        Path(name).chmod(0o755)
    assert "" == done.stderr
    assert "cannot be written: no permission" in done.stdout
