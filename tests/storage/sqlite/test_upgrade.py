"""An upgrade copies the database first, judges what came of it, and takes itself back where a step fails (T-65)."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import UpgradeFailed
from aihub_lite.storage.sqlite.migrations import MIGRATIONS, read_steps
from aihub_lite.storage.sqlite.soundness import examine
from aihub_lite.storage.tokens import Tokens
from tests.storage.facts import TOKEN, record, with_database, written_at

pytestmark = pytest.mark.attack("T-65")

ROOT = Path(__file__).parents[3]
NEWEST = len(MIGRATIONS)
FILLS = """
CREATE TABLE large (x);
INSERT INTO large WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    SELECT zeroblob(100000) FROM n;
"""
STEPS = {
    "a statement that fails": ("CREATE TABLE two (x);\nINSERT INTO nowhere VALUES (1);\n", "no such table: nowhere"),
    "the last of two steps": ("CREATE TABLE two (x);\nINSERT INTO two VALUES (1, 2);\n", "1 columns but 2 values"),
    "records that are gone": ("DELETE FROM usage_records;\n", "usage_records had 2 rows, and has 0"),
    "tokens that are gone": ("DROP TABLE tokens;\n", "tokens had 1 rows, and has 0"),
    "rows that point nowhere": (
        "CREATE TABLE three (x REFERENCES tokens (id) DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO three VALUES ('nobody');\n",
        "1 rows point at rows that are not there",
    ),
    "a disk that is full": ("PRAGMA max_page_count=90;\n" + FILLS, "database or disk is full"),
}


def older(tmp_path: Path) -> Path:
    """A closed database of this version with a token and two records."""
    path = tmp_path / "data" / "a.db"
    path.parent.mkdir(mode=0o700)

    async def work(database: Database) -> None:
        await Tokens(database).insert(TOKEN)

    written_at(NEWEST, path, [record("r1"), record("r2")])
    with_database(path, work)
    return path


def schema_of_a_next_release(tmp_path: Path, *scripts: str) -> Path:
    """A folder with the steps that there are, and more."""
    folder = tmp_path / "schema"
    folder.mkdir(exist_ok=True)
    for file in files("aihub_lite.storage.sqlite").joinpath("schema").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for number, script in enumerate(scripts, NEWEST + 1):
        (folder / f"{number:04}_next.sql").write_text(script)
    return folder


def upgrade(path: Path, folder: Path) -> None:
    async def open_and_close() -> None:
        async with await Database.open(path, steps=read_steps(folder)):
            pass

    asyncio.run(open_and_close())


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("fault", STEPS)
def test_an_upgrade_that_fails_leaves_the_database_to_the_older_version(tmp_path: Path, fault: str) -> None:
    script, reason = STEPS[fault]
    path = older(tmp_path)
    before = contents(path)
    with pytest.raises(UpgradeFailed) as raised:
        upgrade(path, schema_of_a_next_release(tmp_path, "CREATE TABLE one (x);\n", script))
    assert reason in str(raised.value)
    assert f"from schema {NEWEST} to {NEWEST + 2}" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert before == contents(path)

    async def tokens(database: Database) -> int:
        return len(await Tokens(database).load())

    assert 1 == with_database(path, tokens)


def test_a_step_that_fails_is_named(tmp_path: Path) -> None:
    path = older(tmp_path)
    with pytest.raises(UpgradeFailed, match=f"in step {NEWEST + 2}"):
        upgrade(
            path, schema_of_a_next_release(tmp_path, "CREATE TABLE one (x);\n", "INSERT INTO nowhere VALUES (1);\n")
        )


def test_a_copy_from_before_an_upgrade_is_whole_private_and_of_the_version_before(tmp_path: Path) -> None:
    path = older(tmp_path)
    upgrade(path, schema_of_a_next_release(tmp_path, "CREATE TABLE one (x);\n"))
    copy = path.parent / "backups" / f"a-schema-{NEWEST}.db"
    held, flaw = examine(copy)
    assert ("", NEWEST, 2, 1) == (flaw, held.version, held.rows["usage_records"], held.rows["tokens"])
    assert (0o600, 0o700) == (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777)
    assert [copy.name] == [file.name for file in copy.parent.iterdir()]


def test_only_the_last_two_copies_are_kept(tmp_path: Path) -> None:
    path = older(tmp_path)
    scripts: list[str] = []
    for number in range(4):
        scripts.append(f"CREATE TABLE t{number} (x);\n")
        upgrade(path, schema_of_a_next_release(tmp_path, *scripts))
    names = sorted(file.name for file in (path.parent / "backups").iterdir())
    assert [f"a-schema-{NEWEST + 2}.db", f"a-schema-{NEWEST + 3}.db"] == names


def test_what_somebody_else_put_there_stays(tmp_path: Path) -> None:
    path = older(tmp_path)
    (path.parent / "backups").mkdir()
    theirs = [path.parent / "backups" / name for name in ("mine.db", "b-schema-1.db", "a.db")]
    for file in theirs:
        file.write_text("theirs")
    scripts: list[str] = []
    for number in range(4):
        scripts.append(f"CREATE TABLE t{number} (x);\n")
        upgrade(path, schema_of_a_next_release(tmp_path, *scripts))
    assert ["theirs"] * 3 == [file.read_text() for file in theirs]


def test_a_new_database_and_one_that_is_up_to_date_are_not_copied(tmp_path: Path) -> None:
    path = older(tmp_path)
    with_database(path, _nothing)
    assert not (path.parent / "backups").exists()


async def _nothing(_: Database) -> None:
    """Opened and closed."""


def test_an_upgrade_that_cannot_be_copied_first_does_not_begin(tmp_path: Path) -> None:
    path = older(tmp_path)
    before = contents(path)
    (path.parent / "backups").write_text("a file where the directory should be")
    with pytest.raises(Exception, match="cannot be written"):
        upgrade(path, schema_of_a_next_release(tmp_path, "CREATE TABLE one (x);\n"))
    assert before == contents(path)


CHILD = """
import asyncio, os, resource, signal, sqlite3, sys
from pathlib import Path
from aihub_lite.storage.sqlite import database
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.faults import StorageFault
from aihub_lite.storage.sqlite.migrations import read_steps

path, folder, what, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if what == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (number, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

class Watched(sqlite3.Connection):
    seen = 0

    def execute(self, sql, *rest):
        Watched.seen += 1
        if what == "kill" and Watched.seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *rest)

connect = sqlite3.connect
sqlite3.connect = lambda *args, **named: connect(*args, **{**named, "factory": Watched})

async def main():
    async with await Database.open(path, steps=read_steps(folder)):
        print("opened")

try:
    asyncio.run(main())
except StorageFault as fault:
    print(fault)
"""


def in_child(path: Path, folder: Path, what: str, number: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(path), str(folder), what, str(number)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)


def test_a_disk_that_fills_in_the_middle_of_an_upgrade_changes_nothing(tmp_path: Path) -> None:
    """The operating system itself takes no more bytes for a file, beyond what the copy needs."""
    path = older(tmp_path)
    before = contents(path)
    folder = schema_of_a_next_release(tmp_path, FILLS)
    done = in_child(path, folder, "full", path.stat().st_size + 2**20)
    assert (0, "") == (done.returncode, done.stderr)
    assert "could not be upgraded" in done.stdout
    assert before == contents(path)
    upgrade(path, folder)  # there is room again
    assert 400 == sum('INSERT INTO "large"' in line for line in contents(path))


@pytest.mark.slow
def test_an_upgrade_that_is_killed_at_any_statement_is_made_by_the_next_start(tmp_path: Path) -> None:
    """The copy included: whenever it dies, the database is sound, and the next start makes one upgrade of it."""
    folder = schema_of_a_next_release(
        tmp_path, "ALTER TABLE tokens ADD COLUMN y INTEGER;\n", "UPDATE tokens SET y = 1;\n"
    )
    master = older(tmp_path)
    kills = 0
    while True:
        kills += 1
        path = tmp_path / f"k{kills}" / "a.db"
        path.parent.mkdir(mode=0o700)
        path.write_bytes(master.read_bytes())
        path.chmod(0o600)
        done = in_child(path, folder, "kill", kills)
        if done.returncode != -signal.SIGKILL:
            assert "opened\n" == done.stdout
            break
        upgrade(path, folder)
        with closing(sqlite3.connect(path)) as connection:
            assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
            assert (NEWEST + 2,) == connection.execute("PRAGMA user_version").fetchone()
            assert [(1,)] == connection.execute("SELECT y FROM tokens").fetchall()
            assert (2,) == connection.execute("SELECT count(*) FROM usage_records").fetchone()
        assert [f"a-schema-{NEWEST}.db"] == [file.name for file in (path.parent / "backups").iterdir()]
    assert kills > 20
