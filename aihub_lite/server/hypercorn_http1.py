"""HTTP/1.1 as Hypercorn reads it, but for what a stranger must not get by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import h11
from hypercorn.events import Closed
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import AppWrapper, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from aihub_lite.errors import CodingNotSupported, GatewayError, HeadersTooLarge, InvalidRequest, VersionNotSupported
from aihub_lite.server.http1.refusal import refusal_of

MAJOR = b"1."
"""A higher minor version is read as the highest that is known (RFC 9110 2.5)."""
REFUSALS: Mapping[int, type[GatewayError]] = {
    each.status: each for each in (CodingNotSupported, HeadersTooLarge, InvalidRequest, VersionNotSupported)
}
"""By the status that h11 has for a fault."""
CLOSE = (b"connection", b"close")
FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Http1(H11Protocol):
    """One connection's requests, one after the other.

    HTTP/2 without TLS is not spoken, neither by prior knowledge nor by an upgrade: what watches the way in front may
    not read it, and would let pass unseen whatever comes next.
    """

    async def _check_protocol(self, event: h11.Request) -> None:
        # Hypercorn changes to HTTP/2 here. Whoever offers an upgrade has to take an answer without it (RFC 9110 7.8).
        return

    async def _create_stream(self, request: h11.Request) -> None:
        if not request.http_version.startswith(MAJOR):
            await self._send_error_response(VersionNotSupported.status)
            await self.send(Closed())
            return
        if framed_twice(request):
            # Two readers on the way may believe one header each (RFC 9112 6.1).
            await self._send_error_response(InvalidRequest.status)
            await self.send(Closed())
            return
        connection = self.connection
        if isinstance(connection, h11.Connection) and connection.client_is_waiting_for_100_continue:
            connection.client_is_waiting_for_100_continue = False  # else Hypercorn sends for the body at once
            self.app = Inviting(self.app, self, connection)
            try:
                await super()._create_stream(request)
            finally:
                self.app = self.app.app
            return
        await super()._create_stream(request)

    async def _send_error_response(self, status_code: int) -> None:
        """Refuse in the public shape what is no request (RULES.md C-2)."""
        error = REFUSALS.get(status_code, InvalidRequest)("The request is not as HTTP/1.1 has it.")
        headers, body = refusal_of(error)
        await self._send_h11_event(h11.Response(status_code=error.status, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


@attrs.define(eq=False)
class Inviting:
    """The application for a client that waits with its body: it is sent for (100) when the application reads it.

    An answer that comes before that ends the connection: the client may send its body all the same.
    """

    app: AppWrapper
    protocol: Http1
    connection: h11.Connection
    invited: bool = False

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, sync_spawn: Any, call_soon: Any
    ) -> None:
        """One request."""

        async def receive_invited() -> Any:
            if not self.invited and self.connection.our_state is h11.SEND_RESPONSE:
                self.invited = True
                await self.protocol._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))
            return await receive()

        async def send_uninvited(message: ASGISendEvent) -> None:
            if message["type"] == "http.response.start" and not self.invited:
                message["headers"] = [*message["headers"], CLOSE]
            await send(message)

        await self.app(scope, receive_invited, send_uninvited, sync_spawn, call_soon)


def framed_twice(request: h11.Request) -> bool:
    """Whether a request says the length of its body in both ways there are."""
    return {name for name, _ in request.headers} >= FRAMING
