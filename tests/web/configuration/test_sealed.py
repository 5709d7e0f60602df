"""Secrets go along in the file where that is asked for, and a passphrase alone opens them."""

from __future__ import annotations

import asyncio
import base64
import tomllib
from pathlib import Path
from typing import Any

import pyrage
import pytest
from jsonschema import Draft202012Validator

from aihub_lite.web.configuration.schema import document_schema
from tests.web.admin.desk import Desk, at_desk, open_desk
from tests.web.configuration.rich import ENVIRON, PASSWORD, TYPED, make_rich
from tests.web.configuration.test_round_trip import applied, exported

WORDS = "correct horse battery staple"


async def sealed(desk: Desk, words: str = WORDS) -> str:
    """The file with its secrets."""
    document = (await desk.call("POST", "/export", {"passphrase": words}))["document"]
    assert isinstance(document, str)
    return document


async def applied_with(desk: Desk, document: str, words: str, query: str = "") -> Any:
    """What applying a file is answered, with a passphrase."""
    return await desk.call("POST", f"/apply{query}", {"document": document, "passphrase": words})


async def refused(desk: Desk, document: str, words: str = WORDS) -> str:
    """Why a file is not applied; nothing was changed by it."""
    before = await exported(desk)
    message = await desk.refused("POST", "/apply", {"document": document, "passphrase": words})
    assert before == await exported(desk)
    return message


def secrets_of(desk: Desk) -> Any:
    """What was typed in."""
    channel = desk.gateway.registry.channels.get("typed")
    assert channel.overrides is not None
    assert channel.way_out is not None
    keys = [(key.id, key.ref.value) for key in channel.keys]
    return keys, [header.value.value for header in channel.overrides.headers], channel.way_out.proxy.value


def test_another_gateway_gets_every_secret_by_the_passphrase(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            await make_rich(desk, typed=True)
            document, wanted = await sealed(desk), secrets_of(desk)
        assert TYPED in str(wanted)
        assert PASSWORD in str(wanted)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            rehearsed = await applied_with(desk, document, WORDS, "?dry_run=true")
            answer = await applied_with(desk, document, WORDS)
            assert rehearsed["changes"] == answer["changes"]
            for secret in (TYPED, PASSWORD):
                assert secret not in str(answer)
                assert secret not in str(await desk.call("GET", "/audit?limit=100"))
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            assert wanted == secrets_of(desk)
            assert [] == (await applied_with(desk, document, WORDS, "?prune=true"))["changes"]

    asyncio.run(play())


def test_a_sealed_file_applied_where_it_is_from_changes_nothing(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        document = await sealed(desk)
        answer = await applied_with(desk, document, WORDS, "?prune=true")
        assert ([], []) == (answer["changes"], answer["kept"])

    at_desk(tmp_path, story, ENVIRON)


def test_nothing_of_a_secret_stands_in_the_file_and_no_place_is_left_over(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        document = await sealed(desk)
        for secret in (TYPED, PASSWORD, WORDS):
            assert secret not in document
            assert base64.b64encode(secret.encode()).decode()[:-2] not in document
        assert "was typed in" not in document
        channel = tomllib.loads(document)["channels"]["typed"]
        assert "env:K1" == channel["keys"][0]["key"]
        assert "k2" == channel["keys"][1]["id"]
        assert [] == [*Draft202012Validator(document_schema()).iter_errors(tomllib.loads(document))]

    at_desk(tmp_path, story, ENVIRON)


def test_age_alone_opens_what_is_sealed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        document = tomllib.loads(await sealed(desk))
        key = pyrage.passphrase.decrypt(base64.b64decode(document["sealed"]["key"]), WORDS).decode().strip()
        text = document["channels"]["typed"]["keys"][1]["key"].removeprefix("sealed:")
        opened = pyrage.decrypt(base64.b64decode(text), [pyrage.x25519.Identity.from_str(key)])
        assert TYPED == opened.decode()

    at_desk(tmp_path, story, ENVIRON)


def test_without_the_passphrase_nothing_is_changed(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_desk(tmp_path / "one", ENVIRON) as desk:
            await make_rich(desk, typed=True)
            document = await sealed(desk)
        async with open_desk(tmp_path / "two", ENVIRON) as desk:
            assert "give the passphrase" in await refused(desk, document, "")
            assert "not the one that it was sealed with" in await refused(desk, document, "correct horse")
            assert "give the passphrase" in await desk.refused("POST", "/apply?dry_run=true", {"document": document})

    asyncio.run(play())


def test_what_is_damaged_or_of_another_file_is_named(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        document, other = await sealed(desk), await sealed(desk)
        key = tomllib.loads(document)["sealed"]["key"]
        proxies = [tomllib.loads(each)["channels"]["typed"]["proxy"] for each in (document, other)]
        told = await refused(desk, document.replace(*proxies))
        assert told.startswith("channels.typed.proxy: is damaged")
        assert "another key" in told
        assert "sealed.key: is left out" in await refused(desk, document.replace(f'key = "{key}"', "", 1))
        for wrong in ("AAAA", "no base64!", base64.b64encode(b"age-encryption.org/v1\n").decode()):
            told = await refused(desk, document.replace(key, wrong))
            assert "sealed.key is no key of age's" in told or "passphrase is not the one" in told
        assert "sealed.kez: is not known" in await refused(desk, document.replace("key =", "kez =", 1))

    at_desk(tmp_path, story, ENVIRON)


def test_a_text_that_begins_so_elsewhere_is_a_text(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        text = '[channels.one]\nbase_url = "http://127.0.0.1:9/v1"\nkeys = ["env:K1"]\nsystem_prefix = "sealed: not"\n'
        await applied(desk, text)
        overrides = desk.gateway.registry.channels.get("one").overrides
        assert overrides is not None
        assert "sealed: not" == overrides.system_prefix

    at_desk(tmp_path, story, ENVIRON)


@pytest.mark.parametrize("words", ["", "x" * 1025])
def test_a_passphrase_that_is_none_is_refused(words: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        assert (await desk.refused("POST", "/export", {"passphrase": words})).startswith("passphrase: must")

    at_desk(tmp_path, story)
