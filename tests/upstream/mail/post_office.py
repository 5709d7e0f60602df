"""A real mail server, on the test's own loop, and what it was given."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import attrs
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from aihub_lite.upstream.mail.sending import MailServer
from tests.support.tls import Certificate

USER = "gateway"
PASSWORD = "hush-hush-password"


@attrs.define(eq=False)
class PostOffice:
    """Takes letters, but for those to `unknown@…`."""

    port: int = 0
    letters: list[EmailMessage] = attrs.field(factory=list)
    recipients: list[str] = attrs.field(factory=list)
    signed_in: list[bool] = attrs.field(factory=list)
    reply: str = "250 OK"
    lingers: bool = False
    """Says nothing to whoever takes leave."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("unknown@"):
            return "550 5.1.1 Nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        self.recipients += envelope.rcpt_tos
        self.signed_in.append(session.authenticated or False)
        return self.reply

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.lingers:
            await asyncio.get_running_loop().create_future()
        return "221 Bye"

    def server(self, security: Any = "none", **changes: Any) -> MailServer:
        """How it is reached."""
        there = MailServer(host="localhost", port=self.port, security="none", sender="gateway@example.org")
        return attrs.evolve(there, security=security, **changes)


def right_password(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """Whoever says the password is let in."""
    assert isinstance(data, LoginPassword)
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@asynccontextmanager
async def post_office(security: str = "none", certificate: Certificate | None = None) -> AsyncIterator[PostOffice]:
    """Open inside the block; with a certificate it takes letters from whoever has signed in alone."""
    office = PostOffice()
    context = None
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        options = {"authenticator": right_password, "auth_required": True}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security == "tls":
        options |= {"auth_require_tls": False}  # it does not see that all of it is within TLS
    loop = asyncio.get_running_loop()

    def make() -> SMTP:
        with warnings.catch_warnings(action="ignore"):
            return SMTP(office, enable_SMTPUTF8=True, loop=loop, **options)

    listener = await loop.create_server(
        make,
        "localhost",
        0,
        family=2,  # AF_INET: one port of one socket
        ssl=context if security == "tls" else None,
    )
    office.port = listener.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        listener.close()


@asynccontextmanager
async def odd_server(*said: bytes, drip: bytes = b"") -> AsyncIterator[tuple[MailServer, set[asyncio.StreamWriter]]]:
    """Says one thing at first and after each line, then no more, or `drip` again and again; with whoever is there."""
    there: set[asyncio.StreamWriter] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.add(writer)
        try:
            for text in said:
                writer.write(text)
                await writer.drain()
                await reader.readline()
            while drip:
                writer.write(drip)
                await writer.drain()
                await asyncio.sleep(0.01)
            while await reader.read(1000):
                pass
        except OSError:
            pass
        finally:
            there.discard(writer)
            writer.close()

    listener = await asyncio.start_server(talk, "localhost", 0, family=2)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield MailServer(host="localhost", port=port, security="none", sender="gateway@example.org"), there
    finally:
        listener.close()
