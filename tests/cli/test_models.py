"""`aihub-lite model list`."""

from __future__ import annotations

from tests.cli.terminal import Terminal


def test_a_model_is_listed_with_its_aliases_channels_and_price(terminal: Terminal) -> None:
    terminal.ok("alias", "set", "fast", "demo")
    terminal.ok("price", "set", "demo", "--input", "1", "--output", "2.5")
    head, row = [line.split() for line in terminal.ok("model", "list").stdout.splitlines()]
    assert ["MODEL", "ALIASES", "CHANNELS", "CONTEXT", "INPUT", "OUTPUT", "SOURCE", "STRATEGY"] == head
    assert ["demo", "fast", "demo", "-", "$1.00", "$2.50", "operator", "priority"] == row


def test_a_token_sees_only_the_models_it_may_use(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob", "--models", "gpt-*")
    assert [] == terminal.ok("model", "list", "--token", "bob", "--json").json
    assert "No models.\n" == terminal.ok("model", "list", "--token", "bob").stdout


def test_a_model_is_shown_by_any_of_its_names_with_its_channels(terminal: Terminal) -> None:
    terminal.ok("alias", "set", "my/fast", "demo")
    shown = terminal.ok("model", "show", "my/fast").stdout
    assert ("my/fast" in shown, "UPSTREAM MODEL" in shown, "{" in shown) == (True, True, False)
    assert "demo" == terminal.ok("model", "show", "my/fast", "--json").json["id"]
    assert 1 == terminal.run("model", "show", "nothing").code


def test_what_an_operator_says_of_a_model_is_shown_and_taken_back(terminal: Terminal) -> None:
    terminal.ok("model", "set", "demo", "--context", "128k", "--can", "tools,image", "--cannot", "audio")
    shown = terminal.ok("model", "show", "demo", "--json").json
    assert {"context_length": 128_000, "can": ["tools", "image"], "cannot": ["audio"]} == shown["facts"]
    assert 128_000 == shown["context_window"]
    for words in (("--can", "fly"), ("--can", "tools", "--cannot", "tools"), ("--context", "wide"), ()):
        assert 2 == terminal.run("model", "set", "demo", *words).code
    assert "Nothing is said of demo any more.\n" == terminal.ok("model", "unset", "demo").stdout
    assert terminal.ok("model", "show", "demo", "--json").json["facts"] is None
    assert 1 == terminal.run("model", "unset", "demo").code
