"""Thought signatures: Gemini 3 refuses a conversation that lost them."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.wire.gemini_contents import DUMMY_SIGNATURE
from tests.wire.gemini.wire import BUDGET, NEW, answered, calling, candidate, contents, result, streamed, user


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


@pytest.mark.parametrize("said", ANSWERS)
def test_what_gemini_signed_goes_back_to_it_unchanged(said: list[dict[str, Any]]) -> None:
    first = answered(candidate(*said, finish="STOP")).first
    message = {
        "role": "assistant",
        "content": first.content,
        "tool_calls": first.tool_calls or None,
        "reasoning_details": answer_details(said),
    }

    assert whole(said) == whole(contents([user(), message])[1]["parts"])


@pytest.mark.parametrize("said", ANSWERS)
def test_signatures_of_a_stream_are_those_of_the_whole_answer(said: list[dict[str, Any]]) -> None:
    checked = streamed(*(candidate(part) for part in said), candidate({"text": ""}, finish="STOP")).checked

    details = [detail for name, value in checked.first.extras if name == "reasoning_details" for detail in value]
    assert answer_details(said) == details
    assert answered(candidate(*said, finish="STOP")).first.tool_calls == checked.tool_calls


def answer_details(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`reasoning_details` of the answer, which the checker does not keep."""
    from aihub_lite.wire.gemini_answer import chat_of

    details: list[dict[str, Any]] = chat_of(candidate(*said))["choices"][0]["message"].get("reasoning_details", [])
    return details


def whole(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Unsigned texts in a row are one."""
    found: list[dict[str, Any]] = []
    for part in said:
        if found and {"text"} == part.keys() == found[-1].keys():
            found[-1] = {"text": found[-1]["text"] + part["text"]}
        else:
            found.append(part)
    return found


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
