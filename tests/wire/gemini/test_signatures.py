"""Thought signatures: Gemini 3 refuses a conversation that lost them."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.wire.gemini.contents import DUMMY_SIGNATURE
from tests.wire.gemini.wire import (
    BUDGET,
    NEW,
    PIXEL,
    calling,
    candidate,
    completion_of,
    contents,
    result,
    stream_of,
    user,
)


def signatures(message: dict[str, Any], model: str = NEW) -> list[str | None]:
    """Of the parts of an assistant's message."""
    return [part.get("thoughtSignature") for part in contents([user(), message], model)[1]["parts"]]


def signed(call: dict[str, Any], **more: Any) -> dict[str, Any]:
    message = calling(("a", "f", "{}"))
    message["tool_calls"][0] |= call
    return {**message, **more}


@pytest.mark.parametrize(
    "message",
    [
        signed({"extra_content": {"google": {"thought_signature": "c2ln"}}}),
        signed({"provider_specific_fields": {"thought_signature": "c2ln"}}),
        signed({"id": "a__thought__c2ln"}),
        signed(
            {},
            reasoning_details=[
                {"type": "reasoning.encrypted", "format": "google-gemini-v1", "id": "a", "data": "c2ln"}
            ],
        ),
        signed({}, extra_content={"google": {"thought_signature": "c2ln", "thought": True}}),
    ],
    ids=["google", "litellm", "litellm id", "openrouter", "google message"],
)
def test_a_call_gets_its_signature_back_however_the_client_kept_it(message: dict[str, Any]) -> None:
    assert ["c2ln"] == signatures(message)


def test_a_signature_hidden_in_an_id_is_no_part_of_the_id() -> None:
    turns = contents([user(), calling(("a__thought__c2ln", "f", "{}")), result("a__thought__c2ln", "1")])

    assert "a" == turns[1]["parts"][0]["functionCall"]["id"]
    assert "a" == turns[2]["parts"][0]["functionResponse"]["id"]


def test_a_call_without_a_signature_gets_the_word_that_skips_the_check() -> None:
    assert [DUMMY_SIGNATURE] == signatures(calling(("a", "f", "{}")))


def test_only_the_first_of_parallel_calls_carries_a_signature() -> None:
    assert [DUMMY_SIGNATURE, None] == signatures(calling(("a", "f", "{}"), ("b", "f", "{}")))


def test_models_that_check_no_signatures_get_none_made_up() -> None:
    assert [None] == signatures(calling(("a", "f", "{}")), BUDGET)


def test_every_step_of_a_tool_loop_has_its_signature() -> None:
    turns = contents([user(), calling(("a", "f", "{}")), result("a", "1"), calling(("b", "f", "{}")), result("b", "2")])

    assert [DUMMY_SIGNATURE, DUMMY_SIGNATURE] == [turns[n]["parts"][0]["thoughtSignature"] for n in (1, 3)]


def test_what_is_no_base64_is_no_signature() -> None:
    message = signed({"extra_content": {"google": {"thought_signature": "not base64!"}}})

    assert [DUMMY_SIGNATURE] == signatures(message)


def test_signatures_of_another_provider_are_left_out() -> None:
    details = [{"type": "reasoning.text", "format": "anthropic-claude-v1", "text": "Hmm", "signature": "c2ln"}]

    assert [None] == signatures({"role": "assistant", "content": "B", "reasoning_details": details})


ANSWERS = [
    [{"text": "Hello", "thoughtSignature": "c2lnMQ=="}],
    [{"text": "Hello"}, {"text": "", "thoughtSignature": "c2lnMQ=="}],
    [{"text": "Hel"}, {"text": "lo", "thoughtSignature": "c2lnMQ=="}, {"text": " wörld 🎉"}],
    [{"text": "Hel", "thoughtSignature": "c2lnMQ=="}, {"text": "lo", "thoughtSignature": "c2lnMg=="}],
    [{"text": "I thought.", "thought": True, "thoughtSignature": "c2lnMQ=="}, {"text": "Hello"}],
    [{"functionCall": {"name": "f", "args": {}, "id": "x"}, "thoughtSignature": "c2lnMQ=="}],
    [
        {"text": "Let me see.", "thoughtSignature": "c2lnMQ=="},
        {"functionCall": {"name": "f", "args": {"x": 1}, "id": "x"}, "thoughtSignature": "c2lnMg=="},
        {"functionCall": {"name": "g", "args": {}, "id": "y"}},
    ],
]


@pytest.mark.parametrize("parts", ANSWERS)
def test_what_gemini_signed_goes_back_to_it_unchanged(parts: list[dict[str, Any]]) -> None:
    first = completion_of(candidate(*parts, finish="STOP")).first
    message = {
        "role": "assistant",
        "content": first.content,
        "tool_calls": first.tool_calls or None,
        "reasoning_details": answer_details(parts),
    }

    assert whole(parts) == whole(contents([user(), message])[1]["parts"])


@pytest.mark.parametrize("parts", ANSWERS)
def test_signatures_of_a_stream_are_those_of_the_whole_answer(parts: list[dict[str, Any]]) -> None:
    checked = stream_of(*(candidate(part) for part in parts), candidate({"text": ""}, finish="STOP")).checked

    details = [detail for name, value in checked.first.extras if name == "reasoning_details" for detail in value]
    assert answer_details(parts) == details
    assert completion_of(candidate(*parts, finish="STOP")).first.tool_calls == checked.tool_calls


def answer_details(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`reasoning_details` of the answer, which the checker does not keep."""
    from aihub_lite.wire.gemini.answer import chat_of

    details: list[dict[str, Any]] = chat_of(candidate(*parts))["choices"][0]["message"].get("reasoning_details", [])
    return details


def whole(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Unsigned texts in a row are one."""
    joined: list[dict[str, Any]] = []
    for part in parts:
        if joined and {"text"} == part.keys() == joined[-1].keys():
            joined[-1] = {"text": joined[-1]["text"] + part["text"]}
        else:
            joined.append(part)
    return joined


def test_a_signature_outlives_a_text_that_the_client_changed() -> None:
    details = [
        {
            "type": "reasoning.encrypted",
            "format": "google-gemini-v1",
            "index": 0,
            "data": "c2ln",
            "text": [0, 5000],
        }
    ]

    turns = contents([user(), {"role": "assistant", "content": "Short.", "reasoning_details": details}])

    assert [{"text": "Short."}, {"text": "", "thoughtSignature": "c2ln"}] == turns[1]["parts"]


def test_the_signature_of_sound_goes_back_where_the_sound_was() -> None:
    """Gemini signs sound too; that signature was lost, and the next turn was thought without it."""
    sound = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}, "thoughtSignature": "c2ln"}
    details = answer_details([{"text": "Listen. "}, sound, {"text": "There."}])
    streamed = stream_of(candidate({"text": "Listen. "}), candidate(sound, {"text": "There."}, finish="STOP")).checked

    turns = contents([user(), {"role": "assistant", "content": "Listen. There.", "reasoning_details": details}])

    assert [{"text": "Listen. "}, {"text": "", "thoughtSignature": "c2ln"}, {"text": "There."}] == turns[1]["parts"]
    assert ("reasoning_details", details) in streamed.first.extras


DRAWING = ["gemini-3-pro-image-preview", "models/gemini-3.1-flash-image", "gemini-3.9-flash-image"]
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}


@pytest.mark.parametrize("model", DRAWING)
def test_a_model_that_draws_gets_a_signature_on_its_first_part_and_on_every_image(model: str) -> None:
    """A second turn with an image that the client had kept without its signature was a 400."""
    message = {"role": "assistant", "content": "Here.", "images": [IMAGE, IMAGE]}
    assert [DUMMY_SIGNATURE] * 3 == signatures(message, model)
    assert [DUMMY_SIGNATURE] == signatures({"role": "assistant", "content": "Here."}, model)


def test_signatures_that_the_client_kept_stay_on_what_was_drawn() -> None:
    image = {**IMAGE, "extra_content": {"google": {"thought_signature": "c2ln"}}}
    detail = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "data": "dGV4", "text": [2, 5]}
    message = {"role": "assistant", "content": "abcde", "images": [image, IMAGE], "reasoning_details": [detail]}
    assert [DUMMY_SIGNATURE, "dGV4", "c2ln", DUMMY_SIGNATURE] == signatures(message, DRAWING[0])


def test_a_thought_is_not_the_first_part_that_a_model_draws() -> None:
    detail = {"type": "reasoning.text", "format": "google-gemini-v1", "text": "Hm", "signature": "c2ln"}
    message = {"role": "assistant", "content": "Here.", "reasoning_details": [detail]}
    assert ["c2ln", DUMMY_SIGNATURE] == signatures(message, DRAWING[0])


@pytest.mark.parametrize("model", [NEW, "gemini-2.5-flash-image"])
def test_models_that_check_no_images_get_no_signatures_on_them(model: str) -> None:
    assert [None, None] == signatures({"role": "assistant", "content": "Here.", "images": [IMAGE]}, model)
