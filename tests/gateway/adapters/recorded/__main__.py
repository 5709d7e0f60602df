"""Prints the table of recorded exchanges: `python -m tests.gateway.adapters.recorded`."""

from __future__ import annotations

from tests.gateway.adapters.recorded.exchanges import FILES, SOURCES
from tests.gateway.adapters.recorded.table import lines, rows_of

if __name__ == "__main__":
    for line in lines({source: rows_of(source) for source in (*FILES, *SOURCES)}):
        print(line)
