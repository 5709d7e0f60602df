"""`aihub-lite token set`, which changes all that the admin API can, `token chat` and `token seen`."""

from __future__ import annotations

import attrs
import pytest

from aihub_lite.web.admin.tokens import TokenInput
from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway, unique

OPTIONS = {
    "name": ("--name", "alice"),
    "quota": ("--quota", "3"),
    "budget": ("--budget", "1/day"),
    "budgets": ("--budget", "tag:ci=2/day"),
    "models": ("--models", "demo,gpt-*"),
    "expires": ("--expires", "2127-01-31"),
    "rpm": ("--rpm", "4"),
    "tpm": ("--tpm", "5"),
    "concurrency": ("--concurrency", "6"),
    "allow_ips": ("--allow-ip", "10.0.0.0/8"),
    "group": ("--group", "team"),
}
EXPECTED = {
    "name": "alice",
    "quota": 3.0,
    "budget": "1.00/day",
    "models": ["demo", "gpt-*"],
    "expires": "2127-01-31T00:00:00Z",
    "rpm": 4,
    "tpm": 5,
    "concurrency": 6,
    "allow_ips": ["10.0.0.0/8"],
    "group": "team",
}


def test_every_field_of_the_admin_api_is_an_option(terminal: Terminal) -> None:
    """What a token may do could only be said when it was made, or over HTTP. `enabled` has commands of its own;
    whose a token is, test_people asks."""
    terminal.ok("token", "create", "bob")
    terminal.run("token", "set", "bob", *(word for words in OPTIONS.values() for word in words))
    shown = terminal.ok("token", "show", "alice", "--json").json

    assert {field.name for field in attrs.fields(TokenInput)} == {*OPTIONS, "enabled", "person", "team"}
    assert EXPECTED == {field: shown[field] for field in EXPECTED}


def test_what_is_not_given_stays_and_none_takes_a_limit_away(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob", "--quota", "3", "--budget", "1/day", "--rpm", "7", "--models", "demo")
    said = terminal.ok("token", "set", "bob", "--budget", "none", "--rpm", "none", "--quota", "$4").stdout
    terminal.ok("token", "set", "bob", "--models", "")
    shown = terminal.ok("token", "show", "bob", "--json").json

    assert "Token bob: quota $4.00, budget -, rpm -.\n" == said
    assert (4.0, None, None, []) == tuple(shown[field] for field in ("quota", "budget", "rpm", "models"))


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ((), 2, "say what to change"),
        (("--rpm", "many"), 2, "'many' is neither a whole number nor none"),
        (("--concurrency", "0"), 2, "concurrency: must be between"),
        (("--expires", "2001-01-01"), 2, "is not in the future"),
        (("--name", "taken"), 1, "taken"),
    ],
)
def test_what_cannot_be_is_refused(terminal: Terminal, options: tuple[str, ...], code: int, says: str) -> None:
    terminal.ok("token", "create", "bob")
    terminal.ok("token", "create", "taken")
    refused = terminal.run("token", "set", "bob", *options)
    assert (code, "", True) == (refused.code, refused.stdout, says in refused.stderr)


def test_a_token_is_asked_with_a_text_or_stdin(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob")
    answers = [
        terminal.ok("token", "chat", "bob", "demo", "hello").stdout,
        terminal.ok("token", "chat", "bob", "demo", stdin="hello").stdout,
        terminal.ok("token", "chat", "bob", "demo", "hello", "--json").json["choices"][0]["message"]["content"] + "\n",
    ]
    (row,) = terminal.ok("usage", "--by", "token", "--json").json

    assert 1 == len({*answers})
    assert ("bob", 3) == (row["token"], row["requests"])


def test_a_model_that_nobody_offers_is_refused_in_one_line(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob")
    refused = terminal.run("token", "chat", "bob", "gpt-nothing", "hello")
    assert (1, "", 1) == (refused.code, refused.stdout, refused.stderr.count("\n"))


def test_a_limit_that_is_set_beside_a_server_holds_at_once(gateway: Gateway) -> None:
    """And behind a restart."""
    name = unique("limited")
    key = gateway.add_token(name=name)
    before = gateway.home.cli("token", "seen", name, "--json").json()
    assert (0, "") == attrs.astuple(gateway.home.cli("token", "set", name, "--models", "nothing-*"))[::2]
    gateway.changed = True
    refused = gateway.chat("demo", key=key).status
    after = gateway.home.cli("token", "seen", name, "--json").json()

    assert ({"seen": None}, 403, "model_not_allowed") == (before, refused, after["error"]["code"])


def test_a_paused_token_says_so_on_lists_and_its_page_until_it_is_resumed(terminal: Terminal) -> None:
    for name in ("bob", "eve"):
        terminal.ok("token", "create", name)
    said = terminal.ok("token", "pause", "bob", "eve").stdout
    listed = terminal.ok("token", "list").stdout
    shown = terminal.ok("token", "show", "bob").stdout
    resumed = terminal.ok("token", "resume", "bob").stdout

    assert "Token bob paused.\nToken eve paused.\n" == said
    assert (2, True) == (listed.count(" paused "), "it was paused by hand" in shown)
    assert ("Token bob resumed.\n", 1) == (resumed, terminal.ok("token", "list").stdout.count(" paused "))


def test_who_resumes_a_token_is_told_that_its_person_is_paused(terminal: Terminal) -> None:
    terminal.ok("person", "create", "Ada")
    terminal.ok("token", "create", "bob", "--person", "Ada")
    assert "Person Ada paused.\n" == terminal.ok("person", "pause", "Ada").stdout
    assert " paused " in terminal.ok("person", "list").stdout
    said = terminal.run("token", "resume", "bob").stderr
    assert "aihub-lite person resume Ada" in said
    assert "Person Ada resumed.\n" == terminal.ok("person", "resume", "Ada").stdout
    assert " paused " not in terminal.ok("token", "list").stdout
