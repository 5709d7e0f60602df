"""`aihub-lite channel set`, which changes all that the admin API can."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest

from aihub_lite.domain.channel import Clocks
from aihub_lite.web.admin.channel_input import PLACE, ChannelInput
from tests.cli.terminal import Terminal
from tests.support.tls import make_authority
from tests.support.upstream.answers import chat_answer, error_answer, models_list
from tests.support.upstream.google import EMAIL, service_account
from tests.support.upstream.scripted import Upstream

ADD = ("channel", "add", "one", "--type", "openai", "--base-url", "https://x.example/v1", "--models", "m", "--key", "k")

SET = ("channel", "set", "one")


def test_a_channel_can_be_billed_by_another_rule_than_it_was_added_with(terminal: Terminal) -> None:
    """Only the console could change it."""
    terminal.ok(*ADD, "--cost", "table")
    said = terminal.ok("channel", "set", "one", "--cost", "upstream").stdout
    assert ("Channel one: cost upstream.\n", "upstream") == (
        said,
        terminal.ok("channel", "show", "one", "--json").json["cost"],
    )


def test_what_is_not_given_stays(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--weight", "3", "--priority", "2", "--cost", "table")
    terminal.ok("channel", "set", "one", "--priority", "0", "--group", "team")
    shown = terminal.ok("channel", "show", "one", "--json").json
    assert (0, 3, "team", "table", ["m"], 1) == (
        *(shown[field] for field in ("priority", "weight", "group", "cost", "models")),
        len(shown["keys"]),
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "say what to change"),
        (("--idle-timeout", "soon"), "'soon' is neither a number of seconds nor none"),
        (("--idle-timeout", "0"), "clocks.idle: must be"),
        (("--type", "nobody"), "provider: 'nobody' is not one of"),
        (("--key", "-"), "there is no key on stdin"),
        (("--name", "a/b"), "name: must"),
        (("--cost", "guess"), "cost: must be one of"),
        (("--weight", "0"), "weight: must be between"),
    ],
)
def test_what_cannot_be_is_refused(terminal: Terminal, options: tuple[str, ...], words: str) -> None:
    terminal.ok(*ADD)
    finished = terminal.run("channel", "set", "one", *options)
    assert (2, True, "") == (finished.code, words in finished.stderr, finished.stdout)


def test_every_field_of_the_admin_api_is_an_option(terminal: Terminal, tmp_path: Path) -> None:
    """A field that only HTTP could change was forgotten here: `clocks`, `name`, `models` and `keys` were."""
    terminal.ok(*ADD)
    clocks = {field.name: 7 for field in attrs.fields(Clocks)}
    authority = make_authority(tmp_path)
    certificate = authority.issue("client")
    given = {
        "name": ("--name", "two"),
        "provider": ("--type", "groq"),
        "base_url": ("--base-url", "https://y.example/v1"),
        "keys": ("--key", "env:ONE"),
        "models": ("--models", "a,b=c"),
        "priority": ("--priority", "5"),
        "weight": ("--weight", "6"),
        "group": ("--group", "team"),
        "cost": ("--cost", "table"),
        "rpm": ("--rpm", "60"),
        "tpm": ("--tpm", "1000"),
        "concurrency": ("--concurrency", "4"),
        "budget": ("--budget", "20/day"),
        "learn": ("--learn", "off"),
        "headers": ("--header", "X-Team=env:ONE"),
        "default_params": ("--default-param", "top_p=0.9"),
        "set_params": ("--set-param", "temperature=0.5"),
        "drop_params": ("--drop-param", "store"),
        "system_prefix": ("--system-prefix", "Be brief."),
        "proxy": ("--proxy", "socks5://name:word@proxy.example:1080"),
        "ca": ("--ca", str(authority.certificate)),
        "client_cert": ("--client-cert", str(certificate.chain)),
        "bind": ("--bind", "127.0.0.1"),
        "clocks": tuple(word for name in clocks for word in (f"--{name.replace('_', '-')}-timeout", "7")),
    }
    options = [option for words in given.values() for option in words]
    terminal.ok("channel", "set", "one", *options, environ={"ONE": "sk-1"})
    shown = terminal.ok("channel", "show", "two", "--json", environ={"ONE": "sk-1"}).json

    assert {field.name for field in attrs.fields(ChannelInput)} - PLACE == given.keys()
    limits = ("rpm", "tpm", "concurrency", "budget", "learn")
    assert (60, 1000, 4, "20.00/day", "off") == tuple(shown[field] for field in limits)
    sent = tuple(shown[field] for field in ("headers", "default_params", "set_params", "drop_params", "system_prefix"))
    assert (["x-team=env:ONE"], ["top_p=0.9"], ["temperature=0.5"], ["store"], "Be brief.") == sent
    way = ("socks5://***@proxy.example:1080", str(authority.certificate), str(certificate.chain), "127.0.0.1")
    assert way == tuple(shown[field] for field in ("proxy", "ca", "client_cert", "bind"))
    assert ("groq", "https://y.example/v1", ["env:ONE"], ["a", "b=c"], 5, 6, "team", "table", clocks) == (
        *(shown["type"], shown["base_url"], [key["hint"] for key in shown["keys"]], shown["models"]),
        *(shown[field] for field in ("priority", "weight", "group", "cost", "clocks")),
    )


def test_a_channel_at_vertex_has_a_place_and_a_key_file_for_a_key(terminal: Terminal) -> None:
    file = json.dumps(service_account("https://oauth2.googleapis.com/token"), indent=2)
    add = ("channel", "add", "one", "--type", "vertex", "--models", "gemini-2.5-pro", "--key", "-")
    terminal.ok(*add, "--region", "us-east5", stdin=file)
    said = terminal.ok("channel", "set", "one", "--project", "p-2", "--region", "eu").stdout

    place = "https://aiplatform.eu.rep.googleapis.com/v1/projects/p-2/locations/eu"
    assert f"Channel one: base_url {place}.\n" == said
    shown = terminal.ok("channel", "show", "one", "--json").json
    assert (place, [EMAIL]) == (shown["base_url"], [key["hint"] for key in shown["keys"]])


def test_a_clock_that_is_set_leaves_the_others(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--idle-timeout", "9", "--connect-timeout", "2")
    said = terminal.ok("channel", "set", "one", "--connect-timeout", "none", "--total-timeout", "60.5").stdout

    assert "Channel one: clocks idle 9.0, total 60.5.\n" == said


def test_what_was_said_of_the_way_is_taken_back(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--proxy", "http://proxy.example", "--bind", "127.0.0.1")
    said = terminal.ok(*SET, "--proxy", "env", "--bind", "none").stdout
    assert "Channel one: proxy env, bind -.\n" == said


def test_a_file_is_that_of_the_directory_in_which_the_command_ran(terminal: Terminal) -> None:
    """The gateway may have been started elsewhere."""
    refused = terminal.run(*ADD, "--ca", "README.md")
    assert (2, True) == (refused.code, "ca: the file cannot be read as certificates in PEM" in refused.stderr)


def test_a_limit_is_taken_away(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--rpm", "5", "--budget", "1/day")
    assert "Channel one: rpm -, budget -.\n" == terminal.ok(*SET, "--rpm", "none", "--budget", "none").stdout


def test_models_are_asked_for_again_where_none_is_named(terminal: Terminal, upstream: Upstream) -> None:
    terminal.ok(*ADD, "--base-url", upstream.url)
    upstream.enqueue(models_list("a", "b"))

    assert "Channel one: 2 models.\n" == terminal.ok("channel", "set", "one", "--models", "").stdout


def test_every_enabled_channel_is_tested_and_one_that_fails_fails_the_command(
    terminal: Terminal, upstream: Upstream
) -> None:
    terminal.ok(*ADD, "--base-url", upstream.url)
    terminal.ok("channel", "add", "off", *ADD[3:])
    terminal.ok("channel", "disable", "off")
    upstream.enqueue(error_answer(401, "Incorrect API key provided"), chat_answer("hi"))
    failed = terminal.run("channel", "test", "--all", "--json")
    passed = terminal.ok("channel", "test", "--all").stdout

    assert (1, {"demo": True, "one": False}) == (failed.code, {test["name"]: test["ok"] for test in failed.json})
    assert [["demo", "demo", "ok"], ["one", "m", "ok"]] == [
        [*line.split()[:2], line.split()[-1]] for line in passed.splitlines()[1:]
    ]


def test_a_channel_that_cannot_be_tested_says_why_beside_the_others(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(error_answer(500, "down"))
    terminal.ok("channel", "disable", "demo")
    environ = {"OPENAI_API_KEY": "sk-environment-0123456789"}
    tested = terminal.run("channel", "test", "--all", environ=environ)
    assert (1, True) == (tested.code, "does not offer any model" in tested.stdout)


def test_a_model_to_test_may_be_chosen(terminal: Terminal, upstream: Upstream) -> None:
    terminal.ok(*ADD, "--base-url", upstream.url, "--models", "m,n=up-n")
    upstream.enqueue(chat_answer("hi"))
    terminal.ok("channel", "test", "one", "--model", "n")
    assert "up-n" == upstream.requests[-1].json()["model"]


@pytest.mark.parametrize("words", [("test",), ("test", "one", "--all"), ("offers",)])
def test_one_or_all_are_named(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert 2 == terminal.run("channel", *words).code


def test_what_an_upstream_lists_is_printed_with_a_channel_and_without(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(models_list("b", "a"), models_list("b", "a"))
    terminal.ok(*ADD, "--base-url", upstream.url)
    printed = [
        terminal.ok("channel", "offers", "one").stdout,
        terminal.ok(
            "channel", "offers", "--type", "openai", "--base-url", upstream.url, "--key", "-", stdin="k"
        ).stdout,
    ]
    assert ["b\na\n", "b\na\n"] == printed


def test_lists_are_read_again_of_one_channel_or_all(terminal: Terminal, upstream: Upstream) -> None:
    upstream.enqueue(models_list("a"), models_list("b"), error_answer(500, "oops"), models_list("b"))
    terminal.ok(*ADD, "--base-url", upstream.url, "--models", "")
    one = terminal.ok("channel", "refresh", "one").stdout
    failed = terminal.run("channel", "refresh", "--all")
    every = terminal.ok("channel", "refresh", "--all", "--json").json

    assert "Channel one: 1 model; new: b; vanished: a.\n" == one
    assert (1, True) == (failed.code, "Channel one: the upstream answered" in failed.stdout)
    assert [("one", {"new": [], "vanished": [], "kept": []})] == [(each["name"], each["changed"]) for each in every]
    assert "MODELS" in terminal.ok("overview").stdout


def test_keys_come_on_stdin_for_who_asks_so(terminal: Terminal) -> None:
    """A key among the arguments lies in the shell's history, and in the list of processes for a moment."""
    terminal.ok(*ADD[:-1], "-", stdin="sk-first-0123456789\n\n sk-second-123456789 \n")
    first = terminal.ok("channel", "show", "one", "--json").json["keys"]
    said = terminal.ok("channel", "set", "one", "--key", "-", stdin="sk-third-0123456abcd").stdout

    assert (["…6789", "…6789"], "Channel one: keys …abcd.\n") == ([key["hint"] for key in first], said)
