"""What comes of the nursery is a process like one from a shell."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.nursery import Born
from tests.support.process import Home, NotStarted, Process, clean_environment


def born(directory: Path, *arguments: str, **variables: str) -> Process:
    return Process(Born(arguments, clean_environment(directory, {}, variables)))


def test_a_command_prints_into_its_own_pipes_and_ends_with_its_code(tmp_path: Path) -> None:
    with born(tmp_path, "--version") as version, born(tmp_path, "no-such-command") as wrong:
        assert (0, 2) == (version.wait(60), wrong.wait(60))
    assert version.stdout.text.startswith("aihub-lite ")
    assert "No such command" in wrong.stderr.text
    assert "" == version.stderr.text == wrong.stdout.text


def test_a_process_has_the_environment_it_was_given_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIHUB_RPM", "of the test process")
    with pytest.raises(NotStarted, match="AIHUB_RPM"):
        Home(tmp_path / "data", {"rpm": "of the order"}).serve()
    process, _ = Home(tmp_path / "data", {}).serve()
    process.end()


def test_a_signal_that_ends_a_process_is_its_exit_code(tmp_path: Path) -> None:
    process, _ = Home(tmp_path / "data").serve()
    assert -signal.SIGKILL == process.kill()
    process.end()


def test_siblings_share_no_descriptor_but_nothing(tmp_path: Path) -> None:
    """A pipe held by a sibling would never end."""
    first, _ = Home(tmp_path / "first").serve()
    second, _ = Home(tmp_path / "second").serve()
    shared = set(first.fds()) & set(second.fds())
    first.end()
    second.end()
    assert {"/dev/null"} >= {target for target in shared if not target.startswith("anon_inode:")}
