"""No part of an upstream's key comes back to a client, its sighting, the log or an operator's page (T-70)."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import attrs
import msgspec
import pytest

from aihub_lite.domain.channel import Offer, keys_of
from aihub_lite.web.app import create_app
from tests.support.asgi import get, post
from tests.support.inprocess import CHAT, PLAYED, House, Part, open_house, streamed, whole
from tests.support.upstream.answers import chat_chunk, sse_event

pytestmark = pytest.mark.attack("T-70")

WORDS = "see the docs"
"""Of the upstream's text, they reach the client: what is looked at is no text of our own."""
MESSAGES, RESPONSES, SPEECH = "/v1/messages", "/v1/responses", "/v1/audio/speech"
ASKED: Mapping[str, Mapping[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "hi"}]},
    MESSAGES: {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9},
    RESPONSES: {"input": "hi"},
    SPEECH: {"input": "hi", "voice": "alloy"},
}
MESSAGE_BEGINS: tuple[Part, ...] = (
    sse_event({"type": "message_start", "message": {"id": "m", "model": "c", "usage": {"input_tokens": 1}}}),
    sse_event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    sse_event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}),
)
RESPONSE_BEGINS: tuple[Part, ...] = (
    sse_event({"type": "response.created", "response": {"id": "r", "status": "in_progress", "output": []}}),
    sse_event({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hello"}),
)


@attrs.frozen
class Place:
    """Where an upstream may echo the key it was sent: `says` gives the body of its answer to a text."""

    path: str
    status: int
    says: Callable[[str], list[Part]]
    stream: bool = False
    provider: str = "lmstudio"
    content_type: str = "text/event-stream"


def document(value: object) -> list[Part]:
    return [msgspec.json.encode(value)]


def refusal(text: str) -> list[Part]:
    return document({"error": {"message": text, "type": "invalid_request_error", "code": None}})


def typed(text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": text}}


def failed(text: str) -> dict[str, Any]:
    error = {"code": "invalid_request_error", "message": text}
    return {"type": "response.failed", "response": {"id": "r", "status": "failed", "output": [], "error": error}}


PLACES: Mapping[str, Place] = {
    "message": Place(CHAT, 400, refusal),
    "code": Place(CHAT, 400, lambda text: document({"error": {"message": WORDS, "code": text}})),
    "plain text": Place(CHAT, 404, lambda text: [text.encode()]),
    "model unknown": Place(CHAT, 404, lambda text: document({"detail": f"model not found for {text}"}), stream=True),
    "error in a 200": Place(CHAT, 200, lambda text: document({"error": {"message": text, "code": 400}})),
    "first event": Place(CHAT, 200, lambda text: [sse_event({"error": {"message": text, "code": 400}})], stream=True),
    "later event": Place(
        CHAT,
        200,
        lambda text: [
            sse_event(chat_chunk({"role": "assistant", "content": "Hello"})),
            sse_event({"error": {"message": text, "code": 400}}),
        ],
        stream=True,
    ),
    "messages": Place(MESSAGES, 400, lambda text: document(typed(text)), provider="anthropic"),
    "event of messages": Place(
        MESSAGES, 200, lambda text: [*MESSAGE_BEGINS, sse_event(typed(text))], stream=True, provider="anthropic"
    ),
    "event of responses": Place(
        RESPONSES, 200, lambda text: [*RESPONSE_BEGINS, sse_event(failed(text))], stream=True, provider="openai"
    ),
    "header": Place(SPEECH, 200, lambda text: [b"sound"], stream=True, content_type="audio/mpeg; note={}"),
}


@attrs.frozen
class Spelling:
    """What an upstream writes of a key, and what of that must not be seen."""

    written: str
    telling: str


def spellings(key: str) -> dict[str, Spelling]:
    half = len(key) // 2
    plain = {
        "whole": key,
        "first half": key[:half],
        "second half": key[half:],
        "eight characters": key[3:11],
        "in capitals": key.upper(),
        "base64": b64encode(key.encode()).decode(),
        "in a URL": quote(key, safe=""),
    }
    found = {name: Spelling(written, written) for name, written in plain.items()}
    header = urlsafe_b64encode(f"Bearer {key}".encode()).decode().rstrip("=")
    found["base64 of its header"] = Spelling(header, header[10:])
    pair = b64encode(f"a:{key}:b".encode()).decode()
    found["base64 among others"] = Spelling(pair, pair[3:-4])
    return found


KEYS = {
    "hex": "5f3c9a7e1b2d4c6f8091a2b3c4d5e6f70f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "UUID": "2f0e9c1a-77b3-4d55-9a01-c4f2e8d7b611",
    "own word": "tangerine-lighthouse-at-noon",
    "signs": "Zq9v/bar+baz==qux&10%/~tail",
}
CASES = {
    **{f"{kind}, {name}": (key, each) for kind, key in KEYS.items() for name, each in spellings(key).items()},
    "known prefix": ("sk-proj-abc123def456", Spelling("sk-proj-abc123def456", "sk-proj-abc123def456")),
}


@attrs.frozen
class Client:
    """Somebody with a token at a gateway that is open for all cases: to open one takes longer than to ask it."""

    runner: asyncio.Runner
    house: House
    token: str

    def seen(self, place: Place, key: str, written: str) -> str:
        """Everything that anybody is shown of one request, and of an operator's test of the channel."""
        return self.runner.run(seen_of(self.house, self.token, place, key, written))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with asyncio.Runner() as runner:
        opened = open_house(tmp_path_factory.mktemp("house"), create_app)
        house = runner.run(opened.__aenter__())
        try:
            _, token = runner.run(house.add_token(rpm=100_000))
            yield Client(runner, house, token)
        finally:
            runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("key", "spelling"), CASES.values(), ids=CASES)
def test_no_echo_of_a_key_is_passed_on(
    client: Client, caplog: pytest.LogCaptureFixture, key: str, spelling: Spelling, place: Place
) -> None:
    """A reseller's key of 64 hex digits stood in the error text that every client of the gateway got from it."""
    caplog.set_level(logging.DEBUG)
    seen = client.seen(place, key, spelling.written) + caplog.text
    assert "[key]" in seen
    assert place.path == SPEECH or WORDS in seen
    assert [] == parts_in(seen, spelling.telling)


@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_shows_what_was_sent_shows_no_key(client: Client, path: str, stream: bool) -> None:
    """As of a server that answers its own request's headers, for whoever sets it up."""
    parts = streamed if stream else whole
    seen = client.seen(Place(path, 200, parts, stream), KEYS["hex"], KEYS["hex"])
    assert (True, []) == (WORDS in seen, parts_in(seen, KEYS["hex"]))


async def seen_of(house: House, token: str, place: Place, key: str, written: str) -> str:
    gateway = house.gateway
    offers, keys = (Offer("m", "m"),), keys_of([key])
    await gateway.registry.channels.create(
        "c", place.provider, PLAYED, lambda each: attrs.evolve(each, offers=offers, keys=keys)
    )
    text = f"refused: {written}, {WORDS}"
    house.upstream.content_type = place.content_type.format(written)
    house.upstream.queue += [(place.status, place.says(text)), (400, refusal(text))]
    asked = {"model": "m", **ASKED[place.path], "stream": place.stream}
    call = await post(place.path, token, asked).start(house.app).served()
    sighting = await get("/api/admin/tokens/token-1/sighting", gateway.run_key).start(house.app).served()
    tested = await post("/api/admin/channels/c/test", gateway.run_key, {}).start(house.app).served()
    assert (200, 200) == (sighting.status, tested.status)
    await gateway.registry.channels.delete("c")
    return "\n".join([str(call.answer_headers), *(each.content.decode() for each in (call, sighting, tested))])


def parts_in(seen: str, telling: str) -> list[str]:
    """Every eight characters in a row of a spelling that somebody saw, in whatever case."""
    seen, telling = seen.lower(), telling.lower()
    parts = (telling[start : start + 8] for start in range(len(telling) - 7))
    return [part for part in parts if part in seen]
