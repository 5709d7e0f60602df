"""The command line without a process of its own: what it prints and how it ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.cli import main
from aihub_lite.upstream.providers import PROVIDERS

NOBODY_THERE = "base_url: "
"""In the warning of `channel add`, which tries the address."""


@attrs.frozen
class Finished:
    """A command that ran to its end."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """stdout, which must be one JSON document and nothing else."""
        return msgspec.json.decode(self.stdout)


@attrs.frozen
class Terminal:
    """A shell with a data directory and no keys in its environment."""

    directory: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: str = "") -> Finished:
        """Run a command to its end."""
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for name in [*(provider.env for provider in PROVIDERS.values()), "AIHUB_ADMIN_KEY"]:
                patch.delenv(name or "-", raising=False)
            patch.setenv("AIHUB_DATA_DIR", str(self.directory))
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["aihub-lite", *arguments])
            code = 0
            self.capsys.readouterr()
            try:
                main()
            except SystemExit as stopped:
                code = stopped.code if isinstance(stopped.code, int) else 1
        return Finished(code, *self.capsys.readouterr())

    def ok(self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: str = "") -> Finished:
        """Run a command that must succeed and say nothing on stderr, but that nobody is at an address made up here."""
        finished = self.run(*arguments, environ=environ, stdin=stdin)
        told = [line for line in finished.stderr.splitlines() if NOBODY_THERE not in line]
        assert (0, []) == (finished.code, told)
        return finished
