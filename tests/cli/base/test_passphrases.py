"""Passphrases are asked for at a terminal: never shown, twice where one is new, and by the name of no variable."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aihub_lite.storage.backups.making import make_backup
from tests.cli.base.pseudo_terminal import at_terminal
from tests.cli.terminal import Terminal

WORDS = "correct horse battery staple ü"
KEY = "sk-typed-in-by-hand-7Qx4"
FILE = f"""
[channels.one]
type = "openai"
base_url = "http://127.0.0.1:9/v1"
keys = ["{KEY}"]
models = ["m"]
"""
ASKED, AGAIN = r"Passphrase: $", r"(?i)repeat.*: $"


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A gateway's directory with a channel whose key was typed in."""
    terminal = Terminal(tmp_path / "data", capsys, monkeypatch)
    terminal.ok("apply", "-", stdin=FILE)
    return terminal


def sealed_export(terminal: Terminal) -> str:
    """As `export --seal` prints it."""
    return terminal.ok("export", "--seal", "--passphrase", "env:WORDS", environ={"WORDS": WORDS}).stdout


def is_there(terminal: Terminal) -> bool:
    """Whether the gateway has that channel."""
    return "one" in [channel["name"] for channel in terminal.ok("channel", "list", "--json").json]


def test_an_export_is_sealed_with_what_is_typed_twice_and_nothing_of_it_is_shown(terminal: Terminal) -> None:
    with at_terminal(terminal.directory, "export", "--seal") as command:
        command.types(WORDS, ASKED)
        command.types(WORDS, AGAIN)
        code, printed = command.end()
    assert (0, False, False) == (code, KEY in printed, b"horse" in command.shown)
    terminal.ok("channel", "delete", "one")
    terminal.ok("apply", "-", "--passphrase", "env:WORDS", stdin=printed, environ={"WORDS": WORDS})
    assert is_there(terminal)


def test_two_passphrases_that_differ_are_asked_for_anew(terminal: Terminal) -> None:
    with at_terminal(terminal.directory, "export", "--seal") as command:
        command.types(WORDS, ASKED)
        command.types("correct horse", AGAIN)
        command.types(WORDS, ASKED)
        command.types(WORDS, AGAIN)
        code, printed = command.end()
    assert (0, True, False) == (code, "[sealed]" in printed, b"horse" in command.shown)


def test_what_an_export_sealed_is_applied_by_what_is_typed(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "sealed.toml").write_text(sealed_export(terminal))
    terminal.ok("channel", "delete", "one")
    with at_terminal(terminal.directory, "apply", str(tmp_path / "sealed.toml")) as command:
        command.types(WORDS, ASKED)
        code, printed = command.end()
    assert (0, True, False) == (code, "+ channel one" in printed, b"horse" in command.shown)


def test_a_wrong_passphrase_changes_nothing_and_is_one_line(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "sealed.toml").write_text(sealed_export(terminal))
    terminal.ok("channel", "delete", "one")
    with at_terminal(terminal.directory, "apply", str(tmp_path / "sealed.toml")) as command:
        command.types("another", ASKED)
        code, printed = command.end()
    assert (2, "", True) == (code, printed, b"passphrase" in command.shown.splitlines()[-1])
    assert not is_there(terminal)


@pytest.mark.parametrize(("typed", "code"), [(WORDS, 0), ("another", 1)], ids=["its own", "another"])
def test_a_sealed_backup_is_put_back_by_what_is_typed_and_by_nothing_else(
    terminal: Terminal, tmp_path: Path, typed: str, code: int
) -> None:
    """It was refused, with a word of what to give, where somebody sat there who could have been asked."""
    sealed = tmp_path / "aihub-2026-01-01-120000.sealed.tar"
    make_backup(terminal.directory / "aihub.db", sealed, WORDS, threading.Event())
    terminal.ok("channel", "delete", "one")
    with at_terminal(terminal.directory, "restore", str(sealed), "--force") as command:
        command.types(typed, ASKED)
        ended, _ = command.end()
    assert (code, False) == (ended, b"horse" in command.shown)
    assert is_there(terminal) == (code == 0)


def test_an_open_backup_asks_for_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("backup", str(tmp_path / "copy.db"))
    with at_terminal(terminal.directory, "restore", str(tmp_path / "copy.db"), "--force") as command:
        code, _ = command.end()
    assert (0, False) == (code, b"Passphrase" in command.shown)
