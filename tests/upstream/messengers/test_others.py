"""What apprise sends, and what is said where it is not installed."""

from __future__ import annotations

import asyncio
import sys

import pytest

from aihub_lite.upstream.messengers.messenger import Messenger
from aihub_lite.upstream.messengers.others import MISSING, UNKNOWN
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream
from tests.upstream.messengers.test_messenger import DOWN, LINK, destination, letter, sent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""apprise looks for modules that Python is about to drop."""


def test_apprise_sends_where_it_knows_the_kind_of_address() -> None:
    with Upstream(json_answer(200, {})) as upstream:
        assert "" == sent(f"json://127.0.0.1:{upstream.port}/x").error
        (request,) = upstream.requests
    body = request.json()
    assert (DOWN.title, f"Test it.\n{LINK}") == (body["title"], body["message"])


def test_without_apprise_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = sent("mailto://user:pass@example.org")
    assert (MISSING, False) == (outcome.error, outcome.again)


def test_an_address_that_apprise_does_not_know_is_said_and_not_tried_again() -> None:
    outcome = sent("nosuchthing://token-of-somebody")
    assert (UNKNOWN, False) == (outcome.error, outcome.again)


def test_a_service_that_refuses_apprise_is_tried_again_without_its_address_being_told() -> None:
    with Upstream(json_answer(500, {})) as upstream:
        outcome = sent(f"json://user:hush-hush@127.0.0.1:{upstream.port}/x")
    assert outcome.again
    assert "hush" not in outcome.error


def test_mail_is_sent_to_a_server_of_ones_own() -> None:
    """An SMTP conversation, as short as it can be (RFC 5321)."""
    mails: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := await reader.readline():
            word = line.decode().strip().upper()
            if word.startswith("DATA"):
                writer.write(b"354 go on\r\n")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 taken\r\n")
            elif word.startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    async def story() -> str:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Messenger({}) as messenger:
            url = f"mailto://127.0.0.1:{port}?from=hub@example.org&to=ops@example.org&mode=insecure"
            return (await messenger.send(destination(url), letter())).error

    assert "" == asyncio.run(story())
    (mail,) = mails
    assert "To: ops@example.org" in mail
    assert "Test it." in mail
