"""A log that one-api or new-api keeps in a database of its own (LOG_SQL_DSN) is as good as one in the main database."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from aihub_lite.moving import new_api, one_api
from aihub_lite.moving.move import Move, Unreadable
from aihub_lite.moving.relay_move import ELSEWHERE
from tests.cli.terminal import Terminal
from tests.moving.peers import PEERS, requires_peers
from tests.moving.restarted import moved

READ: Mapping[str, Callable[..., Move]] = {"one-api": one_api.read, "new-api": new_api.read}
pytestmark = requires_peers


@attrs.frozen
class Apart:
    """A program's database without its log, and one with nothing else."""

    whole: Path
    main: Path
    log: Path


@pytest.fixture(params=READ)
def program(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def apart(program: str, tmp_path: Path) -> Apart:
    """As the program has them: its main database has an empty table of that name."""
    whole = PEERS / program / f"{program}.db"
    main, log = (Path(shutil.copy(whole, tmp_path / name)) for name in ("main.db", "log.db"))
    with closing(sqlite3.connect(main)) as connection:
        connection.execute("DELETE FROM logs")
        connection.commit()
    with closing(sqlite3.connect(log)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (name,) in tables.fetchall():
            if name != "logs":
                connection.execute(f'DROP TABLE "{name}"')
        connection.commit()
    return Apart(whole, main, log)


def test_a_log_apart_brings_what_one_in_the_main_database_does(program: str, apart: Apart) -> None:
    move = READ[program](str(apart.main), log_database=str(apart.log))
    assert READ[program](str(apart.whole)) == move
    assert len(move.calls) > 30


def test_it_is_history_behind_a_restart_of_the_tokens_that_came_along(
    program: str, apart: Apart, tmp_path: Path
) -> None:
    move = READ[program](str(apart.main), log_database=str(apart.log))

    async def story() -> None:
        async with moved(tmp_path / "gateway", move) as (gateway, _):
            rows = await gateway.database.read("SELECT count(*) AS many FROM usage_records WHERE token_id <> ''")
            assert rows[0]["many"] > 20

    asyncio.run(story())


def test_a_main_database_without_that_table_does_as_well(program: str, apart: Apart) -> None:
    with closing(sqlite3.connect(apart.main)) as connection:
        connection.execute("DROP TABLE logs")
        connection.commit()
    assert READ[program](str(apart.whole)) == READ[program](str(apart.main), log_database=str(apart.log))


def test_what_was_logged_before_it_was_kept_apart_is_said_to_stay_behind(program: str, apart: Apart) -> None:
    move = READ[program](str(apart.whole), log_database=str(apart.log))
    with closing(sqlite3.connect(apart.log)) as connection:
        ((rows,),) = connection.execute("SELECT count(*) FROM logs")
    (told,) = [row for row in move.left if "in the main database" in " ".join(row.notes)]
    assert ("log", f"{rows} rows") == (told.noun, told.name)
    assert READ[program](str(apart.whole)).calls == move.calls


def test_an_empty_log_of_who_used_something_is_said_to_be_elsewhere(program: str, apart: Apart) -> None:
    move = READ[program](str(apart.main))
    assert [ELSEWHERE] == [row.notes[0] for row in move.left if row.name == "no calls"]
    assert not move.calls
    assert ELSEWHERE not in [note for row in READ[program](str(apart.whole)).left for note in row.notes]


def test_a_log_database_that_has_none_is_told_in_a_sentence(program: str, apart: Apart, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.db")) as connection:
        connection.execute("CREATE TABLE other (id)")
    with pytest.raises(Unreadable, match="it has no table logs"):
        READ[program](str(apart.main), log_database=str(tmp_path / "empty.db"))
    with pytest.raises(Unreadable, match="there is no file"):
        READ[program](str(apart.main), log_database=str(tmp_path / "nothing.db"))
    with pytest.raises(Unreadable, match=r"^clickhouse:// cannot be read") as refusal:
        READ[program](str(apart.main), log_database="clickhouse://root:secret@db/logs")
    assert "secret" not in str(refusal.value)


def test_the_command_takes_its_address(
    program: str, apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also later, once the main database has come along without its log."""
    terminal = Terminal(tmp_path / "data", capsys, monkeypatch)
    alone = terminal.ok("import", program, str(apart.main), "--json").json["rows"]
    along = terminal.ok("import", program, str(apart.main), "--log-database", str(apart.log), "--json").json["rows"]
    assert [[ELSEWHERE], []] == [
        [note for row in rows for note in row["notes"] if note == ELSEWHERE] for rows in (alone, along)
    ]
    sums = terminal.ok("usage", "--tag", f"from-{program}", "--json").json
    assert "requests" in str(sums)
