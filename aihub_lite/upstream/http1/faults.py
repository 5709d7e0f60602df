"""What can go wrong between the gateway and an upstream before or while an answer is read, as one tree.

::

    TransportFault
    ├── ConnectFailed       refused, unreachable, unknown name, TLS refused; nothing was sent
    ├── ConnectTimedOut     no connection within the connect timeout (name look-up and TLS included); nothing was sent
    ├── Disconnected        the upstream broke off before the end of its answer
    ├── Garbled             what came back is not HTTP, or its content coding is unknown or broken
    ├── AnswerTooLarge      more bytes than the reader was ready to hold
    └── Unsendable          the URL or a header cannot be put on the wire: a mistake in the channel, not in the upstream

A status of any kind is an answer, not a fault.
"""

from __future__ import annotations


class TransportFault(Exception):
    """`str()` is one line for an operator; it holds neither a key nor a URL."""


class ConnectFailed(TransportFault):
    """No connection could be made. Nothing was sent, so another channel may be tried without double billing."""


class ConnectTimedOut(TransportFault):
    """No connection in time. Nothing was sent."""


class Disconnected(TransportFault):
    """The connection broke before the answer was complete; the upstream may have done the work."""


class Garbled(TransportFault):
    """Bytes came, but they are not an answer this gateway can read."""


class AnswerTooLarge(TransportFault):
    """The answer is longer than the limit that its reader set."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is longer than {limit} bytes")
        self.limit = limit


class Unsendable(TransportFault):
    """The request cannot be written: a URL or header value that HTTP does not allow."""
