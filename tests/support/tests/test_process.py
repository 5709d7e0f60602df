"""Processes are started cleanly, watched while they run, and ended whatever they do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import SCALED, Home, NotStarted, Output
from tests.support.tests import standin_home


def test_the_surrounding_shell_does_not_leak_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    monkeypatch.setenv("AIHUB_RPM", "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    seen = standin_home(tmp_path).cli("environment").json()
    assert {} == {name: seen[name] for name in ("OPENAI_API_KEY", "HTTPS_PROXY") if name in seen}
    assert str(SCALED["rpm"]) == seen["AIHUB_RPM"]


def test_keys_come_only_when_asked_for(tmp_path: Path) -> None:
    seen = standin_home(tmp_path, GROQ_API_KEY="gsk-1").cli("environment").json()
    assert ("gsk-1", "0") == (seen["GROQ_API_KEY"], seen["AIHUB_DISCOVER_LOCAL"])


def test_a_server_says_where_it_listens_and_ends_on_sigterm(tmp_path: Path) -> None:
    process, url = standin_home(tmp_path).serve()
    with process:
        assert url.startswith("http://127.0.0.1:")
        assert process.rss_kb() > 1000
        assert any(target.startswith("socket:") for target in process.fds())
        process.terminate()
        assert 0 == process.wait(60)


def test_a_server_that_dies_at_start_is_reported_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="no such luck"):
        standin_home(tmp_path, STANDIN_FAULT="dies").serve()


def test_a_server_deaf_to_sigterm_is_killed(tmp_path: Path) -> None:
    process, _ = standin_home(tmp_path, STANDIN_FAULT="deaf").serve()
    assert -9 == process.end(timeout=0.1)


def test_a_command_that_hangs_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        standin_home(tmp_path).cli("hang", timeout=0.2)


def test_exit_code_and_both_streams_come_back(tmp_path: Path) -> None:
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(2)"
    finished = Home(tmp_path / "data", command=(sys.executable, "-c", program)).cli()
    assert (2, "out", "err") == (finished.code, finished.stdout, finished.stderr)


def test_news_hold_everything_that_was_written_before_them() -> None:
    reading, writing = os.pipe()
    output = Output(os.fdopen(reading, "rb"))
    for number in range(2000):
        os.write(writing, b"%d\n" % number)
        assert str(number) == output.news()
    os.close(writing)
    output.close()


def test_a_line_that_never_ended_is_kept_when_its_stream_ends() -> None:
    reading, writing = os.pipe()
    output = Output(os.fdopen(reading, "rb"))
    os.write(writing, b"one\r\ntwo")
    os.close(writing)
    output.close()
    assert ["one\r", "two"] == output.lines
