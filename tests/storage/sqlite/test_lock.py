"""T-66: two servers on one data directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aihub_lite.storage.sqlite.faults import AlreadyRunning, Unwritable
from aihub_lite.storage.sqlite.lock import DataLock

pytestmark = pytest.mark.attack("T-66")

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from pathlib import Path
from aihub_lite.storage.sqlite.lock import DataLock
lock = DataLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_the_first_ones_pid(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        with pytest.raises(AlreadyRunning) as raised:
            DataLock.take(tmp_path)
        assert holder.pid == raised.value.pid
        holder.send_signal(signal.SIGKILL)
    with DataLock.take(tmp_path):
        pass  # the dead hold nothing


def test_a_lock_excludes_its_own_process_too(tmp_path: Path) -> None:
    with DataLock.take(tmp_path), pytest.raises(AlreadyRunning) as raised:
        DataLock.take(tmp_path)
    assert os.getpid() == raised.value.pid


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    lock = DataLock.take(tmp_path)
    lock.release()
    lock.release()
    DataLock.take(tmp_path).release()


def test_the_lock_makes_a_missing_directory_private(tmp_path: Path) -> None:
    with DataLock.take(tmp_path / "data"):
        assert 0o700 == (tmp_path / "data").stat().st_mode & 0o777


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(Unwritable):
        DataLock.take(tmp_path / "data")
