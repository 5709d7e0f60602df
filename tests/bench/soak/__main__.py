"""`python -m tests.bench.soak --minutes 60`: a soak by hand. Ends with 1 where something grew too much, or leaked."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench.soak.run import PACE, Soak
from tests.support.process import COMMAND, SCALED, Home


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description="Mixed traffic, and what grows.")
    parser.add_argument("--minutes", type=float, default=60.0, help="after a tenth of that to warm up (default: 60)")
    parser.add_argument("--pace", type=float, default=PACE, help=f"requests a second (default: {PACE:.0f})")
    return parser.parse_args()


def main() -> int:
    """The exit status."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="aihub-soak-") as directory:
        home = Home(Path(directory) / "data", {**SCALED, "log_level": "WARNING"}, command=COMMAND)
        soak = Soak(60 * options.minutes, options.pace, tell=lambda line: print(line, flush=True))
        soak.over(home)
    print(soak.table)
    for complaint in soak.complaints:
        print(complaint)
    return int(bool(soak.complaints))


if __name__ == "__main__":
    sys.exit(main())
