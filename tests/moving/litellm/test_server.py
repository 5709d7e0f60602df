"""A LiteLLM database on a real PostgreSQL server reads as its dump does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from aihub_lite.moving.litellm.dump import read_dump
from aihub_lite.moving.litellm.facts import move_of
from aihub_lite.moving.litellm.source import TABLES, read_litellm
from aihub_lite.moving.move import MOST_CALLS, Unreadable
from aihub_lite.moving.postgres import read_server
from tests.moving.litellm.spend_log import KINDS, ROWS, TABLE, dump_with, statement
from tests.moving.peers import PEERS, expected, requires_peers
from tests.moving.restarted import NOW
from tests.moving.servers.postgresql import postgresql

pytestmark = [requires_peers, pytest.mark.served]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of one's own, which ends with the module."""
    with postgresql() as address:
        yield address


@pytest.fixture(scope="module")
def filled(server: str) -> str:
    """The same with the tables of a LiteLLM proxy in it."""
    import pg8000.native

    host, _, port = server.rpartition("@")[2].partition("/")[0].partition(":")
    with pg8000.native.Connection(
        "owner", host=host, port=int(port), password="a-secret-word", database="postgres"
    ) as db:
        for table, columns in expected_columns().items():
            kinds = ", ".join(f'"{name}" {TYPES.get(kind, kind)}' for name, kind, _ in columns)
            db.run(f'CREATE TABLE public."{table}" ({kinds})')
        inserts = (PEERS / "litellm" / "tables.sql").read_text()
        for line in inserts.splitlines():
            if line.startswith("INSERT INTO"):
                db.run(line)
        db.run(statement())
        names = list(KINDS)
        values = ", ".join(f":{name}" for name in names)
        for each in ROWS:
            db.run(f'INSERT INTO public."{TABLE}" VALUES ({values})', **{name: each[name] for name in names})
    return server


TYPES = {"ARRAY": "text[]"}


def expected_columns() -> dict[str, list[tuple[str, str, str]]]:
    import msgspec

    return msgspec.json.decode(
        (PEERS / "litellm" / "columns.json").read_bytes(), type=dict[str, list[tuple[str, str, str]]]
    )


def test_a_server_gives_the_rows_of_its_dump(filled: str) -> None:
    salt = expected("litellm")["database"]["LITELLM_SALT_KEY"]
    config = str(PEERS / "litellm" / "config.yaml")
    moves = [
        move_of(read_litellm(config, database, salt, {}), {}, NOW)
        for database in (filled, str(PEERS / "litellm" / "tables.sql"))
    ]
    assert attrs.evolve(moves[0], calls=()) == moves[1]
    rows, dumped = read_server(filled, TABLES), read_dump(PEERS / "litellm" / "tables.sql", TABLES)
    assert {table: len(each) for table, each in rows.items()} == {table: len(each) for table, each in dumped.items()}


def test_a_database_is_a_source_of_its_own(filled: str) -> None:
    salt = expected("litellm")["database"]["LITELLM_SALT_KEY"]
    move = move_of(read_litellm(filled, "", salt, {}), {}, NOW)
    assert (2, 8, 2, 1) == (len(move.channels), len(move.tokens), len(move.people), len(move.teams))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [("a-secret-word", "wrong", "password authentication failed"), ("/postgres", "/nowhere", "does not exist")],
)
def test_a_server_that_lets_nobody_in_is_told_without_the_password(
    server: str, before: str, after: str, told: str
) -> None:
    with pytest.raises(Unreadable, match=told) as refusal:
        read_server(server.replace(before, after), TABLES)
    assert "secret" not in str(refusal.value)


def test_a_server_without_the_tables_is_no_litellm(server: str) -> None:
    with pytest.raises(Unreadable, match="no database of LiteLLM's") as refusal:
        read_litellm(server.replace("/postgres", "/template1"), "", "", {})
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("most_calls", [MOST_CALLS, 2])
def test_the_log_of_a_server_is_that_of_its_dump(filled: str, tmp_path: Path, most_calls: int) -> None:
    salt = expected("litellm")["database"]["LITELLM_SALT_KEY"]
    moves = [
        move_of(read_litellm(database, "", salt, {}, most_calls), {}, NOW)
        for database in (filled, dump_with(tmp_path / "dump.sql", *ROWS))
    ]
    assert min(len(ROWS), most_calls) == len(moves[0].calls)
    assert moves[0].calls == moves[1].calls
    assert [row for row in moves[0].left if row.noun == "log"] == [row for row in moves[1].left if row.noun == "log"]
