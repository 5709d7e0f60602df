"""What an import's body is said to be: what is decoded, with the reasons of its fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

from aihub_lite.domain.channel import Channel, ChannelKey
from aihub_lite.domain.money import Rates
from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.token import Budget, Token
from aihub_lite.moving.move import Move, MovedCall, MovedChannel, MovedPerson, MovedPrice, MovedToken
from aihub_lite.web.description.unfolded import schema_as_decoded
from tests.web.console.visitor import Visitor, at_console

CHANNEL = Channel(
    id="", name="work", provider="openai", base_url="", created_at=1, keys=(ChannelKey(id="k1", ref=Secret("env:KEY")),)
)
TOKEN = Token(id="", name="ci", digest="d", hint="h", created_at=1, budget=Budget(nano=5, period="day"))
MOVE = Move(
    program="new-api",
    channels=(MovedChannel(sources=("1",), channel=CHANNEL),),
    people=(MovedPerson(source="2", person=Person(id="", name="Ada", created_at=1)),),
    tokens=(MovedToken(source="3", token=TOKEN, person="2"),),
    prices=(MovedPrice(model="m", rates=Rates(input=1, output=2)),),
    calls=(MovedCall(source="4", started_ms=1, model="m"),),
)


def refusal(body: Any) -> str:
    """What is wrong by the schema; empty where nothing is."""
    errors = jsonschema.Draft202012Validator(schema_as_decoded(Move)).iter_errors(body)
    return "; ".join(error.message for error in errors)


def test_what_the_command_line_sends_is_what_is_described() -> None:
    body = json.loads(msgspec.json.encode(MOVE))
    assert "" == refusal(body)
    assert MOVE == msgspec.json.decode(json.dumps(body), type=Move)


def test_what_would_not_be_decoded_is_not_described() -> None:
    body = json.loads(msgspec.json.encode(MOVE))
    body["tokens"][0]["token"]["budget"]["period"] = "year"
    assert "'year' is not one of" in refusal(body)
    del body["program"]
    assert "'program' is a required property" in refusal(body)


def test_it_stands_whole_on_its_page_once_with_its_reasons(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = (await visitor.get("/docs/admin/import", accept="text/markdown")).text
        assert 1 == text.count("| `channels[].channel.keys[].ref` |")
        assert "| `calls[].error_code` | string | Empty for a call that went well. |" in text
        assert "Its body is that of [import_everything](#import-everything)" in text

    at_console(tmp_path, story)
