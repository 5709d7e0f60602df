"""What an operator gets wrong is refused by its name, and never shown where it may be a key."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal
from tests.support.canaries import KEY_CANARY

ADD = ("channel", "add", "one", "--models", "m")
AT = ("--base-url", "https://x.example/v1")
ENVIRONMENTS = {
    "no number": ("AIHUB_PORT", "many"),
    "out of range": ("AIHUB_MAX_ATTEMPTS", "0"),
    "a choice that is none": ("AIHUB_UNPRICED", "sometimes"),
    "no network": ("AIHUB_TRUSTED_PROXIES", "10.0.0.0/99"),
    "no address": ("AIHUB_PUBLIC_URL", "ftp://example.com"),
    "a key of blanks": ("AIHUB_ADMIN_KEY", "   "),
    "a short key": ("AIHUB_ADMIN_KEY", KEY_CANARY[:15]),
}
CHANNELS = {
    "unknown type": (*ADD, "--type", "opneai", "--key", KEY_CANARY, *AT),
    "base URL that is none": (*ADD, "--type", "openai", "--key", KEY_CANARY, "--base-url", "x.example"),
    "base URL of another scheme": (*ADD, "--type", "openai", "--key", KEY_CANARY, "--base-url", "file:///etc/passwd"),
    "base URL with a password": (*ADD, "--type", "openai", "--base-url", f"https://me:{KEY_CANARY}@x.example/v1"),
    "empty variable": (*ADD, "--type", "openai", "--key", "env:", *AT),
    "key with a line break": (*ADD, "--type", "openai", "--key", f"{KEY_CANARY}\nx", *AT),
}


@pytest.mark.attack("T-71")
@pytest.mark.parametrize(("name", "value"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_a_start_with_a_bad_variable_names_it_in_one_line(terminal: Terminal, name: str, value: str) -> None:
    """T-71: exit 2, and no part of a key."""
    refused = terminal.run("serve", environ={"AIHUB_PORT": "0", name: value})
    assert 2 == refused.code
    assert ("", 1, True) == (
        refused.stdout,
        refused.stderr.count("\n"),
        name.removeprefix("AIHUB_").lower() in refused.stderr.lower(),
    )
    assert KEY_CANARY[:15] not in refused.stderr


@pytest.mark.attack("T-71")
@pytest.mark.parametrize("arguments", CHANNELS.values(), ids=CHANNELS)
def test_a_channel_that_cannot_be_is_refused_without_its_key(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """T-71: one line, and nothing is added."""
    refused = terminal.run(*arguments)
    assert refused.code in (1, 2)
    assert ("", True) == (refused.stdout, refused.stderr.count("\n") <= 2)
    assert KEY_CANARY not in refused.stderr
    assert "one" not in [channel["name"] for channel in terminal.ok("channel", "list", "--json").json]


@pytest.mark.attack("T-71")
def test_a_channel_is_added_once(terminal: Terminal) -> None:
    """T-71: the second one is refused by its name, and the first one keeps its key."""
    add = (*ADD, "--type", "openai", *AT)
    terminal.ok(*add, "--key", KEY_CANARY)
    refused = terminal.run(*add, "--key", "sk-other")
    assert (1, "", 1, True) == (refused.code, refused.stdout, refused.stderr.count("\n"), "'one'" in refused.stderr)
    assert "sk-other" not in refused.stderr


@pytest.mark.attack("T-71")
def test_a_variable_that_is_not_there_is_named(terminal: Terminal) -> None:
    """T-71: the channel's test says which variable is missing."""
    terminal.run(*ADD, "--type", "openai", *AT, "--key", "env:NOBODY_SET_THIS")
    tested = terminal.run("channel", "test", "one")
    assert tested.code == 1
    assert "NOBODY_SET_THIS" in tested.stdout + tested.stderr
