"""No command prints a part of an upstream's key, whatever it looks like (T-70)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream
from tests.web.test_echoed_keys import KEYS, parts_in

COMMANDS = (
    ("channel", "list"),
    ("channel", "list", "--json"),
    ("channel", "show", "c"),
    ("route", "explain", "m"),
    ("route", "explain", "m", "--json"),
    ("usage", "--by", "channel", "--csv"),
    ("usage", "--json"),
    ("model", "list", "--json"),
    ("price", "list", "--json"),
    ("settings", "list"),
)


@pytest.mark.attack("T-70")
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_no_command_prints_a_key(terminal: Terminal, tmp_path: Path, key: str) -> None:
    """It was looked for by the beginnings of well-known keys, which a reseller's own do not have."""
    with Upstream(error_answer(401, f"Refused: {key} is no key.", key)) as upstream:
        added = ("--type", "openai", "--models", "m", "--base-url", upstream.url, "--key", key)
        printed = [terminal.ok("channel", "add", "c", *added), terminal.run("channel", "test", "c")]
        printed += [terminal.ok(*command) for command in COMMANDS]
        printed.append(terminal.run("channel", "set", "c", "--key", f"{key}\n{key}"))
        printed.append(terminal.ok("backup", str(tmp_path / "backup.db")))

    text = "".join(finished.stdout + finished.stderr for finished in printed)
    assert "Refused: [key] is no key." in text
    assert [] == parts_in(text, key)
