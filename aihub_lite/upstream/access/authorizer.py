"""Who lets requests in: one for each kind of access that a provider may have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from aihub_lite.upstream.http1.request import Body

Headers = Sequence[tuple[bytes, bytes]]


@attrs.frozen
class RequestDraft:
    """A request as it will be sent, but for what lets it in."""

    method: str
    url: str
    headers: Headers
    body: Body | None = attrs.field(repr=False)


@attrs.frozen
class Authorization:
    """What lets one request in."""

    headers: Headers = attrs.field(repr=False)
    """To be sent beside those that it has."""
    secret: str = attrs.field(repr=False)
    """What of them must never be seen: an upstream may echo it."""


class Authorizer(Protocol):
    """Exchanges a channel's credential for what lets a request in."""

    async def authorize(self, credential: str, request: RequestDraft) -> Authorization:
        """Raises TransportFault; nothing was sent to the upstream then."""
        ...

    def refused(self, credential: str, authorization: Authorization) -> bool:
        """The upstream answered that it does not let the request in: whether the next authorization is another."""
        ...

    async def close(self) -> None:
        """End what is under way."""
        ...
