"""Backups by command, and what they are good for."""

from __future__ import annotations

from pathlib import Path

import pytest

from aihub_lite.storage.sqlite import backup
from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway, running
from tests.support.process import Home


def test_a_backup_made_without_a_server_can_be_put_in_place(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("token", "create", "kept")
    printed = terminal.ok("backup", str(tmp_path / "copy.db")).stdout
    assert "keys of all channels" in printed
    terminal.ok("token", "delete", "kept")
    (tmp_path / "copy.db").rename(terminal.directory / "aihub.db")
    assert ["kept"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]


def test_a_backup_made_beside_a_server_is_a_working_gateway(gateway: Gateway, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "restored")
    elsewhere.directory.mkdir(mode=0o700)
    backup_run = gateway.home.cli("backup", str(elsewhere.directory / "aihub.db"), "--json")
    assert (0, "") == (backup_run.code, backup_run.stderr)
    assert (elsewhere.directory / "aihub.db").stat().st_size == backup_run.json()["bytes"]
    with running(elsewhere) as restored:
        assert 200 == restored.chat("demo", key=gateway.key).status


def test_a_backup_is_readable_by_its_owner_only(terminal: Terminal, tmp_path: Path) -> None:
    terminal.ok("token", "list")
    terminal.ok("backup", str(tmp_path / "copy.db"))
    assert 0o600 == (tmp_path / "copy.db").stat().st_mode & 0o777
    assert ["copy.db"] == [file.name for file in tmp_path.iterdir() if file.name.startswith("copy")]


def test_a_backup_never_takes_another_files_place(terminal: Terminal) -> None:
    terminal.ok("token", "create", "kept")
    refused = terminal.run("backup", str(terminal.directory / "aihub.db"))
    assert (1, True) == (refused.code, "is there already" in refused.stderr)
    assert ["kept"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]


@pytest.mark.parametrize("place", ["gone/copy.db", "."])
def test_a_backup_to_nowhere_fails_with_one_line(terminal: Terminal, tmp_path: Path, place: str) -> None:
    terminal.ok("token", "list")
    refused = terminal.run("backup", str(tmp_path / place))
    assert (1, "", 1) == (refused.code, refused.stdout, refused.stderr.count("\n"))


def test_a_backup_to_a_directory_that_is_not_there_says_so(terminal: Terminal, tmp_path: Path) -> None:
    """It said "No such file or directory" of a file whose name nobody had typed."""
    terminal.ok("token", "list")
    refused = terminal.run("backup", str(tmp_path / "gone" / "copy.db"))
    assert f"aihub-lite: there is no directory {tmp_path / 'gone'}\n" == refused.stderr


def test_a_backup_of_nothing_fails_and_leaves_no_file(terminal: Terminal, tmp_path: Path) -> None:
    refused = terminal.run("backup", str(tmp_path / "copy.db"))
    assert (1, False) == (refused.code, (tmp_path / "copy.db").exists())


def test_a_refused_backup_leaves_no_file(gateway: Gateway, tmp_path: Path) -> None:
    refused = gateway.home.cli("backup", str(tmp_path / "copy.db"), "--url", gateway.url, "--admin-key", "x" * 20)
    assert (1, []) == (refused.code, list(tmp_path.iterdir()))
    assert "Incorrect API key" in refused.stderr


def test_a_backup_without_room_on_the_disk_fails_with_one_line(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.ok("token", "list")
    monkeypatch.setattr(backup, "ROOM", 2**62)
    refused = terminal.run("backup", str(tmp_path / "copy.db"))
    assert (1, "aihub-lite: There is no room for a backup beside the database.\n") == (refused.code, refused.stderr)


def test_a_backup_without_a_name_lies_in_the_gateways_directory_and_is_restored_from_there(terminal: Terminal) -> None:
    terminal.ok("token", "create", "kept")
    made = terminal.ok("backup", "--json").json
    assert Path(made["file"]).parent == terminal.directory / "backups"
    terminal.ok("token", "delete", "kept")
    refused = terminal.run("restore", made["file"])
    assert (1, True) == (refused.code, "--force" in refused.stderr)
    done = terminal.ok("restore", made["file"], "--force", "--json").json
    assert (1, True) == (done["tokens"], Path(done["kept"]).exists())
    assert ["kept"] == [token["name"] for token in terminal.ok("token", "list", "--json").json]


def test_a_backup_is_not_restored_under_a_running_gateway(gateway: Gateway, tmp_path: Path) -> None:
    made = gateway.home.cli("backup", "--json").json()
    refused = gateway.home.cli("restore", made["file"])
    assert (1, "") == (refused.code, refused.stdout)
    assert refused.stderr.endswith("stop it first"), refused.stderr
    assert 200 == gateway.chat("demo").status


def test_a_file_that_is_not_there_is_not_restored(terminal: Terminal, tmp_path: Path) -> None:
    refused = terminal.run("restore", str(tmp_path / "none.db"))
    assert (1, 1) == (refused.code, refused.stderr.count("\n"))
