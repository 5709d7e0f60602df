"""What can be wrong with an answer's content, as opposed to its transport.

::

    WireFault
    ├── AnswerNonsense    not an answer at all: HTML, no JSON, no choices
    └── StreamError       the upstream itself reported an error inside a 200
"""

from __future__ import annotations

from typing import Literal

import attrs

Kind = Literal["client", "auth", "funds", "forbidden", "rate", "server", "model"]
"""Whose fault: the client's request; the gateway's key; its account; what a 403 that speaks of neither is about (its
address, its region, a firewall); its rate; the upstream; or this model is not offered there (another channel may have
it)."""


@attrs.frozen
class ForeignError:
    """An upstream's error. `code` as the upstream gave it, `message` never empty and without keys."""

    code: str | int | None
    message: str
    kind: Kind
    retry_after: float | None = None
    """Seconds to wait, where the body says so (Google's `RetryInfo`); a quota per day is waited for in steps."""


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
        self.foreign = foreign
        self.code = foreign.code
        self.kind = foreign.kind
        self.status = status
