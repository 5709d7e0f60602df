"""The log's lines: what came from outside can neither begin a line of its own nor steer a terminal."""

from __future__ import annotations

import logging

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class OneLine(logging.Formatter):
    """One line for each entry; only a traceback, which is the code's own, follows on lines of its own."""

    def __init__(self) -> None:
        super().__init__(LINE)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        """The line, with what cannot be printed escaped: line ends, control sequences, marks that turn text around."""
        line = super().formatMessage(record)
        return line if line.isprintable() else "".join(map(printable, line))


def printable(character: str) -> str:
    """The character, or its escape."""
    return character if character.isprintable() else ascii(character)[1:-1]


def log_to_stderr(level: str) -> None:
    """Set up the process's log."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level, handlers=[handler])
