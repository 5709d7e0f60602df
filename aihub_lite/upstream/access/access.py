"""All ways in, for the life of the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.upstream.access.authorizer import Authorization, Authorizer, RequestDraft

AccessKind = Literal["aws", "entra", "google"]
"""How a provider lets requests in, where a key in a header is not enough."""


@attrs.frozen(eq=False)
class Access:
    """Knows who lets requests in at each kind of provider."""

    authorizers: Mapping[AccessKind, Authorizer]

    async def authorize(self, kind: AccessKind, credential: str, request: RequestDraft) -> Authorization:
        """What lets a request in; raises TransportFault."""
        return await self.authorizers[kind].authorize(credential, request)

    def refused(self, kind: AccessKind, credential: str, authorization: Authorization) -> bool:
        """The upstream did not let it in: whether the next authorization is another."""
        return self.authorizers[kind].refused(credential, authorization)

    async def close(self) -> None:
        """End what is under way."""
        for authorizer in self.authorizers.values():
            await authorizer.close()
