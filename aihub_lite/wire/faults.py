"""What can be wrong with an answer's content, as opposed to its transport.

::

    WireFault
    ├── AnswerNonsense    not an answer at all: HTML, no JSON, no choices
    └── StreamError       the upstream itself reported an error inside a 200
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aihub_lite.wire.foreign_error import ForeignError


class WireFault(Exception):
    """An answer cannot be given to the client. `message` holds nothing that the upstream's user said."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AnswerNonsense(WireFault):
    """Not what the endpoint answers. `foreign` is the error object that a 200 held, if that was the reason."""

    def __init__(self, message: str, foreign: ForeignError | None = None) -> None:
        super().__init__(message)
        self.foreign = foreign


class StreamError(WireFault):
    """An error event in a stream; `status` is the HTTP status it would have had, 502 when it names none."""

    def __init__(self, foreign: ForeignError, status: int) -> None:
        super().__init__(foreign.message)
        self.foreign, self.code, self.kind, self.status = foreign, foreign.code, foreign.kind, status
