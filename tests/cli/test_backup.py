"""Backups by command, and what they are good for."""

from __future__ import annotations

from pathlib import Path

import pytest

from aihub_lite.storage import backup
from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway, running
from tests.support.process import Home


def test_a_backup_without_a_server_cannot_be_put_in_place(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("token", "create", "kept")
    printed = terminal.ok("backup", str(tmp_path / "copy.db")).stdout
    assert "keys of all channels" in printed
    terminal.ok("token", "delete", "kept")
    (tmp_path / "copy.db").rename(terminal.directory / "aihub.db")
    assert ["kept"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]


def test_a_backup_beside_a_server_is_no_working_gateway(gateway: Gateway, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "restored")
    elsewhere.directory.mkdir(mode=0o700)
    made = gateway.home.cli("backup", str(elsewhere.directory / "aihub.db"), "--json")
    assert (0, "") == (made.code, made.stderr)
    assert (elsewhere.directory / "aihub.db").stat().st_size == made.json()["bytes"]
    with running(elsewhere) as restored:
        assert 200 == restored.chat("demo", key=gateway.key).status


def test_a_backup_can_be_read_by_others(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("token", "list")
    terminal.ok("backup", str(tmp_path / "copy.db"))
    assert 0o600 == (tmp_path / "copy.db").stat().st_mode & 0o777
    assert ["copy.db"] == [file.name for file in tmp_path.iterdir() if file.name.startswith("copy")]


def test_a_backup_takes_another_files_place(terminal: Terminal) -> None:
    terminal.ok("token", "create", "kept")
    refused = terminal.run("backup", str(terminal.directory / "aihub.db"))
    assert (1, True) == (refused.code, "is there already" in refused.stderr)
    assert ["kept"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]


@pytest.mark.parametrize("place", ["gone/copy.db", "."])
def test_a_backup_to_nowhere_is_a_traceback(terminal: Terminal, tmp_path: Path, place: str) -> None:
    terminal.ok("token", "list")
    refused = terminal.run("backup", str(tmp_path / place))
    assert (1, "", 1) == (refused.code, refused.stdout, refused.stderr.count("\n"))


def test_a_backup_of_nothing_looks_like_one(terminal: Terminal, tmp_path: Path) -> None:
    refused = terminal.run("backup", str(tmp_path / "copy.db"))
    assert (1, False) == (refused.code, (tmp_path / "copy.db").exists())


def test_a_refused_backup_leaves_a_file(gateway: Gateway, tmp_path: Path) -> None:
    refused = gateway.home.cli("backup", str(tmp_path / "copy.db"), "--url", gateway.url, "--admin-key", "x" * 20)
    assert (1, []) == (refused.code, list(tmp_path.iterdir()))
    assert "Incorrect API key" in refused.stderr


def test_a_disk_without_room_is_a_traceback(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.ok("token", "list")
    monkeypatch.setattr(backup, "ROOM", 2**62)
    refused = terminal.run("backup", str(tmp_path / "copy.db"))
    assert (1, "aihub-lite: There is no room for a backup beside the database.\n") == (refused.code, refused.stderr)
