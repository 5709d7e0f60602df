"""Faults of ours, in the log: what kind and where, never the text, which may hold what a client said."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


class Unforeseen(Exception):
    """Stands for the fault in its own traceback."""


def log_unforeseen(request_id: str, error: BaseException) -> None:
    """One entry with the lines of code the error came through."""
    traceback = (Unforeseen, Unforeseen(), error.__traceback__)
    log.error("%s: unforeseen %s", request_id, type(error).__name__, exc_info=traceback)
