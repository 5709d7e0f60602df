"""Long lists on the command line, in this process and beside a server."""

from __future__ import annotations

import asyncio

import pytest

from aihub_lite.cli.base import commands
from tests.cli.terminal import Terminal
from tests.storage.crowd import crowd_token, fill
from tests.support.gateway import Gateway

TOKENS = 230
NAMES = [crowd_token(number).name for number in range(TOKENS)]


@pytest.fixture
def crowded(terminal: Terminal) -> Terminal:
    """A shell on a data directory with more tokens than a page of the admin API holds."""
    asyncio.run(fill(terminal.directory, tokens=TOKENS))
    return terminal


def names(terminal: Terminal, *options: str) -> list[str]:
    return [token["name"] for token in terminal.ok("token", "list", "--json", *options).json]


def test_a_list_is_printed_whole_whatever_pages_it_came_in(crowded: Terminal) -> None:
    assert names(crowded) == NAMES
    table = crowded.ok("token", "list").stdout.splitlines()
    assert NAMES == [line[: len(NAMES[0])] for line in table[1:]]


def test_a_list_ends_where_it_is_told_to_and_says_nothing_of_it(crowded: Terminal) -> None:
    assert (NAMES[:120], NAMES[:3]) == (names(crowded, "--limit", "120"), names(crowded, "--limit", "3"))


def test_a_list_can_be_searched(crowded: Terminal) -> None:
    assert NAMES[100:200] == names(crowded, "--q", "PERSON 0001")
    assert "No tokens.\n" == crowded.ok("token", "list", "--q", "nobody").stdout


def test_a_huge_list_is_cut_and_says_how_to_see_the_rest(crowded: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "HUGE", 110)
    listed = crowded.run("token", "list", "--json")
    assert (0, 110) == (listed.code, len(listed.json))
    assert "only the first 110 are shown: --q finds the others, --limit shows more" in listed.stderr


@pytest.mark.parametrize("noun", ["token", "channel", "model", "alias", "price"])
def test_every_list_can_be_searched_and_limited(terminal: Terminal, noun: str) -> None:
    assert [] == terminal.ok(noun, "list", "--json", "--q", "nobody has it", "--limit", "5").json


def test_a_limit_of_nothing_is_a_wrong_use(terminal: Terminal) -> None:
    assert 2 == terminal.run("token", "list", "--limit", "0").code


def test_a_list_beside_a_server_is_read_page_by_page(gateway: Gateway) -> None:
    for number in range(110):
        gateway.admin("POST", "/aliases", {"alias": f"page-{number:03}", "model": "demo"})
    listed = gateway.home.cli("alias", "list", "--q", "page-", "--json").json()
    assert [f"page-{number:03}" for number in range(110)] == [row["alias"] for row in listed]
