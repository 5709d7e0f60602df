"""`aihub-lite channel key …`."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import Gateway, unique
from tests.support.upstream.answers import chat_answer
from tests.support.upstream.scripted import Upstream
from tests.web.test_echoed_keys import KEYS, parts_in

FIRST = "sk-first-0123456789aaaa"
SECOND = "sk-second-0123456789bbbb"
ADD = ("channel", "add", "one", "--type", "openai", "--base-url", "https://x.example/v1", "--models", "m")


@pytest.fixture
def one(terminal: Terminal) -> Terminal:
    """A shell beside a channel with two keys."""
    terminal.ok(*ADD, "--key", FIRST, "--key", SECOND)
    return terminal


def listed(terminal: Terminal) -> list[tuple[str, str]]:
    rows = terminal.ok("channel", "key", "list", "one", "--json", environ={"VAR": "sk-3"}).json
    assert list(range(1, len(rows) + 1)) == [row["place"] for row in rows]
    return [(row["hint"], row["disabled"] or "") for row in rows]


def test_keys_are_listed_by_their_hints(one: Terminal) -> None:
    lines = one.ok("channel", "key", "list", "one").stdout.splitlines()
    assert [["1", "k1", "…aaaa", "in", "use"], ["2", "k2", "…bbbb", "in", "use"]] == [
        line.split() for line in lines[1:]
    ]


def test_a_key_is_added_from_stdin_or_a_variable(one: Terminal) -> None:
    said = one.ok("channel", "key", "add", "one", stdin="sk-third-0123456789cccc\n").stdout
    one.ok("channel", "key", "add", "one", "env:VAR", environ={"VAR": "sk-3"})

    assert "Key added; channel one has …aaaa, …bbbb, …cccc.\n" == said
    assert ["…aaaa", "…bbbb", "…cccc", "env:VAR"] == [hint for hint, _ in listed(one)]


@pytest.mark.parametrize("named", ["2", "k2", "…bbbb", "bbbb"])
def test_a_key_is_named_by_what_the_list_shows(one: Terminal, named: str) -> None:
    one.ok("channel", "key", "disable", "one", named)
    disabled = listed(one)
    said = one.ok("channel", "key", "enable", "one", named).stdout

    assert [("…aaaa", ""), ("…bbbb", "disabled by the operator")] == disabled
    assert "Key enabled; channel one has …aaaa, …bbbb.\n" == said


def test_a_removed_key_leaves_the_others_as_they_were(one: Terminal) -> None:
    one.ok("channel", "key", "add", "one", "env:VAR", environ={"VAR": "sk-3"})
    one.ok("channel", "key", "disable", "one", "env:VAR", environ={"VAR": "sk-3"})
    one.ok("channel", "key", "remove", "one", "aaaa", environ={"VAR": "sk-3"})

    assert [("…bbbb", ""), ("env:VAR", "disabled by the operator")] == listed(one)


def test_a_channel_that_is_enabled_leaves_out_a_key_that_a_person_disabled(one: Terminal) -> None:
    one.ok("channel", "key", "disable", "one", "1")
    one.ok("channel", "disable", "one")
    one.ok("channel", "enable", "one")

    assert [("…aaaa", "disabled by the operator"), ("…bbbb", "")] == listed(one)


def test_the_last_key_in_use_is_disabled_with_a_warning(one: Terminal) -> None:
    one.ok("channel", "key", "disable", "one", "1")
    last = one.run("channel", "key", "disable", "one", "2")

    assert (0, 2) == (last.code, last.stderr.count("disabled by the operator"))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("remove", "one", "3"), 1, "channel one has no such key; its keys are k1 (…aaaa), k2 (…bbbb)"),
        (("disable", "one", FIRST), 2, "as `channel key list` shows it"),
        (("remove", "nobody", "1"), 1, "There is no channel"),
        (("add", "one", "sk-third-0123456789cccc"), 2, "not given as an argument"),
        (("add", "one"), 2, "there is no key on stdin"),
    ],
)
def test_what_cannot_be_is_refused_and_no_key_is_repeated(
    one: Terminal, words: tuple[str, ...], code: int, says: str
) -> None:
    refused = one.run("channel", "key", *words)

    assert (code, "", True) == (refused.code, refused.stdout, says.casefold() in refused.stderr.casefold())
    assert not [secret for secret in (FIRST, SECOND, "sk-third") if secret in refused.stderr]


def test_a_key_that_is_there_is_not_added_again(one: Terminal) -> None:
    refused = one.run("channel", "key", "add", "one", stdin=SECOND)
    assert (1, True) == (refused.code, "Channel one has the key k2 (…bbbb) already." in refused.stderr)


def test_the_only_key_is_not_removed(one: Terminal) -> None:
    """The channel would have gone on without a key."""
    one.ok("channel", "key", "remove", "one", "1")
    refused = one.run("channel", "key", "remove", "one", "1")
    assert (1, True) == (refused.code, "k2 is the only key of channel one" in refused.stderr)


def test_keys_that_look_alike_are_named_by_their_ids(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--key", "sk-first-0123456789", "--key", "sk-second-0123456789")
    refused = terminal.run("channel", "key", "disable", "one", "6789")
    assert (1, True) == (refused.code, "k1, k2" in refused.stderr)


@pytest.mark.attack("T-70")
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_no_command_for_keys_prints_one(terminal: Terminal, key: str) -> None:
    terminal.ok(*ADD, "--key", "sk-0123456789aaaa")
    printed = [
        terminal.ok("channel", "key", "add", "one", stdin=key),
        terminal.ok("channel", "key", "disable", "one", "k2"),
        terminal.ok("channel", "key", "list", "one"),
        terminal.ok("channel", "key", "list", "one", "--json"),
        terminal.run("channel", "key", "add", "one", stdin=key),
        terminal.run("channel", "key", "add", "one", key),
        terminal.run("channel", "key", "enable", "one", key),
        terminal.ok("channel", "key", "remove", "one", "k2"),
    ]
    assert [] == parts_in("".join(finished.stdout + finished.stderr for finished in printed), key)


def test_a_key_that_is_disabled_beside_a_server_is_asked_no_more(gateway: Gateway, upstream: Upstream) -> None:
    """At once, and after a restart as well."""
    name = unique("keys")
    model = gateway.add_channel(upstream.url, name=name, keys=[f"{KEY_CANARY}-1aaaa", f"{KEY_CANARY}-1bbbb"])
    done = gateway.home.cli("channel", "key", "disable", name, "aaaa")
    gateway.changed = True
    for _ in range(4):
        upstream.enqueue(chat_answer("hi"))
        assert 200 == gateway.chat(model).status

    assert (0, "") == (done.code, done.stderr)
    assert {f"Bearer {KEY_CANARY}-1bbbb"} == {request.header("authorization") for request in upstream.requests}


def test_a_key_is_limited_by_itself(one: Terminal) -> None:
    said = one.ok("channel", "key", "set", "one", "k2", "--rpm", "30", "--budget", "5/day").stdout
    assert "Key limited; channel one has …aaaa, …bbbb (rpm 30, budget 5.00/day).\n" == said
    used = "used        0 of 30 requests per minute (k2), 0.0 of 5.0 USD per day (k2)"
    assert used in one.ok("channel", "show", "one").stdout
    assert "…aaaa, …bbbb (rpm 30)." in one.ok("channel", "key", "set", "one", "k2", "--budget", "none").stdout
    nothing = one.run("channel", "key", "set", "one", "k2")
    assert (2, True) == (nothing.code, "say what to change" in nothing.stderr)
