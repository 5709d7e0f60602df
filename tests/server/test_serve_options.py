"""The options of `serve`, which are read without the library of the command line where they are typed plainly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from aihub_lite import cli
from aihub_lite.cli.serving import OPTIONS, plain_options

VALUES = {str: "x", int: "7", Path: "/tmp/x"}


def read_by_typer(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any] | None:
    """What the library makes of them; None where it refuses them, or shows help."""
    read: list[dict[str, Any]] = []

    def serve(options: dict[str, Any]) -> int:
        read.append({name: value for name, value in options.items() if value is not None})
        return 0

    monkeypatch.setattr(cli, "serve", serve)
    CliRunner().invoke(cli.program(), ["serve", *arguments])
    return read[0] if read else None


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("equals", [True, False])
def test_every_option_is_read_as_the_library_reads_it(name: str, equals: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    flag, value = f"--{name.replace('_', '-')}", VALUES[OPTIONS[name].kind]
    arguments = [f"{flag}={value}"] if equals else [flag, value]
    assert {name: OPTIONS[name].kind(value)} == plain_options(arguments) == read_by_typer(arguments, monkeypatch)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["-h"],
        ["--port"],
        ["--port", "x"],
        ["--port", "-1"],
        ["--prot", "1"],
        ["extra"],
        ["--host", "--port"],
    ],
    ids=" ".join,
)
def test_what_is_typed_otherwise_is_left_to_the_library(arguments: list[str]) -> None:
    assert None is plain_options(arguments)


def test_the_last_of_an_option_that_stands_twice_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--port", "1", "--rpm=0", "--port", "2"]
    assert {"port": 2, "rpm": 0} == plain_options(arguments) == read_by_typer(arguments, monkeypatch)


def test_the_library_knows_serve() -> None:
    assert "serve" in {command.name for command in cli.program().registered_commands}
    assert isinstance(cli.program(), typer.Typer)
