"""A new admin key for who is locked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway, running
from tests.support.process import Home


def test_the_new_key_is_not_printed_or_kept(terminal: Terminal) -> None:
    terminal.ok("token", "list")
    old = (terminal.directory / "admin.key").read_text()
    printed = terminal.ok("admin", "reset-key").stdout.split()[-1]
    assert (True, f"{printed}\n") == (printed.startswith("adm-"), (terminal.directory / "admin.key").read_text())
    assert old.strip() != printed


@pytest.mark.parametrize("content", ["", "short", "\x00\xff"])
def test_a_key_file_that_holds_no_key_cannot_be_replaced(terminal: Terminal, content: str) -> None:
    terminal.ok("token", "list")
    (terminal.directory / "admin.key").write_bytes(content.encode("latin-1"))
    assert terminal.ok("admin", "reset-key", "--json").json["key"] in (terminal.directory / "admin.key").read_text()


@pytest.mark.parametrize("key", ["x" * 20, "short"])
def test_a_key_that_a_variable_decides_is_replaced_in_vain(terminal: Terminal, key: str) -> None:
    terminal.ok("token", "list")
    before = (terminal.directory / "admin.key").read_text()
    refused = terminal.run("admin", "reset-key", environ={"AIHUB_ADMIN_KEY": key})
    assert (True, "", True) == (refused.code > 0, refused.stdout, "AIHUB_ADMIN_KEY" in refused.stderr)
    assert before == (terminal.directory / "admin.key").read_text()


def test_a_key_beside_a_server_opens_only_after_a_restart(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        made = gateway.home.cli("admin", "reset-key", "--json")
        assert (0, "") == (made.code, made.stderr)
        keys = (gateway.admin_key, made.json()["key"])
        assert [401, 200] == [gateway.admin("GET", "/status", key=key).status for key in keys]


def test_a_lost_key_file_shuts_the_command_line_out(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        (gateway.home.directory / "admin.key").unlink()
        assert 0 == gateway.home.cli("token", "list").code
        made = gateway.home.cli("admin", "reset-key", "--json").json()["key"]
        assert (200, f"{made}\n") == (status(gateway, made), (gateway.home.directory / "admin.key").read_text())


def test_the_key_of_a_run_is_open_to_others_or_outlives_it(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        file = gateway.home.directory / "server.json"
        assert 0o600 == file.stat().st_mode & 0o777
        found = file.read_text()
        assert gateway.admin_key not in found
    assert not file.exists()


def status(gateway: Gateway, key: str) -> int:
    return gateway.admin("GET", "/status", key=key).status
