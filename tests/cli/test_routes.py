"""`aihub-lite route`: strategies, and which way a request would go."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal

ADD = ("--type", "openai", "--base-url", "https://x.example/v1", "--models", "m", "--key", "sk-1")


def test_a_strategy_is_set_for_a_model_or_for_all(terminal: Terminal) -> None:
    said = [
        terminal.ok("route", "set", *words).stdout for words in (("cheapest",), ("m", "sticky"), ("demo", "fastest"))
    ]
    assert ["All models: cheapest.\n", "m: sticky. No channel offers it yet.\n", "demo: fastest.\n"] == said
    listed = [line.split() for line in terminal.ok("route", "list").stdout.splitlines()]
    assert [["MODEL", "STRATEGY"], ["(all)", "cheapest"], ["demo", "fastest"], ["m", "sticky"]] == listed


def test_a_deleted_strategy_gives_way_to_that_of_all(terminal: Terminal) -> None:
    terminal.ok("route", "set", "cheapest")
    terminal.ok("route", "set", "demo", "sticky")
    assert "Strategy of demo deleted.\n" == terminal.ok("route", "delete", "demo").stdout
    explained = terminal.ok("route", "explain", "demo", "--json").json
    assert ("cheapest", "all") == (explained["strategy"], explained["set_for"])
    assert 1 == terminal.run("route", "delete", "demo").code


def test_an_unset_list_says_what_applies(terminal: Terminal) -> None:
    assert "No strategy set: every model goes by priority.\n" == terminal.ok("route", "list").stdout
    assert [] == terminal.ok("route", "list", "--json").json


@pytest.mark.parametrize("words", [(), ("quick",), ("demo", "quick"), ("a", "sticky", "c")])
def test_a_strategy_typed_wrong_is_a_usage_error(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert 2 == terminal.run("route", "set", *words).code
    assert [] == terminal.ok("route", "list", "--json").json


def test_a_route_is_printed_in_its_order_with_reasons(terminal: Terminal) -> None:
    terminal.ok("channel", "add", "second", *ADD)
    terminal.ok("channel", "add", "first", *ADD, "--priority", "2")
    terminal.ok("channel", "add", "other", *ADD, "--group", "team")
    terminal.ok("price", "set", "m", "--input", "1", "--output", "1")
    printed = terminal.ok("route", "explain", "m").stdout.splitlines()

    assert "m: priority (the default), group default." == printed[0]
    assert [
        ["#", "CHANNEL", "UPSTREAM MODEL", "PRIORITY", "WEIGHT", "COST", "FIRST CONTENT MS", "WHY"],
        ["1", "first", "m", "2", "1", "$0.005096", "-", "priority 2"],
        ["2", "second", "m", "0", "1", "$0.005096", "-", "priority 0"],
        ["-", "other", "m", "0", "1", "$0.005096", "-", "it serves group team, not default"],
    ] == [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in printed[1:5]]
    assert "Costs are for 1000 prompt and 4096 completion tokens." == printed[5]


def test_a_token_that_may_not_use_a_model_reads_its_refusal(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob", "--models", "gpt-*")
    printed = terminal.ok("route", "explain", "demo", "--token", "bob").stdout
    assert printed.endswith("Refused with 403: This token may not use model demo.\n")


def test_an_unknown_model_or_token_fails(terminal: Terminal) -> None:
    assert [1, 1] == [
        terminal.run("route", "explain", "nope").code,
        terminal.run("route", "explain", "demo", "--token", "nobody").code,
    ]
