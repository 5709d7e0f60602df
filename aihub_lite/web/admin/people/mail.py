"""`/api/admin/mail`: whether mails go out, tried with one."""

from __future__ import annotations

import attrs
from litestar import post

from aihub_lite.domain.people.person import check_email
from aihub_lite.errors import Conflict, UpstreamBroken
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.mail.mailer import Sent
from aihub_lite.gateway.people.watch import note
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class TrialInput:
    """Body of POST."""

    to: str


def mail_json(sent: Sent) -> Json:
    """What became of a mail; `error` is null where it is out."""
    return {"to": sent.to, "sent": not sent.flaw, "error": sent.flaw or None}


async def invitation_mail(gateway: Gateway, to: str | None, name: str, path: str, until: str) -> Json | None:
    """What became of the mail with a link; None where none goes out: no server is set, or no address is known."""
    if not gateway.mailer.on or to is None:
        return None
    return mail_json(await gateway.mailer.send(to, lambda writer: writer.invitation(to, name, path, until)))


@post("/", status_code=200, opt=takes(TrialInput))
async def send_test_mail(gateway: TheGateway, content: TheBody) -> Json:
    """Send a test mail that says no more than that it came. Refused with 409 where the settings lack something,
    with 502 where the mail server does not take it."""
    to = check_email(read(content, TrialInput).to)
    if gateway.mailer.flaw:
        raise Conflict(gateway.mailer.flaw)
    sent = await gateway.mailer.send(to, lambda writer: writer.trial(to))
    if sent.flaw:
        raise UpstreamBroken(sent.flaw)
    note("mail", to, to)
    return mail_json(sent)


mail_router = PathRouter("/mail", route_handlers=[send_test_mail])
