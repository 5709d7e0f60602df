"""A peer's database at a real server of PostgreSQL or MariaDB brings the same as its SQLite file, whose every line is
held against what was configured (`test_one_api`, `test_new_api`, `gpt_load/test_peer`)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest

from aihub_lite.moving import mysql, new_api, one_api
from aihub_lite.moving.gpt_load import facts
from aihub_lite.moving.gpt_load.database import read_pool
from aihub_lite.moving.move import Move, Unreadable
from tests.moving.peers import PEERS, expected, requires_peers
from tests.moving.restarted import NOW
from tests.moving.servers.loading import load_mysql, load_postgresql, tables_of
from tests.moving.servers.mariadb import ESCAPED, WORD, mariadb
from tests.moving.servers.postgresql import postgresql

pytestmark = [requires_peers, pytest.mark.served]
RELAY = ("users", "tokens", "channels", "options", "logs", "redemptions")
POOL = ("groups", "api_keys", "system_settings", "group_sub_groups", "request_logs")


@attrs.frozen
class Peer:
    """A program's database, and how it is read."""

    name: str
    file: Path
    tables: tuple[str, ...]
    read: Callable[[str], Move]


def _pool(file: str) -> Callable[[str], Move]:
    def read(database: str) -> Move:
        key = expected("gpt-load")[file].get("ENCRYPTION_KEY", "")
        return facts.move_of(read_pool(database, key), NOW)

    return read


PROGRAMS: Mapping[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer("one-api", PEERS / "one-api" / "one-api.db", RELAY, one_api.read),
        Peer("new-api", PEERS / "new-api" / "new-api.db", RELAY, new_api.read),
        Peer("gpt-load", PEERS / "gpt-load" / "gpt-load.db", POOL, _pool("gpt-load.db")),
        Peer("encrypted", PEERS / "gpt-load" / "gpt-load-encrypted.db", POOL, _pool("gpt-load-encrypted.db")),
    )
}


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[tuple[str, Path]]:
    with mariadb() as server:
        yield server


def in_postgresql(server: str, peer: Peer) -> str:
    """The address of that program's tables there, in a schema of their own."""
    import pg8000.native

    host, _, port = server.rpartition("@")[2].partition("/")[0].partition(":")
    with pg8000.native.Connection(
        "owner", host=host, port=int(port), password="a-secret-word", database="postgres"
    ) as connection:
        load_postgresql(connection, peer.name, tables_of(peer.file, peer.tables))
    return f"{server}?schema={quote(peer.name)}"


def in_mariadb(server: tuple[str, Path], peer: Peer) -> str:
    """The same of the only database there."""
    import pymysql

    address = mysql.address_of(server[0])
    with pymysql.connect(
        user=address.user,
        password=address.password,
        host=address.host,
        port=address.port,
        database=address.database,
        charset="utf8mb4",
    ) as connection:
        load_mysql(connection, tables_of(peer.file, peer.tables))
    return server[0]


def in_any_order(move: Move) -> Move:
    """A JSON column of PostgreSQL's has its names in an order of its own, and so have a channel's offers."""
    channels = [
        attrs.evolve(
            each, channel=attrs.evolve(each.channel, offers=tuple(sorted(each.channel.offers, key=lambda o: o.model)))
        )
        for each in move.channels
    ]
    return attrs.evolve(move, channels=tuple(channels))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_database_at_postgresql_brings_what_its_file_does(postgres_server: str, program: str) -> None:
    peer = PROGRAMS[program]
    there = peer.read(in_postgresql(postgres_server, peer))
    assert in_any_order(peer.read(str(peer.file))) == in_any_order(there)
    assert len(there.calls) > 30


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_database_at_mariadb_brings_what_its_file_does(mariadb_server: tuple[str, Path], program: str) -> None:
    peer = PROGRAMS[program]
    there = peer.read(in_mariadb(mariadb_server, peer))
    assert peer.read(str(peer.file)) == there
    assert len(there.calls) > 30


@pytest.mark.parametrize("program", ["one-api", "new-api"])
def test_a_log_at_a_server_beside_a_main_database_elsewhere_brings_what_one_file_does(
    postgres_server: str, mariadb_server: tuple[str, Path], program: str, tmp_path: Path
) -> None:
    peer = PROGRAMS[program]
    whole = peer.read(str(peer.file))
    read = {"one-api": one_api.read, "new-api": new_api.read}[program]
    main = Path(shutil.copy(peer.file, tmp_path / "main.db"))
    with closing(sqlite3.connect(main)) as connection:
        connection.execute("DELETE FROM logs")
        connection.commit()
    log = attrs.evolve(peer, name=f"{program} log", tables=("logs",))
    at_postgresql, at_mariadb = in_postgresql(postgres_server, log), in_mariadb(mariadb_server, log)
    assert whole == read(str(main), log_database=at_postgresql)
    assert whole == read(str(main), log_database=at_mariadb)
    tables = tuple(table for table in peer.tables if table != "logs")
    at_server = in_postgresql(postgres_server, attrs.evolve(peer, name=f"{program} main", tables=tables))
    assert in_any_order(whole) == in_any_order(read(at_server, log_database=at_mariadb))


def test_a_socket_and_an_address_as_go_has_it_lead_to_the_same(mariadb_server: tuple[str, Path]) -> None:
    peer = PROGRAMS["one-api"]
    url = in_mariadb(mariadb_server, peer)
    port = mysql.address_of(url).port
    move = peer.read(url)
    assert move == peer.read(f"owner:{WORD}@tcp(127.0.0.1:{port})/owned?charset=utf8mb4&parseTime=True&loc=Local")
    assert move == peer.read(f"owner:{WORD}@unix({mariadb_server[1]})/owned")
    assert move == peer.read(f"mysql://owner:{ESCAPED}@localhost/owned?socket={mariadb_server[1]}")


def test_moments_are_of_the_zone_that_the_program_wrote_them_in(mariadb_server: tuple[str, Path]) -> None:
    url = in_mariadb(mariadb_server, PROGRAMS["gpt-load"])
    utc, shanghai = (PROGRAMS["gpt-load"].read(f"{url}?loc={zone}").calls for zone in ("UTC", "Asia%2FShanghai"))
    eight_hours = 8 * 3600 * 1000
    assert {eight_hours} == {one.started_ms - other.started_ms for one, other in zip(utc, shanghai, strict=True)}


def test_names_that_differ_in_case_alone_are_two_tokens(mariadb_server: tuple[str, Path]) -> None:
    """MySQL compares without case: what one of two unlimited tokens has used was that of both."""
    import pymysql

    peer = PROGRAMS["one-api"]
    address = mysql.address_of(in_mariadb(mariadb_server, peer))
    with (
        pymysql.connect(
            user=address.user, password=address.password, host=address.host, port=address.port, database="owned"
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE tokens SET name = 'DEFAULT', user_id = 1, unlimited_quota = 1 WHERE id = 1")
        cursor.execute("DELETE FROM logs")
        for name, quota in (("DEFAULT", 500), ("default", 7000), ("default ", 90000)):
            cursor.execute(
                "INSERT INTO logs (id, user_id, type, token_name, quota) VALUES (%s, 1, 2, %s, %s)",
                (quota, name, quota),
            )
        cursor.execute("UPDATE logs SET created_at = 1, model_name = 'm', channel_id = 1, username = 'root'")
        connection.commit()
    token = next(each for each in peer.read(mariadb_server[0]).tokens if each.token.name == "DEFAULT")
    assert 500 * 2000 == token.used_nano


def test_a_log_that_is_fetched_in_parts_is_whole(postgres_server: str) -> None:
    import pg8000.native

    peer = PROGRAMS["one-api"]
    whole = attrs.evolve(peer, name="long")
    url = in_postgresql(postgres_server, whole)
    host, _, port = postgres_server.rpartition("@")[2].partition("/")[0].partition(":")
    with pg8000.native.Connection(
        "owner", host=host, port=int(port), password="a-secret-word", database="postgres"
    ) as connection:
        connection.run(
            "INSERT INTO long.logs SELECT id * 1000000 + n, user_id, created_at - n, type, content, username,"
            " token_name, model_name, quota, prompt_tokens, completion_tokens, channel_id, request_id, elapsed_time,"
            " is_stream, system_prompt_reset"
            " FROM long.logs, generate_series(1, 100) AS n WHERE type = 2"
        )
    before = peer.read(str(peer.file)).calls
    after = one_api.read(url, most_calls=4000)
    assert 4000 == len(after.calls) == len({call.source for call in after.calls})
    assert f"{101 * len(before) - 4000} older calls" in [row.name for row in after.left]
    assert after.calls[-1] == before[-1]


@pytest.mark.parametrize("program", ["one-api", "new-api", "gpt-load"])
def test_a_server_that_lets_nobody_in_is_told_without_the_password(
    postgres_server: str, mariadb_server: tuple[str, Path], program: str
) -> None:
    for url in (postgres_server.replace("a-secret", "wrong"), mariadb_server[0].replace("a-secret", "wrong")):
        with pytest.raises(Unreadable, match="cannot be reached") as refusal:
            PROGRAMS[program].read(url)
        assert "wrong" not in str(refusal.value)
        assert "word" not in str(refusal.value).replace("using password", "").replace("password authentication", "")


@pytest.mark.parametrize("program", ["one-api", "new-api", "gpt-load"])
def test_a_server_without_the_tables_is_no_database_of_that_program(postgres_server: str, program: str) -> None:
    with pytest.raises(Unreadable, match="is no database of") as refusal:
        PROGRAMS[program].read(postgres_server.replace("/postgres", "/template1"))
    assert "secret" not in str(refusal.value)
