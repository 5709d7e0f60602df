"""`aihub-lite request …`, and what is told of many requests together."""

from __future__ import annotations

import csv

import pytest

from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway, unique
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang

FIRST = ("token", "chat", "bob", "demo", "hello")


@pytest.fixture
def used(terminal: Terminal) -> Terminal:
    """A shell beside a gateway that has served one token three times, and refused it once."""
    terminal.ok("token", "create", "bob")
    terminal.ok("token", "create", "eve")
    for _ in range(3):
        terminal.ok(*FIRST)
    terminal.run("token", "chat", "eve", "gpt-nothing", "hello")
    return terminal


def test_records_are_listed_newest_first_by_filters(used: Terminal) -> None:
    listed = used.ok("request", "list", "--json").json
    two = used.ok("request", "list", "--limit", "2", "--json").json
    found = used.ok(
        *("request", "list", "--token", "bob", "--model", "demo", "--channel", "demo"),
        *("--outcome", "ok", "--since", "1d", "--json"),
    ).json

    assert listed[:2] == two
    assert 3 == len([row for row in listed if row["token"] == "bob"]) == len(found)
    assert [] == used.ok("request", "list", "--token", "bob", "--outcome", "error", "--json").json
    assert [] == used.ok("request", "list", "--asked", "demo", "--json").json


def test_more_records_than_a_page_are_read_page_by_page(used: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aihub_lite.cli.base.call.PAGE", 2)
    ids = [row["request_id"] for row in used.ok("request", "list", "--token", "bob", "--json").json]
    assert 3 == len(ids) == len({*ids})


def test_a_record_is_shown_with_its_attempts(used: Terminal) -> None:
    request = used.ok("request", "list", "--token", "bob", "--limit", "1", "--json").json[0]["request_id"]
    text = used.ok("request", "show", request).stdout

    assert request == used.ok("request", "show", request, "--json").json["request_id"]
    table = text.partition("\n\n")[2].splitlines()
    assert (["#", "CHANNEL", "ANSWER", "MS"], ["1", "demo", "200"]) == (table[0].split(), table[1].split()[:3])
    assert "{" not in text


def test_a_refused_call_is_listed_and_shown(used: Terminal) -> None:
    """E1: it left nothing, neither a record nor a line."""
    (row,) = used.ok("request", "list", "--outcome", "refused", "--json").json
    assert ("eve", "gpt-nothing", "model_not_found", 1) == tuple(
        row[name] for name in ("token", "model", "error_code", "times")
    )
    shown = used.ok("request", "show", row["request_id"]).stdout
    assert "No available channel for model gpt-nothing under group default" in shown
    assert [row] == used.ok("request", "list", "--q", row["request_id"][:20], "--json").json


def test_requests_are_found_by_what_they_took_and_cost(used: Terminal) -> None:
    everything = used.ok("request", "list", "--json").json
    assert 4 == len(everything)
    assert [] == used.ok("request", "list", "--over-seconds", "3000", "--json").json
    assert [] == used.ok("request", "list", "--over-usd", "$9.99", "--json").json
    assert [] == used.ok("request", "list", "--until", "1d", "--json").json
    assert [] == used.ok("request", "list", "--code", "upstream_error", "--json").json


def test_requests_are_found_by_person_team_and_tag(terminal: Terminal) -> None:
    terminal.ok("team", "create", "lab")
    terminal.ok("person", "create", "Ada", "--team", "lab")
    terminal.ok("token", "create", "hers", "--person", "Ada")
    terminal.ok("token", "create", "own")
    terminal.ok("token", "chat", "hers", "demo", "hello")
    terminal.ok("token", "chat", "own", "demo", "hello")
    terminal.run("token", "chat", "hers", "gpt-nothing", "hello")
    found = [
        [(row["token"], row["outcome"]) for row in terminal.ok("request", "list", *words, "--json").json]
        for words in (("--person", "Ada"), ("--team", "lab"), ("--person", "Ada", "--outcome", "ok"), ("--tag", "x"))
    ]
    both = [("hers", "refused"), ("hers", "ok")]
    assert [both, both, [("hers", "ok")], []] == found
    assert 1 == terminal.run("request", "list", "--person", "nobody").code


def test_a_table_of_records_holds_no_json(used: Terminal) -> None:
    printed = used.ok("request", "list").stdout
    assert ("OUTCOME" in printed.splitlines()[0], "{" in printed) == (True, False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list", "--outcome", "fine"), 2),
        (("list", "--since", "yesterday"), 2),
        (("list", "--token", "nobody"), 1),
        (("list", "--over-seconds", "long"), 2),
        (("list", "--over-usd", "much"), 2),
        (("show", "nothing"), 1),
        (("stop", "nothing"), 1),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(terminal: Terminal, words: tuple[str, ...], code: int) -> None:
    refused = terminal.run("request", *words)
    assert (code, "", 1) == (refused.code, refused.stdout, refused.stderr.count("\n"))


def test_statistics_are_a_table_a_document_or_a_file(used: Terminal) -> None:
    table = used.ok("statistics", "--by", "token").stdout.splitlines()
    document = used.ok("statistics", "--by", "token", "--json").json
    rows = [*csv.DictReader(used.ok("statistics", "--by", "token", "--csv").stdout.splitlines())]

    assert ["bob", "3"] == table[1].split()[:2]
    assert [3] == [member["requests"] for member in document["members"] if member["name"] == "bob"]
    assert ["token", "requests", "errors", "prompt_tokens", "completion_tokens", "cost_usd", "first_byte_ms"] == [
        *rows[0]
    ]


def test_statistics_of_other_days_have_no_requests(used: Terminal) -> None:
    ends = ("--from", "2025-01-01", "--to", "2025-01-08")
    assert "No requests.\n" == used.ok("statistics", *ends, "--zone", "Europe/Berlin").stdout


def test_the_overview_says_how_it_goes(used: Terminal) -> None:
    used.ok("token", "create", "poor", "--quota", "0")
    overview = used.ok("overview").stdout
    assert {"near_limit", "poor"} <= {*overview.split()}
    assert 0 < used.ok("overview", "--json").json["day"]["requests"]
    assert 0 == used.ok("status", "--json").json["in_flight"]
    assert "in_flight" in used.ok("status").stdout


def test_a_request_under_way_is_listed_and_stopped(gateway: Gateway, upstream: Upstream) -> None:
    name = unique("long")
    key = gateway.add_token(name=name)
    model = gateway.add_channel(upstream.url, clocks={"first_byte": 100, "answer": 100, "total": 100})
    upstream.enqueue([Hang()])
    with gateway.asking(model, key=key):
        gateway.wait_status(in_flight=1)
        (row,) = gateway.home.cli("request", "running", "--json").json()
        stopped = gateway.home.cli("request", "stop", row["id"])
    assert (name, model) == (row["token"], row["model"])
    assert (0, f"Request {row['id']} stopped.") == (stopped.code, stopped.stdout)
