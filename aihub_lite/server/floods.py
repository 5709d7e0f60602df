"""How much of a client's HTTP/2 is answered that asks for work and brings nothing: pings, resets, settings.

nginx 1.29 (src/http/v2/ngx_http_v2.c) closes at 10,000 control frames that nobody takes, at 128 PRIORITY frames and 128
more per stream, at 128 refused streams, at twice 128 streams in one read, and where eight bytes of frames carry less
than one of content, beyond the first 8 MiB. A frame costs this process more than nginx, so one credit holds
for all of them, and what is done for a client fills it up again.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from h2.events import (
    DataReceived,
    Event,
    PingAckReceived,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    SettingsAcknowledged,
    StreamReset,
    TrailersReceived,
    UnknownFrameReceived,
    WindowUpdated,
)

MOST_STREAMS = 128
"""Requests at once on one connection; more are refused. nginx: `http2_max_concurrent_streams`."""
MOST_UNSENT = 512 * 1024
"""Bytes that wait for a client which asks for answers and does not take them."""
FREE = 1000
"""What a client may spend before anything was done for it: nginx allows 128 to 10,000 frames."""
MOST = 10_000
"""What it may save up."""
PER_ANSWER = 100
"""Earned by an answer that the client took to its end. nginx: 128 PRIORITY frames."""
PER_PIECE = 10
"""Earned by a piece of an answer that was sent. A client may answer each with two window updates."""
REFUSED = 8
"""The price of a request over the limit, or one that came while the gateway stops."""
SMALL = 16
"""Bytes of a piece of a request's body below which its frame is mostly frame."""
COSTS: Mapping[type[Event], int] = {
    PingReceived: 1,
    PingAckReceived: 1,
    PriorityUpdated: 1,
    RemoteSettingsChanged: 4,
    SettingsAcknowledged: 1,
    StreamReset: 8,
    TrailersReceived: 1,
    UnknownFrameReceived: 1,
    WindowUpdated: 1,
}
"""What an event costs; one that is not named is free. A reset throws away a request that was begun."""


class Flood(Exception):
    """A client asks for more than it is worth."""


@attrs.define
class Worth:
    """What a connection may still spend."""

    credit: int = FREE

    def charge(self, event: Event) -> None:
        """Book what an event costs; raises Flood."""
        cost = COSTS.get(type(event), 0)
        if isinstance(event, DataReceived) and len(event.data) < SMALL and event.stream_ended is None:
            cost = 1
        if cost:
            self.spend(cost)

    def spend(self, cost: int) -> None:
        """Take so much; raises Flood where there is nothing left."""
        self.credit -= cost
        if self.credit < 0:
            raise Flood

    def earn(self, worth: int) -> None:
        """Something was done for the client."""
        self.credit = min(self.credit + worth, MOST)
