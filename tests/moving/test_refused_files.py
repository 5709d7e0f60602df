"""What cannot be read is told in one sentence: a wrong file, a wrong key, a dump that ends early, a bomb."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aihub_lite.moving.gpt_load.database import read_pool
from aihub_lite.moving.litellm.dump import array_of, read_dump
from aihub_lite.moving.litellm.facts import move_of
from aihub_lite.moving.litellm.source import read_litellm
from aihub_lite.moving.litellm.yaml_file import read_yaml
from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.postgres import read_server
from tests.moving.peers import PEERS, expected, requires_peers
from tests.moving.restarted import NOW

WANTED = frozenset({"LiteLLM_UserTable"})
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED = "a: &a {k: v}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join([f'*{before}'] * 10)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAUGHS, "stands for more than"),
        (MERGED, "stands for more than"),
        ("a: &a [*a]", "within itself"),
        ("[" * 100_000, "nested too deeply"),
        ("model_list: [", "line 1"),
        ("- x", "no settings by name"),
        ("!!python/object/apply:os.system ['true']", "python/object"),
        ("x: " + "y" * (3 << 20), "longer than"),
        ("a: \xff\x00", "YAML"),
    ],
    ids=["laughs", "merges", "loop", "deep", "cut", "list", "python", "long", "bytes"],
)
def test_a_hostile_or_broken_configuration_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(Unreadable, match=told) as refusal:
        read_yaml(file)
    assert "\n" not in str(refusal.value).strip()


def test_a_configuration_may_have_anchors(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("a: &a {rpm: 0.10, on: yes}\nb: {<<: *a, z: 2e-07}\n")
    assert {"a": {"rpm": "0.10", "on": True}, "b": {"rpm": "0.10", "on": True, "z": "2e-07"}} == _plain(read_yaml(file))


def _plain(values: object) -> object:
    """YAML 1.1 reads a key `on` as true."""
    if isinstance(values, dict):
        return {"on" if name is True else name: _plain(value) for name, value in values.items()}
    return values


@pytest.mark.parametrize("name", ["config.yaml", "database"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unreadable, match=name):
        read_litellm(str(tmp_path / name), "", "", {})
    with pytest.raises(Unreadable, match=name):
        read_pool(str(tmp_path / name), "")


DUMP = """--
-- PostgreSQL database dump
--

CREATE TABLE public."LiteLLM_UserTable" (
    user_id text NOT NULL,
    teams text[],
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL
);

COPY public."LiteLLM_UserTable" (user_id, teams, metadata) FROM stdin;
ali\\tce\t{a,"b \\\\"c\\\\""}\t{"x": "y\\\\n"}
bob\t\\N\t{}
\\.

INSERT INTO public."Other" VALUES ('a
b;');
INSERT INTO public."LiteLLM_UserTable" VALUES ('it''s', NULL, '{"a": "b; c"}'), (E'tab\\there', '{}', '{}');

--
-- PostgreSQL database dump complete
--
"""


def test_a_dump_is_read_however_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "dump.sql"
    file.write_text(DUMP)
    rows = read_dump(file, WANTED)["LiteLLM_UserTable"]
    assert ["ali\tce", "bob", "it's", "tab\there"] == [row["user_id"] for row in rows]
    assert [("a", 'b "c"'), (), (), ()] == [array_of(row["teams"]) for row in rows]
    assert ['{"x": "y\\n"}', "{}", '{"a": "b; c"}', "{}"] == [row["metadata"] for row in rows]


@pytest.mark.parametrize("cut", [-60, DUMP.index("bob") + 2, DUMP.index("it''s") + 2, DUMP.index("INSERT")])
def test_a_dump_that_ends_early_is_refused(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "dump.sql"
    file.write_text(DUMP[:cut])
    with pytest.raises(Unreadable, match="not written to its end"):
        read_dump(file, WANTED)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PGDMP\x01\x0e", "pg_restore"),
        (b"hello", "no settings|no dump|YAML"),
        (b"-- PostgreSQL database dump\n\xff\xfe\n", "UTF-8"),
        (b'-- PostgreSQL database dump\nINSERT INTO "LiteLLM_UserTable" VALUES (1, 2, ));\n', "has 3 values, not 0"),
        (b"-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n", "no database of LiteLLM's"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "dump.sql"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=told):
        read_litellm(str(file), "", "", {})


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    file.write_bytes(os.urandom(8192))
    with pytest.raises(Unreadable, match="cannot be read"):
        read_pool(str(file), "")
    with closing(sqlite3.connect(tmp_path / "b.db")) as other:
        other.execute("CREATE TABLE x (y)")
    with pytest.raises(Unreadable, match="no database of gpt-load's"):
        read_pool(str(tmp_path / "b.db"), "")


@requires_peers
@pytest.mark.parametrize(("key", "told"), [("", "ENCRYPTION_KEY"), ("another-key", "another one")])
def test_encrypted_keys_need_their_key(key: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read_pool(str(PEERS / "gpt-load" / "gpt-load-encrypted.db"), key)


@requires_peers
@pytest.mark.parametrize(("salt", "told"), [("", "--salt-key"), ("sk-another", "another one")])
def test_encrypted_models_need_their_salt_key(salt: str, told: str) -> None:
    source = read_litellm(str(PEERS / "litellm" / "tables.sql"), "", salt, {})
    with pytest.raises(Unreadable, match=told):
        move_of(source, {}, NOW)


@requires_peers
def test_the_salt_key_is_looked_for_where_litellm_does() -> None:
    salt = expected("litellm")["database"]["LITELLM_SALT_KEY"]
    dump = str(PEERS / "litellm" / "tables.sql")
    for environ in ({"LITELLM_SALT_KEY": salt}, {"LITELLM_MASTER_KEY": salt}):
        assert 2 == len(move_of(read_litellm(dump, "", "", environ), environ, NOW).channels)


@requires_peers
def test_a_database_that_was_cut_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    whole = (PEERS / "gpt-load" / "gpt-load.db").read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match="cannot be read"):
        read_pool(str(file), "")


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(Unreadable, match="localhost/litellm cannot be reached") as refusal:
        read_server("postgresql://me:secret-word@localhost:9/litellm", WANTED)
    assert "secret-word" not in str(refusal.value)
