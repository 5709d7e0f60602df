"""Schema steps: each whole or not at all, each once, from every released version (T-65)."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from aihub_lite.domain.usage import UsageRecord
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.sqlite.migrations import (
    APPLICATION_ID,
    MIGRATIONS,
    check_schema,
    create,
    migrate,
    statements_of,
)
from aihub_lite.storage.usage import Usages
from tests.storage.facts import record, with_database, written_at
from tests.storage.sqlite.whole_schema import TARGET, whole_schema

pytestmark = pytest.mark.attack("T-65")

ROOT = Path(__file__).parents[3]
PATH = Path("a.db")
ONE = ("CREATE TABLE one (x)", "INSERT INTO one VALUES (1)")
TWO = ("ALTER TABLE one ADD COLUMN y", "UPDATE one SET y = x + 1")
BROKEN = ("CREATE TABLE two (x)", "INSERT INTO nowhere VALUES (1)")
RELEASED = (
    "1353428f8b392e91c05877367f07513f6f81041ddf41b3d70b919d090292d875",
    "75c749f88a91560206322c49b32f5b959847f9cdc5c7e1c1ba82a0ec1676b6e7",
    "19fe0243158df245c4cd86562d2bfb01e3339bb851396490422f0b37c6683bb9",
    "250917f7d93fb99b4664d1ba274a7c59d36967e316f1ca491a6c29efb75899dc",
    "80c0adcacd592b13468411fbc53ab025bdfadb6bcf3528e79b70df089d0e12fc",
    "e30b5738874746e3f4b50a1066e1cf9174adf13fa8161128047d5f2a9832a699",
    "b1368eccd855915dcde61b34763e543312520513c11e7bdcf2852e863debcc83",
    "2e796a5ee9a2ba7abe39b93e8428d6ab30684ec55d16dafea33f23a9f6695ef9",
    "9a4292bcd65007628787c865503238925fcd86a32ce0df9d2b5a434cdd9fc7c7",
    "26dfcfdb6dd373c1291d3314c9fb405cd7f88eb009a5071fc11575cb42184098",
    "9b67ee22a4c06317e324b95dcc36ba24d1c9bd2246f3b85b088fdfec15eb8771",
    "d94c827ab135e094c7de03d5fb4c0ac007b66de6eda4843b03bac2931a0b42f6",
    "e2b950330356693e5fb63f0b1faa6d79936963031cee20a5518d5adb477c2f8d",
    "6a946dcd19b0d720906cf2ee5c5b4025fd645ea97a1d9eeaed72d6f4bf18eb4c",
    "a5b6ea87b03db70637e6b6dcc1a2ccca12433c092c535e077fad5cf22308e877",
    "c469d8a5213cbec6e071f8e0a0fe10f3653f71a75e782b2e71470958202a7967",
    "8fdd087fae59f587d11d1ec6e25e0d82cc817f32a64cc081309e836be877b810",
    "583e52a9f37fc4ef8bf6fcad0179a2278df4894156ed845cfe79abf273cc25ec",
    "a00c0219afa4904c25b14a732a07d6ef072e201e106ed40444b572f170136e45",
    "e3882af5a251382714e14f0ec982f0c9092db4acc8554d39f1a7f115d71763d0",
    "5cf61069f11068f9361ad0cd6f53e8efa7e78fed2eeb8656a897a10992aabbf1",
    "afe61727c47f8a072b82a4e84bb24b87ba21464c0c5fde4e7efddbe25aaf3619",
    "17a9a2537386de2ad4c1eb04c89f40afe6670893dbf7893ce39b03d5ac6e994a",
    "9ba693f5ac7461e4e7679e4d565ef97c6a6b295d80f12c66f3ef612946df3424",
    "79559a1691d786dee2cbbbf204a2968283d8a6f35d16b4316361a633bf730e87",
    "eddf21f88a6140881db82fe8da7f64fe6c7f3ebebf21b51ab282e9a8fe6652c3",
    "c57fd81443a0d23651b6c459f9e28233ff45555c7ed72b407859593508fd369e",
    "554f51ce53b79e0173387b68d686fb19b2575aec9490252b2ef0a9b9b94261ad",
    "0a799e1d536629e0fc9b25a1965b3b0b37c66ed578e051536ce71ff79c38d88e",
    "3cfd52539d72f2f2c3ffaa36a310ba7b403cd92d20762aecfb5e928334988688",
    "0d11458d5805c9bcfed429555ccb113eb2a0b1590370fbd748670816a4352c3e",
    "5ce787fe80041cb52b5e25a3944c11b221b0124c92b560106b8b5dceb4abc194",
    "22b8811c8b74524fc734de436e5aed680222843a6f891e1ce8c2c31be9eb129d",
    "44b53d86bcf6c99ab96ea4ce320d68cb7808058000d0f0bebaa9899190811016",
    "44b53d86bcf6c99ab96ea4ce320d68cb7808058000d0f0bebaa9899190811016",
    "768fd433a39c9f34853def38ba1318602dcdb11859198d6452fe608eb9ae8e11",
)
"""SHA-256 of `schema_text` after each released step. A new step adds a line; none of these ever changes."""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def application_id(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("PRAGMA application_id").fetchone()
    return int(number)


def schema_text(connection: sqlite3.Connection) -> str:
    """Every object in the order it was made. How a statement ended is left out: no blank there means anything."""
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY rowid")
    return "\n".join(" ".join(row).rstrip() for row in rows)


def test_a_fresh_database_gets_every_step_and_our_mark(connection: sqlite3.Connection) -> None:
    assert migrate(connection, PATH)
    assert len(MIGRATIONS) == check_schema(connection, PATH)
    assert APPLICATION_ID == application_id(connection)


def test_a_new_database_is_what_all_steps_come_to(connection: sqlite3.Connection) -> None:
    migrate(connection, PATH)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        create(new)
        assert schema_text(connection) == schema_text(new)
        assert [*connection.iterdump()] == [*new.iterdump()]
        assert (len(MIGRATIONS), APPLICATION_ID) == (check_schema(new, PATH), application_id(new))


def test_the_script_of_a_new_database_is_written_anew_after_each_step() -> None:
    """python -m tests.storage.sqlite.whole_schema"""
    assert whole_schema() == TARGET.read_text("utf-8")


def test_a_new_database_is_made_whole_or_not_at_all(connection: sqlite3.Connection) -> None:
    """T-65: what ends in the middle begins again."""

    def refuse(action: int, name: str | None, *_: str | None) -> int:
        if (action, name) == (sqlite3.SQLITE_CREATE_TABLE, "breaker_findings"):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    connection.set_authorizer(refuse)
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        create(connection)
    connection.set_authorizer(None)
    assert ([], 0) == (tables(connection), check_schema(connection, PATH))
    create(connection)
    assert len(MIGRATIONS) == check_schema(connection, PATH)


def test_a_step_is_applied_once(connection: sqlite3.Connection) -> None:
    migrate(connection, PATH, (ONE,))
    assert not migrate(connection, PATH, (ONE,))
    assert [(1,)] == connection.execute("SELECT x FROM one").fetchall()


def test_an_older_database_keeps_its_rows(connection: sqlite3.Connection) -> None:
    migrate(connection, PATH, (ONE,))
    migrate(connection, PATH, (ONE, TWO))
    assert [(1, 2)] == connection.execute("SELECT x, y FROM one").fetchall()


def test_a_step_that_fails_leaves_the_version_that_there_was(connection: sqlite3.Connection) -> None:
    """The steps before it are taken back too: what the older version can use is whole, or nothing is."""
    migrate(connection, PATH, (ONE,))
    with pytest.raises(sqlite3.OperationalError) as raised:
        migrate(connection, PATH, (ONE, TWO, BROKEN))
    assert (1, ["one"]) == (check_schema(connection, PATH, (ONE,)), tables(connection))
    assert ["x"] == [name for (_, name, *_) in connection.execute("PRAGMA table_info(one)")]
    assert ["in step 3"] == raised.value.__notes__


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_released_step_makes_the_schema_that_it_always_made(connection: sqlite3.Connection, version: int) -> None:
    migrate(connection, PATH, MIGRATIONS[:version])
    assert RELEASED[version - 1] == hashlib.sha256(schema_text(connection).encode()).hexdigest()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_a_database_of_every_released_version_keeps_its_records(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.db"
    written_at(version, path, [record("r1"), record("r2")])

    async def work(database: Database) -> list[UsageRecord]:
        return [row for _, row in await Usages(database).records(RecordFilter())]

    assert [record("r2"), record("r1")] == with_database(path, work)
    with closing(sqlite3.connect(path)) as connection:
        assert len(MIGRATIONS) == check_schema(connection, path)
        assert RELEASED[-1] == hashlib.sha256(schema_text(connection).encode()).hexdigest()


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from aihub_lite.storage.sqlite.migrations import migrate

path, last = Path(sys.argv[1]), int(sys.argv[2])
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
statements = 0

def count(_):
    global statements
    statements += 1
    if statements == last:
        os.kill(os.getpid(), signal.SIGKILL)

connection.set_trace_callback(count)
migrate(connection, path)
"""


def killed_at(path: Path, statement: int) -> bool:
    """Whether a migration was killed before it ran so many statements."""
    command = [sys.executable, "-c", KILLED, str(path), str(statement)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL


# The first version is killed at the statements of every step; the others only begin later.
@pytest.mark.slow
@pytest.mark.parametrize("version", [1, len(MIGRATIONS) // 2, len(MIGRATIONS) - 1])
def test_a_migration_that_is_killed_at_any_statement_goes_on_at_the_next_start(tmp_path: Path, version: int) -> None:
    """T-65: the schema is that of a migration that was not, and the records are there."""
    statement = 0
    while True:
        statement += 1
        path = tmp_path / f"{statement}.db"
        written_at(version, path, [record("r1"), record("r2")])
        if not killed_at(path, statement):
            break
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
            migrate(connection, path)
            assert RELEASED[-1] == hashlib.sha256(schema_text(connection).encode()).hexdigest()
            assert 2 == connection.execute("SELECT count(*) FROM usage_records").fetchone()[0]
    assert statement > 1


def test_a_token_from_before_counts_as_self_made_by_its_name_or_by_the_audit_log(
    connection: sqlite3.Connection,
) -> None:
    """Its person may have another name since, and an admin may have made tokens for them."""
    migrate(connection, PATH, MIGRATIONS[:30])
    person = "INSERT INTO persons (id, name, created_at, role, team_id, enabled) VALUES (?, ?, 0, 'member', '', 1)"
    connection.executemany(person, [("per_1", "Ada"), ("per_2", "Bob Miller")])
    token = (
        'INSERT INTO tokens (id, name, digest, hint, created_at, person_id, "group", enabled, models, allow_ips)'
        " VALUES (?, ?, ?, '', 0, ?, 'default', 1, '[]', '[]')"
    )
    tokens = [
        ("tok_1", "Ada: laptop", "per_1"),
        ("tok_2", "robot", "per_1"),
        ("tok_3", "Bob: laptop", "per_2"),
        ("tok_4", "Ada: of nobody", ""),
        ("tok_5", "Ada", "per_1"),
    ]
    connection.executemany(token, [(ref, name, ref, person_id) for ref, name, person_id in tokens])
    line = (
        "INSERT INTO audit (at_ms, via, by, person_id, address, action, request_id, kind, object_id, object, fields)"
        " VALUES (0, '', '', ?, '', ?, '', 'token', ?, '', '{}')"
    )
    connection.executemany(line, [("per_2", "create_own_token", "tok_3"), ("per_1", "create_token", "tok_2")])
    migrate(connection, PATH)
    assert [("tok_1",), ("tok_3",)] == connection.execute(
        "SELECT id FROM tokens WHERE self_made ORDER BY id"
    ).fetchall()


def test_files_of_the_schema_are_numbered_from_one_without_a_gap() -> None:
    names = sorted(file.name for file in files("aihub_lite.storage.sqlite").joinpath("schema").iterdir())
    assert [f"{number:04}" for number in range(1, len(RELEASED) + 1)] == [name.partition("_")[0] for name in names]


def test_a_semicolon_inside_a_trigger_a_text_or_a_comment_ends_no_statement() -> None:
    statements = [
        "-- one; two\nCREATE TABLE one (x);",
        "CREATE TRIGGER two AFTER INSERT ON one BEGIN\n    DELETE FROM one;\n    SELECT ';\n';\nEND;",
        "DROP TABLE one;",
    ]
    assert statements == list(statements_of("\n\n".join(statements) + "\n"))


def test_a_script_whose_last_statement_has_no_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no semicolon ends 'DROP TABLE two'"):
        list(statements_of("DROP TABLE one;\nDROP TABLE two\n"))
