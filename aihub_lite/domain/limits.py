"""What an upstream account may be asked: a channel as a whole, or one of its keys."""

from __future__ import annotations

from typing import Literal

import attrs

from aihub_lite.domain.token import Budget

Learn = Literal["on", "off"]
"""Whether what an upstream tells of its limits in the headers of its answers is kept to."""


@attrs.frozen(kw_only=True)
class Limits:
    """None is no limit."""

    rpm: int | None = None
    """Requests per minute; refills evenly."""
    tpm: int | None = None
    """Tokens (of both directions) per minute."""
    concurrency: int | None = None
    """Requests at once."""
    budget: Budget | None = None
    """What its answers may cost in a period."""


NO_LIMITS = Limits()
