"""Images that Gemini draws, through the surfaces that know other words for them, or none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.served.messages import PATH as MESSAGES
from tests.served.messages import request as messages_request
from tests.served.responses import streamed, whole
from tests.served.responses.conftest import Serve
from tests.support.gateway import Gateway
from tests.support.rawclient import stream as open_stream
from tests.support.upstream.answers import json_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

PIXEL = "iVBORw0KGgo="
SIGNATURE = "c2lnbmVk"
HELLO = {"role": "user", "content": "draw"}
ENCRYPTED = {"include": ["reasoning.encrypted_content"], "store": False}


def drawing(request: Request) -> Script:
    """Gemini, which says a word and draws a picture."""
    if request.method == "GET":
        return json_answer(200, {"data": []})
    parts: list[dict[str, Any]] = [
        {"text": "Here.", "thoughtSignature": SIGNATURE},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL}, "thoughtSignature": SIGNATURE},
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    answer = {"candidates": [candidate], "usageMetadata": usage, "responseId": "r"}
    return sse(answer, done=False) if "stream" in request.path else json_answer(200, answer)


@pytest.fixture
def model(serve: Serve, upstream: Upstream) -> str:
    upstream.default = drawing
    return serve(("gemini", upstream.url), upstream_model="gemini-3-pro-image")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("kept", [ENCRYPTED, {}], ids=["encrypted", "plain"])
def test_an_image_is_drawn_again_with_its_signature_or_the_word_that_skips_the_check(
    gateway: Gateway, upstream: Upstream, model: str, stream: bool, kept: dict[str, Any]
) -> None:
    """Pictures were lost on this surface, and a history without signatures was a 400."""
    response = streamed(gateway, model, **kept).response if stream else whole(gateway, model, **kept)
    output = [item for item in response["output"] if kept or item["type"] != "reasoning"]
    (image,) = [item for item in output if item["type"] == "image_generation_call"]
    assert PIXEL == image["result"]
    whole(gateway, model, input=[HELLO, *output, HELLO], **kept)
    turn = upstream.chats[-1].json()["contents"][1]
    assert ["Here.", None] == [part.get("text") for part in turn["parts"]]
    made_up = [part["thoughtSignature"] != SIGNATURE for part in turn["parts"]]
    assert [not kept] * 2 == made_up


def test_messages_say_that_they_have_no_word_for_an_image(gateway: Gateway, model: str) -> None:
    answer = gateway.post(messages_request(model), MESSAGES)
    assert "images" == answer.header("x-aihub-dropped-params")
    assert ["Here."] == [block["text"] for block in answer.json()["content"] if block["type"] == "text"]


def test_streamed_messages_say_so_too(gateway: Gateway, model: str) -> None:
    body = messages_request(model, stream=True)
    with open_stream(gateway.url, MESSAGES, gateway.headers(), msgspec.json.encode(body)) as reading:
        assert "images" == reading.head.header("x-aihub-dropped-params")
        assert b"Here." in b"".join(event.data for event in reading.events())
