"""The harness is held against itself and against a stand-in, so that a red test means a red gateway."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.process import SCALED, Home

STANDIN = (sys.executable, str(Path(__file__).with_name("standin.py")))


def standin_home(parent: Path, **environment: str) -> Home:
    """A data directory on which the stand-in is run instead of the gateway."""
    return Home(parent / "data", SCALED, environment, command=STANDIN)
