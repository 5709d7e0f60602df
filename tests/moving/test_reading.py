"""A database is read as it stands, running or not, and what is none is said in one sentence."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.moving import new_api, one_api
from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.places import Destination, place_of
from aihub_lite.moving.ratios import rule_for
from tests.moving.peers import PEERS, requires_peers


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A copy of new-api's."""
    return Path(shutil.copy(PEERS / "new-api" / "new-api.db", tmp_path / "new-api.db"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of one-api's."""
    return Path(shutil.copy(PEERS / "one-api" / "one-api.db", tmp_path / "one-api.db"))


def changed(database: Path, *statements: str) -> str:
    """After the other program has written something else into it."""
    with closing(sqlite3.connect(database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return str(database)


@pytest.mark.parametrize(
    ("url", "said"), [("sqlserver://root:pw@db/oneapi", "sqlserver://"), ("https://pw@db/newapi", "https://")]
)
def test_a_url_is_said_not_to_be_read_without_what_is_in_it(url: str, said: str) -> None:
    with pytest.raises(Unreadable, match=f"^{said} cannot be read") as refusal:
        one_api.read(url)
    assert "pw" not in str(refusal.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="there is no file"):
        one_api.read(str(tmp_path / "nothing.db"))
    assert [] == [*tmp_path.iterdir()]


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be taken for a page of one" * 100)
    with pytest.raises(Unreadable, match="cannot be read"):
        new_api.read(str(tmp_path / "text.db"))


def test_a_database_of_something_else_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="has no table channels, logs"):
        one_api.read(changed(tmp_path / "other.db", "CREATE TABLE tokens (id)", "CREATE TABLE users (id)"))


@requires_peers
def test_each_program_names_the_other() -> None:
    with pytest.raises(Unreadable, match="say `import new-api`"):
        one_api.read(str(PEERS / "new-api" / "new-api.db"))
    with pytest.raises(Unreadable, match="say `import one-api`"):
        new_api.read(str(PEERS / "one-api" / "one-api.db"))


@requires_peers
def test_a_database_that_is_being_written_is_read_and_left_as_it_is(database: Path) -> None:
    """In WAL mode, with a write that is not checkpointed and another that is not committed."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE channels SET name = 'lately' WHERE id = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE channels SET name = 'unfinished' WHERE id = 1")
        before = hashlib.sha256(database.read_bytes()).digest()
        move = new_api.read(str(database))
        assert before == hashlib.sha256(database.read_bytes()).digest()
    assert "lately" == move.channels[0].channel.name


@requires_peers
def test_a_file_in_a_directory_that_nothing_may_be_written_to_is_read(database: Path) -> None:
    changed(database, "PRAGMA journal_mode=WAL")
    database.parent.chmod(0o500)
    try:
        assert 9 == len(new_api.read(str(database)).tokens)
    finally:
        database.parent.chmod(0o700)


@requires_peers
def test_a_token_whose_models_cannot_be_asked_for_here_is_disabled_not_opened(database: Path) -> None:
    move = new_api.read(changed(database, "UPDATE tokens SET model_limits = '模型' WHERE id = 5"))
    token = next(token for token in move.tokens if token.token.name == "models-only")
    assert (False, ()) == (token.token.enabled, token.token.models)
    assert "an empty list would allow all of them" in " ".join(token.notes)


@requires_peers
def test_a_token_whose_networks_cannot_be_read_is_disabled_not_opened(database: Path) -> None:
    move = new_api.read(changed(database, "UPDATE tokens SET allow_ips = '10.0.0.0/8\nhome' WHERE id = 6"))
    token = next(token for token in move.tokens if token.token.name == "lan-only")
    assert (False, ()) == (token.token.enabled, token.token.allow_ips)


@requires_peers
def test_a_name_with_a_star_allows_that_name_alone(database: Path) -> None:
    move = new_api.read(changed(database, "UPDATE tokens SET model_limits = 'gpt-4-gizmo-*' WHERE id = 5"))
    token = next(token.token for token in move.tokens if token.token.name == "models-only")
    assert [True, False] == [token.may_use([name]) for name in ("gpt-4-gizmo-*", "gpt-4-gizmo-x")]


@requires_peers
def test_a_proxy_that_cannot_be_keeps_its_channel_from_going_out(database: Path) -> None:
    statement = """UPDATE channels SET setting = '{"proxy": "ftp://10.0.0.9"}' WHERE id = 8"""
    move = new_api.read(changed(database, statement))
    channel = next(each.channel for each in move.channels if each.channel.name == "house-vllm")
    assert (False, None) == (channel.enabled, channel.way_out)


@requires_peers
def test_a_mapping_that_leads_round_in_a_circle_maps_nothing(database: Path) -> None:
    statement = """UPDATE channels SET model_mapping = '{"house-flat": "a", "a": "house-flat"}' WHERE id = 8"""
    move = new_api.read(changed(database, statement))
    channel = next(each.channel for each in move.channels if each.channel.name == "house-vllm")
    assert {"house-flat"} == {offer.upstream_model for offer in channel.offers if offer.model == "house-flat"}


@requires_peers
def test_a_channel_of_a_kind_that_is_not_here_is_said_to_stay_behind(database: Path) -> None:
    move = new_api.read(changed(database, "UPDATE channels SET type = 36 WHERE id = 5"))
    told = [(row.name, row.notes[0]) for row in move.left if row.noun == "channel"]
    assert [("gemini", "is of type Suno, whose format has no channel here")] == told


@requires_peers
def test_older_columns_are_enough(database: Path) -> None:
    """new-api before it had several keys in a row, overrides of headers, remarks and request ids."""
    for table, columns in {
        "channels": ("channel_info", "header_override", "settings", "remark"),
        "tokens": ("cross_group_retry", "auto_groups"),
        "logs": ("ip", "request_id", "upstream_request_id"),
        "redemptions": ("expired_time",),
        "users": ("remark", "created_at"),
    }.items():
        with closing(sqlite3.connect(database)) as connection:
            indexes = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (table,)
            )
            for (name,) in indexes.fetchall():
                connection.execute(f'DROP INDEX "{name}"')
        changed(database, *(f"ALTER TABLE {table} DROP COLUMN {column}" for column in columns))
    move = new_api.read(str(database))
    assert (9, 57) == (len(move.tokens), len(move.calls))


@requires_peers
def test_ratios_that_were_never_saved_are_those_of_the_programs(database: Path, old: Path) -> None:
    """Where an operator left all as it was, the options have nothing."""
    never = "DELETE FROM options WHERE key LIKE '%Ratio' OR key = 'ModelPrice'"
    prices = {price.model: price for price in new_api.read(changed(database, never)).prices}
    assert 2_500_000_000 == prices["gpt-4o"].rates.input
    assert "house-model" not in prices
    older = {price.model: price for price in one_api.read(changed(old, never)).prices}
    assert (5_000_000_000, 20_000_000_000) == (older["gpt-4o"].rates.input, older["gpt-4o"].rates.output)


@requires_peers
def test_a_group_that_pays_more_by_default_is_the_price_of_all(database: Path) -> None:
    statement = """UPDATE options SET value = '{"default": 1.5, "vip": 1.5}' WHERE key = 'GroupRatio'"""
    move = new_api.read(changed(database, statement))
    prices = {price.model: price for price in move.prices}
    assert 4_500_000_000 == prices["gpt-4o"].rates.input
    assert 15_000_000 == prices["house-flat"].per_request_nano


@requires_peers
def test_another_worth_of_a_dollar_is_kept_to(database: Path) -> None:
    move = new_api.read(changed(database, "INSERT INTO options VALUES ('QuotaPerUnit', '1000000')"))
    token = next(token for token in move.tokens if token.token.name == "limited")
    assert 1_000_000_000 == token.token.quota_nano


@requires_peers
def test_of_a_long_log_the_newest_calls_are_taken_and_the_rest_is_told(old: Path) -> None:
    move = one_api.read(str(old), most_calls=40)
    assert 40 == len(move.calls)
    assert move.calls == one_api.read(str(old)).calls[-40:]
    told = next(row for row in move.left if row.name == "4 older calls")
    assert told.notes[0].endswith("the newest 40 are taken, for all are written at once")


def test_numbers_of_channel_types_differ_between_the_programs() -> None:
    assert Destination("deepseek") == place_of("one-api", 36, "", "")
    assert "is of type Suno, whose format has no channel here" == place_of("new-api", 36, "", "")
    assert Destination("deepseek") == place_of("new-api", 43, "https://api.deepseek.com", "")
    assert Destination("openai", "https://api.closeai-proxy.xyz/v1") == place_of("one-api", 4, "", "")
    assert Destination("ollama", "http://10.0.0.2:11434/v1") == place_of("new-api", 4, "http://10.0.0.2:11434/", "")
    assert "its type 999 is not known" == place_of("new-api", 999, "", "")


def test_an_address_that_has_its_version_already_gets_no_second_one() -> None:
    assert Destination("openai", "https://llm.example.com/v1") == place_of(
        "new-api", 1, "https://llm.example.com/v1", ""
    )


@pytest.mark.parametrize(
    ("program", "model", "ratio", "fixed"),
    [
        ("one_api", "gpt-3.5-turbo", "3", False),
        ("one_api", "gpt-4-1106-preview", "3", False),
        ("one_api", "gpt-4.1", "2", False),
        ("one_api", "claude-2.1", "3", False),
        ("one_api", "prod-gpt-4o", "1", False),
        ("new_api", "gpt-3.5-turbo", "2", False),
        ("new_api", "gpt-5-mini", "8", True),
        ("new_api", "gpt-5.2", "6", False),
        ("new_api", "o3-mini", "4", True),
        ("new_api", "anthropic/claude-sonnet-4", "5", True),
        ("new_api", "deepseek-chat", "1", False),
    ],
)
def test_completion_ratios_of_the_programs(program: str, model: str, ratio: str, fixed: bool) -> None:
    value, is_fixed = rule_for(program, model)
    assert (ratio, fixed) == (f"{value:f}", is_fixed)
