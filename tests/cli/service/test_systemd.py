"""`aihub-lite service …` where systemd is."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import attrs
import pytest

from tests.support import rawclient
from tests.support.process import START_WITHIN, Finished, Home, Process, clean_environment

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$0.told"
if [ -e "$0.refuses" ]; then echo "Failed to connect to bus: No medium found" >&2; exit 1; fi
case "$*" in *is-active*) echo active ;; esac
"""
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')


@attrs.frozen
class Machine:
    """A user's home on a machine with a systemctl that only writes down what it is told."""

    root: Path

    @property
    def systemctl(self) -> Path:
        return self.root / "bin" / "systemctl"

    @property
    def units(self) -> Path:
        return self.root / ".config" / "systemd" / "user"

    @property
    def data(self) -> Path:
        return self.root / "my data"

    @property
    def told(self) -> list[str]:
        """What systemctl was told."""
        return self.systemctl.with_name("systemctl.told").read_text().splitlines()

    def service(self, *arguments: str) -> Finished:
        """`aihub-lite service …`"""
        environment = {"PATH": f"{self.systemctl.parent}{os.pathsep}{os.environ['PATH']}"}
        return Home(self.data, {}, environment).cli("service", *arguments)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.systemctl.parent.mkdir()
    machine.systemctl.write_text(SYSTEMCTL)
    machine.systemctl.chmod(0o755)
    return machine


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def command_in(unit: Path) -> list[str]:
    """The words of a unit's ExecStart, as systemd reads them."""
    line = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    words = [re.sub(r"\\(.)", r"\1", word) for word in WORD.findall(line)]
    return [word.replace("$$", "$").replace("%%", "%") for word in words]


def test_install_writes_a_unit_and_starts_it(machine: Machine) -> None:
    ran = machine.service("install")
    assert (0, "") == (ran.code, ran.stderr)
    assert ["--user daemon-reload", "--user enable aihub-lite.service", "--user restart aihub-lite.service"] == (
        machine.told
    )
    unit = machine.units / "aihub-lite.service"
    said = [f"Wrote {unit}", "Ran systemctl --user enable aihub-lite.service", "loginctl enable-linger"]
    assert [] == [part for part in said if part not in ran.stdout]


def test_the_command_in_the_unit_starts_the_gateway_on_its_data(machine: Machine) -> None:
    """With a data directory whose name has a blank."""
    port = free_port()
    machine.service("install", "--port", str(port))
    command = tuple(command_in(machine.units / "aihub-lite.service"))
    with Process.spawn(command, clean_environment(machine.root, {}, {})) as process:
        url = f"http://127.0.0.1:{port}"
        assert process.stdout.wait_line(lambda line: line == f"Listening on {url}", START_WITHIN), process.output
        assert 200 == rawclient.request(url, "GET", "/healthz").status
    assert (machine.data / "aihub.db").exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze to judge units")
@pytest.mark.parametrize("options", [(), ("--socket",)], ids=["service", "socket"])
def test_systemd_finds_nothing_wrong_with_the_units(machine: Machine, options: tuple[str, ...]) -> None:
    machine.service("install", "--no-start", *options)
    units = sorted(map(str, machine.units.iterdir()))
    judged = subprocess.run(
        ["systemd-analyze", "verify", "--user", *units],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(machine.root)},
    )
    assert (0, "") == (judged.returncode, judged.stdout + judged.stderr)


def test_with_a_socket_systemd_keeps_the_port(machine: Machine) -> None:
    machine.service("install", "--socket", "--port", "4000")
    assert "ListenStream=127.0.0.1:4000" in (machine.units / "aihub-lite.socket").read_text().splitlines()
    assert "--user enable aihub-lite.socket aihub-lite.service" in machine.told


def test_installed_anew_without_a_socket_leaves_none_behind(machine: Machine) -> None:
    machine.service("install", "--socket")
    machine.service("install")
    assert ["aihub-lite.service"] == [path.name for path in machine.units.iterdir()]


def test_a_unit_of_another_hand_is_left_alone(machine: Machine) -> None:
    unit = machine.units / "aihub-lite.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    for command in ("install", "remove"):
        ran = machine.service(command)
        assert (1, f"{unit} was not written by this command: it is left alone") == (
            ran.code,
            ran.stderr.removeprefix("aihub-lite: "),
        )
    assert "[Service]\nExecStart=/bin/true\n" == unit.read_text()


def test_a_manager_that_refuses_is_quoted(machine: Machine) -> None:
    machine.systemctl.with_name("systemctl.refuses").touch()
    ran = machine.service("install")
    assert 1 == ran.code
    assert "systemctl --user daemon-reload failed: Failed to connect to bus: No medium found" in ran.stderr
    assert "when that is mended, run: systemctl --user daemon-reload" in ran.stderr
    assert (machine.units / "aihub-lite.service").exists()


def test_remove_stops_it_and_keeps_the_data(machine: Machine) -> None:
    machine.service("install", "--socket")
    (machine.data / "aihub.db").touch()
    ran = machine.service("remove")
    assert (0, "") == (ran.code, ran.stderr)
    assert ["--user disable --now aihub-lite.socket aihub-lite.service", "--user daemon-reload"] == machine.told[-2:]
    assert ([], True) == (list(machine.units.iterdir()), (machine.data / "aihub.db").exists())


def test_status_says_whether_it_runs(machine: Machine) -> None:
    assert (1, "Not installed.") == (machine.service("status").code, machine.service("status").stdout)
    machine.service("install")
    ran = machine.service("status")
    assert (0, True) == (ran.code, ran.stdout.endswith("active"))


def test_a_service_of_the_machine_is_nobodys_by_accident(machine: Machine) -> None:
    ran = machine.service("install", "--system")
    assert 2 == ran.code
    assert "--user NAME" in ran.stderr


def test_a_port_that_changes_is_none_for_a_service(machine: Machine) -> None:
    ran = machine.service("install", "--port", "0")
    assert (2, False) == (ran.code, machine.units.exists())
