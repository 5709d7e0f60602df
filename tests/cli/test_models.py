"""`aihub-lite model list`."""

from __future__ import annotations

from tests.cli.terminal import Terminal


def test_a_model_is_listed_without_its_aliases_channels_or_price(terminal: Terminal) -> None:
    terminal.ok("alias", "set", "fast", "demo")
    terminal.ok("price", "set", "demo", "--input", "1", "--output", "2.5")
    head, row = [line.split() for line in terminal.ok("model", "list").stdout.splitlines()]
    assert ["MODEL", "ALIASES", "CHANNELS", "CONTEXT", "INPUT", "OUTPUT", "SOURCE", "STRATEGY"] == head
    assert ["demo", "fast", "demo", "-", "$1.00", "$2.50", "operator", "priority"] == row


def test_a_token_sees_models_it_may_not_use(terminal: Terminal) -> None:
    terminal.ok("token", "create", "bob", "--models", "gpt-*")
    assert [] == terminal.ok("model", "list", "--token", "bob", "--json").json
    assert "No models.\n" == terminal.ok("model", "list", "--token", "bob").stdout
