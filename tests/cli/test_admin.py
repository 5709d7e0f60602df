"""A new admin key for who is locked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.support import rawclient
from tests.support.gateway import Gateway, running
from tests.support.process import Home


def test_the_new_key_is_printed_and_kept(terminal: Terminal) -> None:
    terminal.ok("token", "list")
    old = (terminal.directory / "admin.key").read_text()
    printed = terminal.ok("admin", "reset-key").stdout.split()[-1]
    assert (True, f"{printed}\n") == (printed.startswith("adm-"), (terminal.directory / "admin.key").read_text())
    assert old.strip() != printed


def test_browsers_are_listed_and_signed_out(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        for _ in range(3):
            link = gateway.home.cli("console", "--json").json()["url"]
            path = link.removeprefix(gateway.url)
            assert 303 == rawclient.request(gateway.url, "POST", path, {"sec-fetch-site": "same-origin"}, b"").status
        sessions = gateway.home.cli("session", "list", "--json").json()
        one = gateway.home.cli("session", "end", sessions[0]["id"])
        left = gateway.home.cli("session", "list").stdout.splitlines()
        rest = gateway.home.cli("session", "end", "--all")

    assert (3, 3) == (len(sessions), len(left))
    assert (f"Session {sessions[0]['id']} ended.", "2 sessions ended.") == (one.stdout, rest.stdout)


@pytest.mark.parametrize("content", ["", "short", "\x00\xff"])
def test_a_key_file_that_holds_no_key_is_replaced(terminal: Terminal, content: str) -> None:
    terminal.ok("token", "list")
    (terminal.directory / "admin.key").write_bytes(content.encode("latin-1"))
    assert terminal.ok("admin", "reset-key", "--json").json["key"] in (terminal.directory / "admin.key").read_text()


@pytest.mark.parametrize("key", ["x" * 20, "short"])
def test_a_key_that_a_variable_sets_is_not_replaced(terminal: Terminal, key: str) -> None:
    terminal.ok("token", "list")
    before = (terminal.directory / "admin.key").read_text()
    refused = terminal.run("admin", "reset-key", environ={"AIHUB_ADMIN_KEY": key})
    assert (True, "", True) == (refused.code > 0, refused.stdout, "AIHUB_ADMIN_KEY" in refused.stderr)
    assert before == (terminal.directory / "admin.key").read_text()


def test_a_key_made_beside_a_server_replaces_the_old_one_at_once(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        answer = gateway.home.cli("admin", "reset-key", "--json")
        assert (0, "") == (answer.code, answer.stderr)
        keys = (gateway.admin_key, answer.json()["key"])
        assert [401, 200] == [gateway.admin("GET", "/status", key=key).status for key in keys]


def test_the_command_line_works_without_the_key_file(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        (gateway.home.directory / "admin.key").unlink()
        assert 0 == gateway.home.cli("token", "list").code
        answer = gateway.home.cli("admin", "reset-key", "--json").json()["key"]
        assert (200, f"{answer}\n") == (status(gateway, answer), (gateway.home.directory / "admin.key").read_text())


def test_the_key_of_a_run_is_private_and_ends_with_it(tmp_path: Path) -> None:
    with running(Home(tmp_path / "data")) as gateway:
        file = gateway.home.directory / "server.json"
        assert 0o600 == file.stat().st_mode & 0o777
        text = file.read_text()
        assert gateway.admin_key not in text
    assert not file.exists()


def status(gateway: Gateway, key: str) -> int:
    return gateway.admin("GET", "/status", key=key).status
