"""The log's lines: text from outside can neither begin a line of its own nor steer a terminal (T-67)."""

from __future__ import annotations

import json
import logging
import queue
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
JSON = "json"
REQUESTS = "aihub_lite.requests"
"""Who logs one line for each request."""
MOST_WAITING = 10_000
"""Lines about requests that wait for a log that takes none; more are lost, and counted."""
PLAIN = re.compile(r"[^\s\"=\\]+")
"""A field's value that needs no quotes."""


class OneLine(logging.Formatter):
    """One line for each entry; only a traceback, which is the code's own, follows on lines of its own."""

    def __init__(self) -> None:
        super().__init__(LINE)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        """The line, with what cannot be printed escaped: line ends, control sequences, marks that turn text around."""
        line = super().formatMessage(record)
        if fields := fields_of(record):
            line = f"{line} {' '.join(f'{name}={quoted(value)}' for name, value in fields.items())}"
        if line.isprintable():
            return line
        return "".join(map(printable, line))


class JsonLine(logging.Formatter):
    """One JSON object for each entry, on one line with its traceback; nothing in it but ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; what is told of a request stands beside the rest."""
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def fields_of(record: logging.LogRecord) -> Mapping[str, str | int]:
    """What an entry says besides its message, by name."""
    fields: Mapping[str, str | int] = getattr(record, "fields", {})
    return fields


def quoted(value: str | int) -> str:
    """A value as a line has it: in quotes, as JSON has a text, unless it is one plain word."""
    text = str(value)
    if not text.isprintable():
        return json.dumps(text)
    if PLAIN.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def printable(character: str) -> str:
    """The character, or its escape."""
    if character.isprintable():
        return character
    return ascii(character)[1:-1]


def log_to_stderr(level: str, form: str = "text") -> None:
    """Let the process log to stderr from this level on, as text or as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    if form == JSON:
        handler.setFormatter(JsonLine())
    logging.basicConfig(level=level, handlers=[handler])


class Dropping(QueueHandler):
    """Hands entries over to a thread, so that no request waits for a log that is slow to take them."""

    lost = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Without waiting; says with the next one that finds room how many found none."""
        if self.lost:
            record.__dict__["fields"] = {**fields_of(record), "lost_lines": self.lost}
        try:
            super().enqueue(record)
        except queue.Full:
            self.lost += 1
        else:
            self.lost = 0


@contextmanager
def requests_beside(wanted: bool) -> Iterator[None]:
    """Where that is wanted, lines about requests are written by a thread inside the block, and what is left of them at
    its end."""
    if not wanted:
        yield
        return
    handlers = logging.getLogger().handlers
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
    logger = logging.getLogger(REQUESTS)
    handler = Dropping(waiting)
    listener = QueueListener(waiting, *handlers)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    listener.start()
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
        listener.stop()
