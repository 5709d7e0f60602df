"""Hands a letter to an SMTP server. It is out, or a sentence says why it is not: nothing is raised, and nothing hangs.

By aiosmtplib, not by smtplib in a thread: that has a time for each read alone, so that a server which sends a byte now
and then keeps its thread for ever, and no thread can be cancelled. Here one deadline is over the whole conversation.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Literal

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.upstream.ways import tls_context

if TYPE_CHECKING:
    import aiosmtplib

Security = Literal["starttls", "tls", "none"]
SECONDS = 10.0
"""Of a whole conversation: an admin waits for it."""
GOODBYE = 1.0
"""Seconds to take leave: the letter is out by then."""
AT_ONCE = 4
"""Conversations; others wait, within their own time."""
MOST_SAID = 200
"""Characters of what a server said."""
PLAIN = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[^\s@<>,;:\"\\()\[\]]+")
"""An address without any character that stands for more in a header."""
CONTROL = re.compile(r"[^\x20-\x7e\xa0-\uffff]+")


@attrs.frozen(kw_only=True)
class MailServer:
    """Who takes our letters."""

    host: str
    port: int
    security: Security
    """`starttls` is insisted on: a server that does not offer it gets neither password nor letter."""
    user: str = ""
    """Empty: nobody signs in."""
    password: str = attrs.field(default="", repr=False)
    sender: str
    """An address."""


@attrs.frozen(kw_only=True)
class Letter:
    """Plain text to one person."""

    to: str
    name: str = ""
    """Whose the address is."""
    subject: str
    text: str


@attrs.define(eq=False)
class PostBox:
    """Sends letters, a few at a time."""

    clock: Clock
    seconds: float = SECONDS
    _turns: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def send(self, server: MailServer, letter: Letter) -> str:
        """Empty once the server has taken it, else a sentence on why it has not; no password is in it."""
        try:
            message = self._message(server, letter)
        except (ValueError, IndexError, MessageError):
            return "The letter cannot be addressed so."
        try:
            async with asyncio.timeout(self.seconds), self._turns:
                return await self._converse(server, message)
        except TimeoutError:
            return f"{server.host}:{server.port} did not take it within {self.seconds:g} seconds."

    def _message(self, server: MailServer, letter: Letter) -> EmailMessage:
        if not PLAIN.fullmatch(letter.to):
            raise ValueError(letter.to)
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = Address(addr_spec=server.sender)
        message["To"] = Address(display_name=_worded(letter.name), addr_spec=letter.to)
        message["Subject"] = _worded(letter.subject)
        message["Date"] = format_datetime(datetime.fromtimestamp(self.clock.wall(), UTC))
        message["Message-ID"] = make_msgid(domain=_domain(server))
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    async def _converse(self, server: MailServer, message: EmailMessage) -> str:
        import aiosmtplib  # noqa: PLC0415  with the first letter: a start does not wait for it

        context = None
        if server.security != "none":
            context = await asyncio.to_thread(_tls_context)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=context,
            local_hostname=_domain(server),
            timeout=self.seconds,
        )
        try:
            await client.connect()
            if server.user:
                await client.login(server.user, server.password)
            await client.send_message(message)
        except aiosmtplib.SMTPAuthenticationError as error:
            # What it says here may be what it was told.
            return f"{server.host} refused the user or the password ({error.code})."
        except aiosmtplib.SMTPException as error:
            return _refusal(server, error)
        except (OSError, ValueError) as error:
            return f"{server.host}:{server.port} could not be spoken with: {_said(str(error), server)}"
        else:
            with suppress(TimeoutError, aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(GOODBYE):
                    await client.quit()
            return ""
        finally:
            client.close()


def _tls_context() -> ssl.SSLContext:
    """Reads files. Nothing but HTTP has its name in ALPN."""
    context = tls_context()
    context.set_alpn_protocols([])
    return context


def _domain(server: MailServer) -> str:
    """Where we say that we are: where our letters come from. This machine's own name is nobody's to know."""
    domain = server.sender.rpartition("@")[2]
    if domain.isascii():
        return domain
    return "localhost"


def _worded(text: str) -> str:
    """A header's text in which nothing stands for other characters already: a name may look so."""
    return text.replace("=?", "= ?")


def _refusal(server: MailServer, error: aiosmtplib.SMTPException) -> str:
    # Of those who are refused each, there is one.
    error = next(iter(getattr(error, "recipients", ())), error)
    code = getattr(error, "code", None)
    where = f"{server.host}:{server.port}"
    said = _said(getattr(error, "message", "") or str(error), server)
    if code:
        return f"{where} refused it: {code} {said}".rstrip()
    return f"{where} could not be spoken with: {said}"


def _said(text: str, server: MailServer) -> str:
    """What a server said, in one line; nothing where it says our password again, in whatever form it had it."""
    plain = f"\0{server.user}\0{server.password}".encode()
    secrets = (server.password, *(b64encode(each).decode() for each in (server.password.encode(), plain)))
    if server.password and any(secret in text for secret in secrets):
        return ""
    return CONTROL.sub(" ", text)[:MOST_SAID].strip()
