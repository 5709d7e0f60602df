"""What can go wrong with one attempt, and what follows from it: policy as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.errors import GatewayError

Fault = Literal[
    "connect",
    "timeout",
    "late",
    "slow",
    "rate",
    "server",
    "nonsense",
    "cut",
    "auth",
    "outdated",
    "funds",
    "forbidden",
    "model",
    "unsuited",
    "absent",
    "unreadable",
    "client",
    "withheld",
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
    rephrase: bool = False
    """Whether the same channel is asked at once, in other words."""
    disables_key: bool = False
    """Whether the key is out of use until a person brings it back."""
    rests_key: bool = False
    """Whether the key is out of use for a while."""


POLICY: Mapping[Fault, Policy] = {
    "connect": Policy(again=True, harms_channel=True),
    "timeout": Policy(harms_channel=True),
    "late": Policy(failover=False, harms_channel=True),
    "slow": Policy(),
    "rate": Policy(),
    "server": Policy(again=True, harms_channel=True),
    "nonsense": Policy(harms_channel=True),
    "cut": Policy(harms_channel=True),
    "auth": Policy(disables_key=True),
    "outdated": Policy(rephrase=True),
    "funds": Policy(rests_key=True),
    "forbidden": Policy(rests_key=True),
    "model": Policy(),
    "unsuited": Policy(),
    "absent": Policy(rephrase=True),
    "unreadable": Policy(rephrase=True),
    "client": Policy(failover=False),
    "withheld": Policy(),
}
"""connect: no connection. timeout: no first byte in time. late: no whole answer in time to a request that was sent
whole; its upstream may bill it, and so would a second one. slow: no first byte in the patience of a named route, which
says nothing of the channel. rate: 429. server: 5xx. nonsense: an empty, HTML or otherwise unreadable 200, a redirect.
cut: broke off before any content. auth: our key was refused. outdated: what our key was exchanged for some time ago is;
the next request exchanges it anew. funds: our account is spent. forbidden: a 403 that speaks of neither. model: unknown
there, perhaps known elsewhere. unsuited: the upstream's format cannot say the request, or it has no such endpoint;
another's may. absent: the upstream does not know the client's format, but another one. unreadable: it cannot read a
thought of an earlier turn, which is then left out. client: the request itself is at fault. withheld: a 200 that says
only that a policy kept the answer back, where another model of a named route may think otherwise."""


class AttemptFailed(Exception):
    """One attempt failed before any content; `error` is what the client gets if no other attempt succeeds."""

    def __init__(
        self,
        fault: Fault,
        error: GatewayError,
        *,
        status: int = 0,
        retry_after: float | None = None,
        code: str | int | None = None,
    ) -> None:
        super().__init__(fault)
        self.fault: Fault = fault
        self.error = error
        self.status = status
        self.retry_after = retry_after
        self.code = code
        """The upstream's own, as it came."""
