"""Sends letters as the settings say. Nobody's call fails because a letter does: it says so, or the log does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from ipaddress import ip_address

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Secret
from aihub_lite.gateway.mail.letters import LetterWriter
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.mail.sending import Letter, MailServer, PostBox

log = logging.getLogger(__name__)

MOST_WAITING = 100
"""Letters that nobody waits for; more are let go, and the log says so."""
Written = Callable[[LetterWriter], Letter]


@attrs.frozen
class Sent:
    """What became of a letter."""

    to: str
    flaw: str
    """Why it is not out; empty where it is."""


@attrs.define(eq=False)
class Mailer:
    """The gateway's letters."""

    live_settings: LiveSettings
    environ: Mapping[str, str]
    post_box: PostBox
    _waiting: set[asyncio.Task[Sent]] = attrs.field(factory=set)

    @property
    def on(self) -> bool:
        """Whether a mail server is set."""
        return bool(self.live_settings.now.smtp_host)

    @property
    def flaw(self) -> str:
        """What the settings lack for mails to go out, as a sentence; empty where nothing is."""
        return flaw_of(self.live_settings.now, self.environ)

    async def send(self, to: str, written: Written) -> Sent:
        """Write and send one letter; within some ten seconds it is out, or told why not. A server has to be set."""
        settings = self.live_settings.now
        flaw = self.flaw
        if not flaw:
            letter = written(LetterWriter(settings.public_url, settings.mail_language))
            flaw = await self.post_box.send(server_of(settings, self.environ), letter)
        if flaw:
            log.warning("a mail is not out: %s", flaw)
        return Sent(to, flaw)

    def send_soon(self, to: str, written: Written) -> None:
        """The same, and nobody waits for it."""
        if len(self._waiting) >= MOST_WAITING:
            log.warning("a mail is not out: %d others wait", MOST_WAITING)
            return
        task = asyncio.create_task(self.send(to, written), name="mail")
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def tell_of_credit(self, to: str, admin: str, name: str, usd: str, note: str, number: int) -> None:
        """An admin is told that somebody asks for credit."""
        self.send_soon(to, lambda writer: writer.credit_request(to, admin, name, usd, note, number))

    async def settled(self) -> None:
        """Wait for all that nobody waits for."""
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def close(self) -> None:
        """Let go of what is not out."""
        for task in self._waiting:
            task.cancel()
        await self.settled()


def flaw_of(settings: Settings, environ: Mapping[str, str]) -> str:
    """What is missing for a letter to go out, as a sentence; empty where nothing is."""
    if not settings.smtp_host:
        return "No mail server is set: AIHUB_SMTP_HOST."
    if not settings.smtp_from:
        return "AIHUB_SMTP_FROM has to say which address mails come from."
    if not settings.public_url:
        return "public_url has to say where the gateway is: a mail needs a link that leads to it."
    if settings.smtp_user and not _password(settings, environ):
        return "AIHUB_SMTP_PASSWORD has to name a variable that holds the password."
    if settings.smtp_user and settings.smtp_security == "none" and not _is_here(settings.smtp_host):
        return "A password is not sent without TLS to another machine: AIHUB_SMTP_SECURITY."
    return ""


def server_of(settings: Settings, environ: Mapping[str, str]) -> MailServer:
    """Who takes letters, of settings without a flaw."""
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=_password(settings, environ),
        sender=settings.smtp_from,
    )


def _password(settings: Settings, environ: Mapping[str, str]) -> str:
    return resolve(Secret(settings.smtp_password), environ) or ""


def _is_here(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
