"""What `channel add` and `channel set` change in all that is sent."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal

ADD = ("channel", "add", "one", "--type", "openai", "--base-url", "https://x.example/v1", "--models", "m", "--key", "k")
SECRET = "cf-access-0123456789"


def shown(terminal: Terminal) -> dict[str, object]:
    channel = terminal.ok("channel", "show", "one", "--json").json
    fields = ("headers", "default_params", "set_params", "drop_params", "system_prefix")
    return {field: channel[field] for field in fields if channel[field]}


def test_everything_is_kept_and_shown_but_values_of_headers(terminal: Terminal) -> None:
    more = ("--header", f"CF-Access={SECRET}", "--default-param", "temperature=0.2", "--set-param", "effort=high")
    said = terminal.ok(*ADD, *more, "--drop-param", "store", "--system-prefix", "Be brief.").stdout
    assert {
        "headers": ["cf-access=…6789"],
        "default_params": ["temperature=0.2"],
        "set_params": ['effort="high"'],
        "drop_params": ["store"],
        "system_prefix": "Be brief.",
    } == shown(terminal)
    assert SECRET not in said + terminal.ok("channel", "show", "one").stdout + terminal.ok("channel", "list").stdout


def test_entries_are_added_changed_and_taken_off_one_by_one(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--header", f"A={SECRET}", "--header", "B=2", "--set-param", "x=1", "--drop-param", "y")
    said = terminal.ok(
        *("channel", "set", "one", "--weight", "2", "--header", "b=", "--header", "C=env:PATH"),
        *("--set-param", "x=", "--set-param", "z=[1]", "--drop-param", "w"),
    ).stdout
    assert "Channel one: weight 2, headers a=…6789, c=env:PATH, set_params z=[1], drop_params y, w.\n" == said
    expected = {"headers": ["a=…6789", "c=env:PATH"], "set_params": ["z=[1]"], "drop_params": ["y", "w"]}
    assert expected == shown(terminal)


def test_nothing_is_left_where_all_is_taken_off(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--header", "a=1", "--drop-param", "y", "--system-prefix", "P")
    terminal.ok("channel", "set", "one", "--header", "a=", "--drop-param", "y=", "--system-prefix", "")
    assert {} == shown(terminal)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--header", "Authorization=Bearer x"), "headers: authorization carries keys: give the channel a key"),
        (("--header", "Connection=close"), "headers: connection is for one connection"),
        (("--header", "Host=x"), "headers: host says where"),
        (("--set-param", "model=x"), "set_params: model is what the channel's models say"),
        (("--set-param", 'x={"a"'), "is not valid JSON"),
    ],
)
def test_what_must_not_be_changed_is_refused(terminal: Terminal, options: tuple[str, ...], words: str) -> None:
    terminal.ok(*ADD)
    for command in (("channel", "set", "one"), ("channel", "add", "two", *ADD[3:])):
        finished = terminal.run(*command, *options)
        assert (2, True, "") == (finished.code, words in finished.stderr, finished.stdout)


def test_a_header_whose_variable_is_not_set_is_told(terminal: Terminal) -> None:
    terminal.ok(*ADD)
    finished = terminal.run("channel", "set", "one", "--header", "X-Team=env:NOWHERE_SET")
    assert (0, "aihub-lite: warning: headers: NOWHERE_SET is not set\n") == (finished.code, finished.stderr)


def test_explain_prints_the_bytes_of_each_surface(terminal: Terminal) -> None:
    terminal.ok(*ADD, "--header", f"CF-Access={SECRET}", "--set-param", "temperature=0.5")
    said = terminal.ok("channel", "explain", "one", "m").stdout
    assert ["# chat", "# messages", "# responses", "# embeddings"] == [
        line for line in said.splitlines() if line.startswith("#")
    ]
    assert "POST /v1/chat/completions HTTP/1.1\r\nhost: x.example\r\n" in said
    assert "cf-access: [hidden]\r\n" in said
    assert '\r\n\r\n{"model":"m","messages":[{"role":"user","content":"Hello!"}],"temperature":0.5}\n' in said
    assert SECRET not in said
