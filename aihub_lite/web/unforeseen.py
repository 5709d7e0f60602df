"""Faults of ours, in the log: what kind and where, never the text, which may hold what a client said."""

from __future__ import annotations

import logging
from traceback import format_tb

log = logging.getLogger(__name__)


def log_unforeseen(request_id: str, error: BaseException) -> None:
    """One entry with the lines of code the error came through."""
    log.error("%s: unforeseen %s\n%s", request_id, type(error).__name__, "".join(format_tb(error.__traceback__)))
