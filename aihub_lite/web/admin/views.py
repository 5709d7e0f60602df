"""Facts as the admin API shows them: money as decimal strings in USD, times in RFC 3339 and UTC, never a key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from aihub_lite.domain.money import usd
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.sightings import Sightings
from aihub_lite.web.sign_in import SignIn

Json = dict[str, Any]
TheGateway = NamedDependency[SkipValidation[Gateway]]
"""How a handler asks for the gateway it belongs to."""
TheSignIn = NamedDependency[SkipValidation[SignIn]]
"""How a handler asks for the door of the console."""

TheSightings = NamedDependency[SkipValidation[Sightings]]
"""How a handler asks when a token was seen last."""


def money(nano: int) -> str:
    """Exact USD, at least two decimals: `1.50`, `0.000135`."""
    whole, _, fraction = f"{usd(nano):f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def optional_money(nano: int | None) -> str | None:
    """The same where nothing is set."""
    return None if nano is None else money(nano)


def moment_text(seconds: float) -> str:
    """`2027-01-31T00:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
