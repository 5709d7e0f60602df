"""Invitations and requests for credit go by mail where a server is set, and nothing fails where it does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.config import BadSetting, load
from aihub_lite.gateway.mail.mailer import flaw_of
from tests.support.tls import make_authority
from tests.upstream.mail.post_office import PASSWORD, USER, PostOffice, odd_server, post_office
from tests.web.access.team import signed_in
from tests.web.console.visitor import Visitor, console_of

URL = "https://ai.example.org"
SETTINGS: dict[str, Any] = {"public_url": URL, "smtp_from": "gateway@example.org", "smtp_security": "none"}
ADA = {"name": "Ada", "email": "ada@example.org"}


def with_mail(directory: Path, story: Callable[[Visitor, PostOffice], Awaitable[None]], **settings: Any) -> None:
    """Play a story at a gateway that has a mail server."""

    async def play() -> None:
        async with post_office() as office:
            there = {"smtp_host": "localhost", "smtp_port": office.port}
            async with console_of(directory, **{**SETTINGS, **there, **settings}) as visitor:
                await story(visitor, office)

    asyncio.run(play())


async def credit_asked(visitor: Visitor, name: str, usd: str, note: str = "") -> None:
    """Somebody asks for more."""
    headers = await signed_in(visitor.gateway, visitor.gateway.people.person(name))
    body = {"usd": usd, "note": note}
    answer = await visitor.http.post("/api/me/credit-requests", json=body, headers=headers)
    assert 201 == answer.status_code, answer.text
    await visitor.gateway.mailer.settled()


@pytest.mark.parametrize(("language", "hello"), [("en", "Hello Ada,"), ("zh", "Ada，您好：")])
def test_a_link_goes_by_mail_and_is_shown_all_the_same(tmp_path: Path, language: str, hello: str) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        made = await visitor.call("POST", "/invitations", ADA, status=201)
        (letter,) = office.letters
        text = letter.get_content()
        assert (True, True) == (hello in text, f"{URL}{made['path']}\n" in text.replace("\r\n", "\n"))
        assert {"to": "ada@example.org", "sent": True, "error": None} == made["mail"]
        assert "Ada <ada@example.org>" == letter["To"]

    with_mail(tmp_path, story, mail_language=language)


def test_a_mail_that_fails_fails_no_invitation(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        office.reply = "554 5.7.1 Not from you"
        made = await visitor.call("POST", "/invitations", ADA, status=201)
        assert (False, True) == (made["mail"]["sent"], "554 5.7.1 Not from you" in made["mail"]["error"])
        assert 200 == (await visitor.http.get(made["path"])).status_code

    with_mail(tmp_path, story)


def test_a_mail_server_that_hangs_delays_an_invitation_and_no_more(tmp_path: Path) -> None:
    async def play() -> None:
        async with odd_server(b"220 hello\r\n") as (server, _):
            there: dict[str, Any] = {"smtp_host": server.host, "smtp_port": server.port}
            async with console_of(tmp_path, **SETTINGS, **there) as visitor:
                visitor.gateway.mailer.post_box.seconds = 0.2
                made = await visitor.call("POST", "/invitations", ADA, status=201)
                assert "within 0.2 seconds" in made["mail"]["error"]
                assert 200 == (await visitor.http.get(made["path"])).status_code

    asyncio.run(play())


def test_a_gateway_closes_with_a_mail_under_way(tmp_path: Path) -> None:
    async def play() -> None:
        async with odd_server(b"220 hello\r\n") as (server, there):
            options: dict[str, Any] = {"smtp_host": server.host, "smtp_port": server.port}
            async with console_of(tmp_path, **SETTINGS, **options) as visitor:
                gateway = visitor.gateway
                gateway.mailer.post_box.seconds = 3600
                gateway.mailer.send_soon("ada@example.org", lambda writer: writer.trial("ada@example.org"))
                while not there:
                    await asyncio.sleep(0.01)
            async with asyncio.timeout(30):
                while there:
                    await asyncio.sleep(0.01)

    asyncio.run(play())


def test_who_has_no_address_gets_no_mail(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        made = await visitor.call("POST", "/invitations", {"name": "Ada"}, status=201)
        assert (None, []) == (made["mail"], office.letters)

    with_mail(tmp_path, story)


def test_a_gateway_without_a_mail_server_says_nothing_of_mail(tmp_path: Path) -> None:
    async def play() -> None:
        async with console_of(tmp_path) as visitor:
            assert None is (await visitor.call("POST", "/invitations", ADA, status=201))["mail"]
            error = (await visitor.call("POST", "/mail", {"to": "ada@example.org"}, status=409))["error"]
            assert "No mail server is set: AIHUB_SMTP_HOST." == error["message"]
            await credit_asked(visitor, "Ada", "5")

    asyncio.run(play())


def test_a_test_mail_says_whether_mails_go_out(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        assert (await visitor.call("POST", "/mail", {"to": "Ops@Example.org"}))["sent"]
        assert ["ops@example.org"] == office.recipients
        error = (await visitor.call("POST", "/mail", {"to": "unknown@example.org"}, status=502))["error"]
        assert "Nobody of that name" in error["message"]
        for to in ("ada", "ada@example.org\r\nBcc: eve@example.net", ""):
            await visitor.call("POST", "/mail", {"to": to}, status=400)
        assert 1 == len(office.letters)

    with_mail(tmp_path, story)


def test_admins_hear_once_that_somebody_asks_for_credit(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        for name, role in (("Bob", "admin"), ("Cleo", "owner"), ("Dan", "member"), ("Eve", "admin"), ("Fay", "admin")):
            body = {"name": name, "role": role, "email": f"{name}@example.org"}
            await visitor.call("POST", "/people", body, status=201)
        await visitor.call("PATCH", "/people/Eve", {"email": None})
        await visitor.call("POST", "/people/Fay/disable")
        await credit_asked(visitor, "Dan", "5", "a demo")
        assert {"bob@example.org", "cleo@example.org"} == {*office.recipients}
        assert {"Dan asks for 5.00 USD"} == {letter["Subject"] for letter in office.letters}
        assert all("The reason: a demo" in letter.get_content() for letter in office.letters)
        await credit_asked(visitor, "Dan", "6")
        assert 2 == len(office.letters)
        (wish,) = (await visitor.call("GET", "/credit-requests"))["requests"]
        await visitor.call("POST", f"/credit-requests/{wish['id']}/refuse")
        await credit_asked(visitor, "Dan", "7")
        assert 4 == len(office.letters)

    with_mail(tmp_path, story)


def test_a_mail_that_nobody_waits_for_fails_nobodys_call(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await visitor.call("POST", "/people", {**ADA, "role": "admin"}, status=201)
        await visitor.call("POST", "/people", {"name": "Dan"}, status=201)
        office.reply = "554 no"
        await credit_asked(visitor, "Dan", "5")
        assert 1 == len((await visitor.call("GET", "/credit-requests"))["requests"])

    with_mail(tmp_path, story)


def test_the_settings_page_tries_the_mail_server_and_shows_no_password(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/settings")
        assert ("POST /mail" in text, "env:MAIL_CANARY" in text, PASSWORD in text) == (True, True, False)

    environ = {"MAIL_CANARY": PASSWORD}
    with_mail(tmp_path, story, smtp_user=USER, smtp_password="env:MAIL_CANARY", environ=environ)


def test_who_signs_in_by_tls_sends_invitations_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = make_authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))

    async def play() -> None:
        async with post_office("starttls", authority.issue("localhost")) as office:
            options = {**SETTINGS, "smtp_security": "starttls", "smtp_host": "localhost", "smtp_port": office.port}
            options |= {"smtp_user": USER, "smtp_password": "env:P", "environ": {"P": f"{PASSWORD}\n"}}
            async with console_of(tmp_path / "data", **options) as visitor:
                assert (await visitor.call("POST", "/invitations", ADA, status=201))["mail"]["sent"]

    asyncio.run(play())


GOOD = {"smtp_host": "mail.example.org", "smtp_from": "a@example.org", "public_url": URL}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"smtp_host": ""}, "No mail server is set"),
        ({"smtp_from": ""}, "AIHUB_SMTP_FROM"),
        ({"public_url": ""}, "public_url"),
        ({"smtp_user": "u"}, "AIHUB_SMTP_PASSWORD"),
        ({"smtp_user": "u", "smtp_password": "env:NONE"}, "AIHUB_SMTP_PASSWORD"),
        ({"smtp_user": "u", "smtp_password": "env:P"}, ""),
        ({"smtp_user": "u", "smtp_password": "env:P", "smtp_security": "none"}, "without TLS"),
        ({"smtp_user": "u", "smtp_password": "env:P", "smtp_security": "none", "smtp_host": "localhost"}, ""),
        ({"smtp_user": "u", "smtp_password": "env:P", "smtp_security": "none", "smtp_host": "::1"}, ""),
        ({"smtp_user": "u", "smtp_password": "env:P", "smtp_security": "none", "smtp_host": "127.0.0.1.nip.io"}, "TLS"),
    ],
)
def test_what_the_settings_lack_is_said(fields: dict[str, str], said: str) -> None:
    flaw = flaw_of(load({}, **{**GOOD, **fields}), {"P": "word"})
    assert (bool(said), True) == (bool(flaw), said in flaw)


@pytest.mark.parametrize(
    "fields",
    [
        {"smtp_host": "mail.example.org:25"},
        {"smtp_host": "smtp://mail"},
        {"smtp_host": "a\r\nb"},
        {"smtp_from": "Ada <ada@example.org>"},
        {"smtp_from": "ada"},
        {"smtp_password": "typed"},
        {"smtp_security": "maybe"},
        {"smtp_port": 0},
        {"mail_language": "de"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BadSetting, match=next(iter(fields))):
        load({}, **fields)


def test_a_letter_has_the_names_of_its_readers_as_they_are(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        name = 'O\'Hara, "Ada" {link} %s'
        await visitor.call("POST", "/invitations", {**ADA, "name": name}, status=201)
        (letter,) = office.letters
        assert f"Hello {name}," in letter.get_content()
        assert [name] == [address.display_name for address in letter["To"].addresses]

    with_mail(tmp_path, story)
