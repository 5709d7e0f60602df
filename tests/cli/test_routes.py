"""`aihub-lite route`: strategies, and which way a request would go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

ADD = ("--type", "openai", "--base-url", "https://x.example/v1", "--models", "m", "--key", "sk-1")


def test_a_strategy_is_set_for_a_model_or_for_all(terminal: Terminal) -> None:
    lines = [
        terminal.ok("route", "set", *words).stdout for words in (("cheapest",), ("m", "sticky"), ("demo", "fastest"))
    ]
    assert ["All models: cheapest.\n", "m: sticky. No channel offers it yet.\n", "demo: fastest.\n"] == lines
    table = [line.split() for line in terminal.ok("route", "list").stdout.splitlines()]
    assert [["MODEL", "STRATEGY"], ["(all)", "cheapest"], ["demo", "fastest"], ["m", "sticky"]] == table


def test_a_deleted_strategy_gives_way_to_that_of_all(terminal: Terminal) -> None:
    terminal.ok("route", "set", "cheapest")
    terminal.ok("route", "set", "demo", "sticky")
    assert "Strategy of demo deleted.\n" == terminal.ok("route", "delete", "demo").stdout
    explained = terminal.ok("route", "explain", "demo", "--json").json
    assert ("cheapest", "all") == (explained["strategy"], explained["set_for"])
    assert 1 == terminal.run("route", "delete", "demo").code


def test_an_empty_list_of_strategies_says_that_all_go_by_priority(terminal: Terminal) -> None:
    assert "No strategy set: every model goes by priority.\n" == terminal.ok("route", "list").stdout
    assert {"routes": [], "strategies": []} == terminal.ok("route", "list", "--json").json


@pytest.mark.parametrize("words", [(), ("quick",), ("demo", "quick"), ("a", "sticky", "c")])
def test_a_strategy_typed_wrong_is_a_usage_error(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert 2 == terminal.run("route", "set", *words).code
    assert {"routes": [], "strategies": []} == terminal.ok("route", "list", "--json").json


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


def test_the_strategy_of_all_models_is_deleted_by_name_only(terminal: Terminal) -> None:
    """A variable that is empty in somebody's script must not change all models."""
    terminal.ok("route", "set", "fastest")
    assert 2 == terminal.run("route", "delete").code
    assert "Strategy of all models deleted.\n" == terminal.ok("route", "delete", "--all").stdout
    assert [] == terminal.ok("route", "list", "--json").json["strategies"]


def models(terminal: Terminal) -> None:
    for name, model in (("first", "big"), ("second", "small")):
        terminal.ok("channel", "add", name, *ADD[:5], model, *ADD[6:])


def test_a_route_is_made_shown_changed_and_deleted(terminal: Terminal) -> None:
    models(terminal)
    made = terminal.ok("route", "create", "coding", "--try", "big", "--then", "small")
    assert "Route coding created: big, then small.\n" == made.stdout
    conditions = ("--below-budget", "20%", "--over-tokens", "100k", "--tag", "night", "--hours", "00:30-08:30@UTC")
    terminal.ok("route", "set", "coding", "--try", "small", *conditions, "--then", "big", "--on", "down,content")
    shown = terminal.ok("route", "show", "coding", "--json").json
    assert {
        "name": "coding",
        "steps": [
            {
                "model": "small",
                "leads_to": "small",
                "below_budget": 20,
                "over_tokens": 100_000,
                "tag": "night",
                "hours": "00:30-08:30@UTC",
            },
            {
                "model": "big",
                "leads_to": "big",
                "below_budget": None,
                "over_tokens": None,
                "tag": None,
                "hours": None,
            },
        ],
        "on": ["down", "content"],
        "patience": None,
        "hidden": False,
    } == shown
    table = terminal.ok("route", "show", "coding").stdout.splitlines()
    assert "coding: on down,content." == table[0]
    assert "--below-budget 20% --over-tokens 100000 --tag night --hours 00:30-08:30@UTC" in table[2]
    listed = terminal.ok("route", "list").stdout.splitlines()
    assert ["coding", "small*, then big", "down,content"] == [cell.strip() for cell in listed[1].split("  ") if cell]
    terminal.ok("route", "set", "coding", "--patience", "20")
    assert (["down", "content", "slow"], 20) == tuple(
        terminal.ok("route", "show", "coding", "--json").json[field] for field in ("on", "patience")
    )
    assert "Route coding deleted.\n" == terminal.ok("route", "delete", "coding").stdout
    assert 1 == terminal.run("route", "show", "coding").code


@pytest.mark.parametrize(
    "words",
    [
        ("--tag", "x", "--try", "big"),
        ("--try", "big", "--below-budget", "much"),
        ("--try", "big", "--below-budget", "0"),
        ("--try", "big", "--hours", "8-9"),
        ("--try", "big", "--hours", "08:00-09:00@Nowhere"),
        ("--try", "big", "--on", "sometimes"),
        ("--try", "big", "--on", "slow"),
        ("--try", "big", "--on", "down", "--patience", "3"),
        ("--try", "big", "--then", "big"),
        (),
    ],
)
def test_a_route_typed_wrong_is_a_usage_error_and_makes_none(terminal: Terminal, words: tuple[str, ...]) -> None:
    models(terminal)
    assert 2 == terminal.run("route", "create", "coding", *words).code
    assert [] == terminal.ok("route", "list", "--json").json["routes"]


def test_the_name_of_a_route_is_its_own(terminal: Terminal) -> None:
    models(terminal)
    terminal.ok("alias", "set", "quick", "small")
    terminal.ok("route", "create", "coding", "--try", "big")
    for words in (
        ("route", "create", "coding", "--try", "small"),
        ("route", "create", "big", "--try", "small"),
        ("route", "create", "quick", "--try", "small"),
        ("route", "create", "other", "--try", "coding"),
        ("alias", "set", "coding", "small"),
        ("price", "set", "coding", "--input", "1", "--output", "1"),
        ("route", "set", "coding", "cheapest"),
    ):
        assert 0 != terminal.run(*words).code, words


def test_a_route_is_explained_for_the_request_in_a_file(terminal: Terminal, tmp_path: Path) -> None:
    models(terminal)
    terminal.ok("route", "create", "coding", "--try", "small", "--over-tokens", "50", "--then", "big")
    request = tmp_path / "request.json"
    printed = terminal.ok("route", "explain", "coding").stdout.splitlines()
    assert "coding: route, on down,rate,quota,context, group default." == printed[0]
    assert ["1", "small", "second"] == printed[2].split()[:3]
    assert ["2", "big", "first"] == printed[3].split()[:3]
    request.write_text('{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 7}')
    printed = terminal.ok("route", "explain", "coding", "--request", str(request)).stdout.splitlines()
    assert ["1", "big", "first"] == printed[2].split()[:3]
    assert "Passed over: small: it is for prompts over 50 tokens, not for" in printed[3]
    assert printed[4].endswith("and 7 completion tokens.")
    request.write_text('{"input": "Hi"}')
    args = ("--request", str(request), "--endpoint", "/v1/embeddings")
    assert "1" == terminal.ok("route", "explain", "coding", *args).stdout.splitlines()[2].split()[0]
    request.write_text("[]")
    assert 2 == terminal.run("route", "explain", "coding", "--request", str(request)).code


def test_a_token_reads_which_models_of_a_route_it_may_not_use(terminal: Terminal) -> None:
    models(terminal)
    terminal.ok("route", "create", "coding", "--try", "big", "--then", "small")
    terminal.ok("token", "create", "bob", "--models", "small")
    explained = terminal.ok("route", "explain", "coding", "--token", "bob", "--json").json
    assert [{"model": "big", "why": "the token may not use it"}] == explained["passed"]
    assert [(1, "small")] == [(channel["place"], channel["model"]) for channel in explained["channels"]]
    terminal.ok("token", "create", "eve", "--models", "none")
    refused = terminal.ok("route", "explain", "coding", "--token", "eve", "--json").json["refusal"]
    assert (403, "model_not_allowed") == (refused["status"], refused["code"])
