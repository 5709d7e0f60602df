"""`aihub-lite breaker`: what is printed of findings."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from aihub_lite.cli.breaker import what_text
from aihub_lite.config import DATABASE
from tests.cli.terminal import Terminal


def test_it_says_what_the_breaker_does_and_what_it_found(terminal: Terminal) -> None:
    finished = terminal.run("breaker")
    assert finished.code == 0
    assert "The breaker watches" in finished.stdout
    assert "Nothing was found." in finished.stdout
    assert terminal.run("breaker", "--json").json["findings"] == []


def test_it_says_whose_each_finding_is(terminal: Terminal) -> None:
    terminal.run("breaker")
    with closing(sqlite3.connect(terminal.directory / DATABASE)) as database, database:
        database.executemany(
            "INSERT INTO breaker_findings (at_ms, holder, holder_id, name, kind, seen, usual, spent, minutes, paused)"
            " VALUES (1767571200000, ?, ?, ?, 'requests', 1200, 1000, 0, 60, 0)",
            [("token", "tok_1", "agent"), ("person", "per_1", "Ada")],
        )
    rows = [line.split()[1:3] for line in terminal.run("breaker").stdout.splitlines()]
    assert [["person", "Ada"], ["token", "agent"]] == rows[-2:]


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        ({"kind": "spend", "seen": 5.2, "usual": 1.5, "minutes": 5}, "$5.20 in 5 minutes, usually at most $1.50"),
        ({"kind": "requests", "seen": 1200, "usual": 1000, "minutes": 60}, "1200 requests in 60 minutes"),
        ({"kind": "repeated", "seen": 24, "usual": 0, "minutes": 60}, "the same conversation 24 times"),
    ],
)
def test_a_finding_stands_beside_what_is_usual(finding: dict[str, object], text: str) -> None:
    assert what_text(finding).startswith(text)
