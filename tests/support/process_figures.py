"""What the kernel knows of a running process."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads, ended ones too; in steps of a clock tick, usually 10 ms."""
    return _cpu_in(Path(f"/proc/{pid}/stat"))


def main_thread_seconds(pid: int) -> float:
    """The same of its first thread alone: the event loop's."""
    return _cpu_in(Path(f"/proc/{pid}/task/{pid}/stat"))


def resident_bytes(pid: int) -> int:
    """Memory it has in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def _cpu_in(stat: Path) -> float:
    # The second field is the command in brackets and may hold anything; utime and stime are fields 14 and 15.
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
