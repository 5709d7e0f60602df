"""A letter is out, or a sentence says why not: by TLS or not, to servers that refuse, hang and repeat secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.upstream.mail.sending import Letter, PostBox
from tests.support.clock import ManualClock
from tests.support.tls import Authority, make_authority
from tests.upstream.mail.post_office import PASSWORD, USER, odd_server, post_office

LETTER = Letter(to="ada@example.org", name="Ada", subject="Hello", text="Here you are:\n\nhttps://x/y\n")
SIGNED_IN: dict[str, Any] = {"user": USER, "password": PASSWORD}
PATIENCE = 30.0


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """A company's own authority, as the system has it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


def play(story: Callable[[PostBox], Awaitable[None]], seconds: float = PATIENCE) -> None:
    asyncio.run(_played(story, seconds))


async def _played(story: Callable[[PostBox], Awaitable[None]], seconds: float) -> None:
    await story(PostBox(ManualClock(), seconds))


async def gone(there: set[asyncio.StreamWriter]) -> None:
    """Nobody is there any more."""
    async with asyncio.timeout(PATIENCE):
        while there:
            await asyncio.sleep(0.01)


def test_a_letter_comes_as_it_was_written() -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            assert "" == await box.send(office.server(), attrs.evolve(LETTER, name="艾达", subject="您好"))
            (letter,) = office.letters
        assert ("艾达 <ada@example.org>", "您好", "gateway@example.org") == (
            letter["To"],
            letter["Subject"],
            letter["From"],
        )
        assert LETTER.text == letter.get_content().replace("\r\n", "\n")
        assert "Mon, 05 Jan 2026 12:00:00 +0000" == letter["Date"]
        assert letter["Message-ID"].endswith("@example.org>")

    play(story)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_goes_by_tls_from_whoever_has_signed_in(trusted: Authority, security: str) -> None:
    async def story(box: PostBox) -> None:
        async with post_office(security, trusted.issue("localhost")) as office:
            assert "" == await box.send(office.server(security, **SIGNED_IN), LETTER)
            assert [True] == office.signed_in

    play(story)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_with_a_certificate_that_nobody_trusts_gets_nothing(authority: Authority, security: str) -> None:
    async def story(box: PostBox) -> None:
        async with post_office(security, authority.issue("localhost")) as office:
            flaw = await box.send(office.server(security, **SIGNED_IN), LETTER)
            assert (True, []) == ("certificate" in flaw.lower(), office.letters)

    play(story)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_name_is_refused(trusted: Authority, security: str) -> None:
    async def story(box: PostBox) -> None:
        async with post_office(security, trusted.issue("elsewhere")) as office:
            flaw = await box.send(office.server(security, **SIGNED_IN), LETTER)
            assert (True, []) == (flaw != "", office.letters)

    play(story)


def test_a_server_that_does_not_offer_tls_gets_neither_password_nor_letter() -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            flaw = await box.send(office.server("starttls", **SIGNED_IN), LETTER)
            assert ("STARTTLS" in flaw, office.letters) == (True, [])

    play(story)


def test_a_wrong_password_is_said_without_it(trusted: Authority) -> None:
    async def story(box: PostBox) -> None:
        async with post_office("starttls", trusted.issue("localhost")) as office:
            server = office.server("starttls", user=USER, password="wrong-canary")
            assert "localhost refused the user or the password (535)." == await box.send(server, LETTER)
            assert [] == office.letters

    play(story)


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    async def story(box: PostBox) -> None:
        hello = b"220 hello\r\n"
        features = b"250-odd\r\n250 AUTH PLAIN\r\n"
        async with odd_server(hello, features, b"235 fine\r\n", f"550 I know {PASSWORD}\r\n".encode(), hello) as (
            server,
            _,
        ):
            flaw = await box.send(attrs.evolve(server, **SIGNED_IN), LETTER)
        assert (True, False) == (flaw.endswith("refused it: 550"), PASSWORD in flaw)

    play(story)


def test_a_server_that_knows_nobody_of_that_name_is_quoted() -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            flaw = await box.send(office.server(), attrs.evolve(LETTER, to="unknown@example.org"))
            assert ("550 5.1.1 Nobody of that name" in flaw, office.letters) == (True, [])

    play(story)


def test_a_letter_that_the_server_does_not_keep_is_not_out() -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            office.reply = "552 Too\tmuch"
            assert f"localhost:{office.port} refused it: 552 Too much" == await box.send(office.server(), LETTER)

    play(story)


def test_where_nobody_listens_is_said() -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            server = office.server()
        assert (await box.send(server, LETTER)).startswith(f"localhost:{server.port} could not be spoken with")

    play(story)


@pytest.mark.parametrize("drip", [b"", b"2", b"250-more\r\n"], ids=["silent", "dripping", "endless"])
@pytest.mark.parametrize("said", [(), (b"220 hello\r\n",), (b"220 hello\r\n", b"250 odd\r\n")])
def test_a_server_that_hangs_is_left_in_time(said: tuple[bytes, ...], drip: bytes) -> None:
    async def story(box: PostBox) -> None:
        async with odd_server(*said, drip=drip) as (server, there):
            assert "" != await box.send(server, LETTER)
            await gone(there)

    play(story, 0.3)


def test_a_server_that_never_says_that_it_has_the_letter_has_it_not() -> None:
    async def story(box: PostBox) -> None:
        fine = b"250 fine\r\n"
        async with odd_server(b"220 hello\r\n", fine, fine, fine, b"354 go on\r\n") as (server, there):
            assert "" != await box.send(server, LETTER)
            await gone(there)

    play(story, 0.3)


def test_a_server_that_hangs_once_it_has_said_so_has_it() -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            office.lingers = True
            assert ("", 1) == (await box.send(office.server(), LETTER), len(office.letters))

    play(story)


def test_who_gives_up_leaves_no_connection() -> None:
    async def story(box: PostBox) -> None:
        async with odd_server(b"220 hello\r\n") as (server, there):
            sending = asyncio.create_task(box.send(server, LETTER))
            while not there:
                await asyncio.sleep(0.01)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await gone(there)

    play(story)


NAMES = (
    *("Ada\r\nBcc: eve@example.net", "Ada\nBcc: eve@example.net", "Ada\r\n\r\nHello", "Ada\u2028Bcc: eve@example.net"),
    *('Ada" <eve@example.net>, "B', "a, b", "Ada\x85Bcc: eve@example.net", "<eve@example.net>"),
    *("=?utf-8?q?=0ABcc:_e?=", "=?utf-8?b?CkJjYzogZXZl?="),
)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_adds_a_header_or_a_recipient(name: str) -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            for letter in (attrs.evolve(LETTER, name=name), attrs.evolve(LETTER, subject=name)):
                await box.send(office.server(), letter)
            assert {"ada@example.org"} >= {*office.recipients}
            for letter_there in office.letters:
                assert (None, 1) == (letter_there["Bcc"], len(letter_there["To"].addresses))
                assert "ada@example.org" == letter_there["To"].addresses[0].addr_spec
                assert LETTER.text == letter_there.get_content().replace("\r\n", "\n")

    play(story)


ADDRESSES = (
    *("ada@example.org\r\nRCPT TO:<eve@example.net>", "ada@example.org>\r\nDATA", "ada@example.org, eve@example.net"),
    *("", "ada", "@", "ada@example.org\x85eve@example.net", "ada@example.org\u2028", "<ada@example.org>", "a b@c"),
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_is_written_that_is_more_than_one(address: str) -> None:
    async def story(box: PostBox) -> None:
        async with post_office() as office:
            await box.send(office.server(), attrs.evolve(LETTER, to=address))
            assert [] == [to for to in office.recipients if "eve" in to]
            assert [] == [letter for letter in office.letters if letter["To"].addresses[0].addr_spec != address]

    play(story)
