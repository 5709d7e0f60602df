"""Time zones on a machine that keeps none."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.process import ROOT

LOOK = """
from datetime import datetime
from aihub_lite.web.spans import zone_named
print(datetime(2026, 7, 1, tzinfo=zone_named("Asia/Kathmandu")).isoformat())
"""


def test_a_machine_without_time_zones_knows_them_from_the_package() -> None:
    """PYTHONTZPATH is where Python looks for the system's."""
    environment = {**os.environ, "PYTHONTZPATH": ""}
    command = [sys.executable, "-c", LOOK]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (0, "2026-07-01T00:00:00+05:45\n") == (process.returncode, process.stdout), process.stderr
