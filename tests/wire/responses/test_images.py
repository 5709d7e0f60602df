"""Images that a model of chat draws, as items of Responses, and back."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.responses.fit import fit
from tests.wire.responses.exchanges import ENCRYPTED, messages, new_request, response_of, stream_of

PIXEL = "iVBORw0KGgo="
URL = f"data:image/webp;base64,{PIXEL}"
SIGNED = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
IMAGE: dict[str, Any] = {"type": "image_url", "image_url": {"url": URL}, "index": 0}
HI = {"role": "user", "content": "draw"}


def output_of(message: dict[str, Any], *, stream: bool, **fields: Any) -> list[dict[str, Any]]:
    if stream:
        return stream_of(new_request(**fields), message).output
    output: list[dict[str, Any]] = response_of(new_request(**fields), message)["output"]
    return output


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_image_is_an_item_of_its_own(stream: bool) -> None:
    """It was lost without a word, and had been paid for."""
    said, first, second = output_of({"content": "Here.", "images": [IMAGE, IMAGE]}, stream=stream)
    assert "message" == said["type"]
    assert first["id"] != second["id"]
    assert {
        "id": first["id"],
        "type": "image_generation_call",
        "status": "completed",
        "result": PIXEL,
        "output_format": "webp",
    } == first


@pytest.mark.parametrize("images", [5, [], [5, {}], [{"image_url": {"url": "https://a.example/b.png"}}]])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_what_is_no_image_in_itself_is_no_item(stream: bool, images: object) -> None:
    assert ["message"] == [item["type"] for item in output_of({"content": "A", "images": images}, stream=stream)]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_image_goes_back_with_what_was_signed_of_it(stream: bool) -> None:
    output = output_of({"content": "Here.", "images": [{**IMAGE, **SIGNED}]}, stream=stream, include=[ENCRYPTED])
    kept = [{name: value for name, value in item.items() if name != "status"} for item in output]
    _, drawn = messages(HI, *kept)
    (image,) = drawn["images"]
    assert ("Here.", {"url": URL}) == (drawn["content"], image["image_url"])
    assert SIGNED["extra_content"] == image["extra_content"]


def test_an_image_without_a_result_says_nothing() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "failed", "result": None}
    assert [HI] == messages(HI, item)


@pytest.mark.parametrize("wire", ["chat", "anthropic"])
def test_an_image_of_a_models_own_is_named_where_nobody_takes_it_back(wire: str) -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PIXEL}
    request = new_request(input=[HI, item, HI])
    chat, dropped = fit(request, wire, PROVIDERS["openai"].quirks, "m", elsewhere=True, strict=False)
    assert ([HI, HI], {"input.image_generation_call"}) == (chat.body["messages"], dropped)


def test_gemini_takes_back_what_it_drew() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PIXEL}
    request = new_request(input=[HI, item, HI])
    chat, dropped = fit(request, "gemini", PROVIDERS["gemini"].quirks, "m", elsewhere=False, strict=False)
    assert set() == dropped
    assert f"data:image/png;base64,{PIXEL}" == chat.body["messages"][1]["images"][0]["image_url"]["url"]
