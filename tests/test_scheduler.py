"""A test process that crashes: the rest is asked all the same, and the run ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.process import ROOT

WELL = "def test_one(): pass\ndef test_two(): pass\ndef test_three(): pass\n"
CRASHES_ONCE = """
import os
from pathlib import Path

def test_before(): pass

def test_crash():
    seen = Path("crashed")
    if not seen.exists():
        seen.touch()
        os._exit(1)

def test_after(): pass
"""
WITHIN = 240.0


def test_a_run_ends_after_a_crash_and_asks_everything(tmp_path: Path) -> None:
    """xdist 3.8 waited for ever for the files that the crashed process had ended before."""
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"test_{name}.py").write_text(WELL)
    (tmp_path / "test_e.py").write_text(CRASHES_ONCE)
    command = [sys.executable, "-m", "pytest", "-p", "tests.scheduler", "-p", "no:cacheprovider", "-c", "/dev/null"]
    distributed = ["--rootdir", str(tmp_path), "-n", "1", "--dist", "loadfile", "--no-loadscope-reorder", str(tmp_path)]
    done = subprocess.run(
        [*command, *distributed],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert 1 == done.returncode, done.stdout + done.stderr
    assert "1 failed, 15 passed" in done.stdout
