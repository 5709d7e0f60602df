"""What a start loads."""

from __future__ import annotations

import subprocess
import sys

from tests.support.process import ROOT


def test_who_serves_http_1_alone_does_not_load_hypercorn() -> None:
    code = "import sys, aihub_lite.server.serve; print(sorted({'hypercorn', 'h11', 'h2'} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "[]" == ran.stdout.strip()
