"""What can go wrong with one attempt, and what follows from it: policy as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.errors import GatewayError

Fault = Literal[
    "connect", "timeout", "rate", "server", "nonsense", "cut", "auth", "funds", "model", "unsuited", "absent", "client"
]


@attrs.frozen
class Policy:
    """What follows from a fault."""

    failover: bool = True
    """Whether the next channel may be tried."""
    again: bool = False
    """Whether, with no channel left, the same one may be tried again after a short pause."""
    harms_channel: bool = False
    """Whether it counts towards the channel's cooldown."""
    rephrased: bool = False
    """Whether the same channel is asked at once, in other words."""
    disables_key: bool = False
    """Whether the key is out of use until a person brings it back."""


POLICY: Mapping[Fault, Policy] = {
    "connect": Policy(again=True, harms_channel=True),
    "timeout": Policy(harms_channel=True),
    "rate": Policy(),
    "server": Policy(again=True, harms_channel=True),
    "nonsense": Policy(harms_channel=True),
    "cut": Policy(harms_channel=True),
    "auth": Policy(disables_key=True),
    "funds": Policy(disables_key=True),
    "model": Policy(),
    "unsuited": Policy(),
    "absent": Policy(rephrased=True),
    "client": Policy(failover=False),
}
"""connect: no connection. timeout: no first byte in time. rate: 429. server: 5xx. nonsense: an empty, HTML or
otherwise unreadable 200, a redirect. cut: broke off before any content. auth, funds: our key was refused, our
account is spent. model: unknown there, perhaps known elsewhere. unsuited: the request cannot be said in that
upstream's words, perhaps in another's. absent: it does not know the client's words, but others for the same.
client: the request itself is at fault."""


class AttemptFailed(Exception):
    """One attempt failed before any content; `error` is what the client gets if no other attempt succeeds."""

    def __init__(self, fault: Fault, error: GatewayError, *, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(fault)
        self.fault: Fault = fault
        self.error = error
        self.status = status
        self.retry_after = retry_after
