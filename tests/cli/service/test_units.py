"""What systemd and launchd are told of a service."""

from __future__ import annotations

import plistlib
from pathlib import Path

import attrs
import pytest

from aihub_lite.cli.service.units import Service, property_list, quoted, service_unit

SERVICE = Service(
    program=("/opt/venv/bin/python", "-m", "aihub_lite"),
    data_dir=Path("/srv/ai"),
    host="127.0.0.1",
    port=4242,
    environment_file=Path("/srv/ai/service.env"),
)


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain", '"plain"'),
        ("two words", '"two words"'),
        ("100%", '"100%%"'),
        ("$HOME", '"$$HOME"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("back\\slash", '"back\\\\slash"'),
    ],
)
def test_a_word_of_a_command_stays_what_it_is(word: str, written: str) -> None:
    assert written == quoted(word)


def test_a_service_of_the_machine_runs_as_somebody_and_writes_nowhere_else() -> None:
    lines = service_unit(attrs.evolve(SERVICE, system=True, user="ada")).splitlines()
    wanted = ["User=ada", 'ReadWritePaths="/srv/ai"', "ProtectSystem=strict", "WantedBy=multi-user.target"]
    assert [] == [line for line in wanted if line not in lines]


def test_a_restart_does_not_keep_those_waiting_who_wait_in_the_socket() -> None:
    assert "Environment=AIHUB_DRAIN_TIMEOUT=5" in service_unit(attrs.evolve(SERVICE, socket=True)).splitlines()


def test_launchd_gets_the_same_command() -> None:
    read = plistlib.loads(property_list(SERVICE, Path("/srv/ai/service.log")))
    assert SERVICE.command == read["ProgramArguments"]
    assert {"SuccessfulExit": False} == read["KeepAlive"]
    assert "UserName" not in read
