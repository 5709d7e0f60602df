"""What can go wrong before a request may even be sent, as the transport's faults: nothing has reached the upstream.

::

    TransportFault
    ├── ConnectFailed
    │   └── NoAccess          nobody could say whether the credential is good: no answer, nonsense, no library
    ├── ConnectTimedOut
    │   └── AccessTimedOut    no answer in time
    └── AccessRefused         the credential is not good
"""

from __future__ import annotations

from aihub_lite.upstream.http1.faults import ConnectFailed, ConnectTimedOut, TransportFault


class NoAccess(ConnectFailed):
    """What the credential is exchanged for could not be fetched; it may be another time."""


class AccessTimedOut(ConnectTimedOut):
    """It did not come in time."""


class AccessRefused(TransportFault):
    """The credential was refused, or is none. `status` is what the answer to it had, 0 where nobody was asked."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status
