"""TLS that goes on where the last connection to a server left off: its certificates are neither sent nor proved again.

RFC 8446, 2.2 and C.4: a session is used for one connection. Whoever does not know it any more makes a full handshake.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections import OrderedDict, deque

MOST_SERVERS = 256
MOST_SESSIONS = 8
"""Of one server: as many connections as are opened at once after a lull, mostly."""


class SessionContext(ssl.SSLContext):
    """A client's context: whom it trusts, and the sessions of connections that were made with it."""

    def __init__(self, _protocol: int) -> None:
        # The protocol is for `__new__`, which makes the context itself.
        self.sessions: OrderedDict[str, deque[ssl.SSLSession]] = OrderedDict()
        """By server, the newest last."""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # as the loops call it
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """TLS with a server, from its last session on where there is one."""
        if session is None and isinstance(server_hostname, str):
            session = self._taken(server_hostname)
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def keep(self, server_name: str, session: ssl.SSLSession) -> None:
        """For the next connection to a server."""
        sessions = self.sessions.setdefault(server_name, deque(maxlen=MOST_SESSIONS))
        sessions.append(session)
        self.sessions.move_to_end(server_name)
        if len(self.sessions) > MOST_SERVERS:
            self.sessions.popitem(last=False)

    def _taken(self, server_name: str) -> ssl.SSLSession | None:
        """The newest, which is nobody else's from now on: a server that fails at one is asked without it next."""
        sessions = self.sessions.get(server_name)
        if not sessions:
            return None
        return sessions.pop()


def session_context() -> SessionContext:
    """What `ssl.create_default_context` makes, without anybody to trust yet."""
    context = SessionContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    return context


def keep_session(transport: asyncio.BaseTransport) -> None:
    """Keep the session of a connection, whose server has told it by the time that it answered a request."""
    secured = transport.get_extra_info("ssl_object")
    if secured is None or not isinstance(secured.context, SessionContext):
        return
    session = secured.session
    if session is not None and session.has_ticket:
        secured.context.keep(secured.server_hostname, session)
