"""Answers: parts, finish reasons, blocks, usage."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.domain.modal import Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.gemini_answer import chat_of
from aihub_lite.wire.gemini_usage import usage_of
from tests.wire.gemini.wire import PIXEL, answered, candidate


def message(*said: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = chat_of(candidate(*said, finish="STOP", **more))["choices"][0]["message"]
    return found


def test_thoughts_and_text_are_told_apart() -> None:
    first = answered(candidate({"text": "Hmm.", "thought": True}, {"text": "Hel"}, {"text": "lo"}, finish="STOP")).first

    assert ("Hello", "Hmm.", "stop") == (first.content, first.reasoning, first.finish_reason)


def test_an_answer_keeps_its_id() -> None:
    answer = answered(candidate({"text": "A"}, finish="STOP"))

    assert ("chatcmpl-R1", "asked-for") == (answer.id, answer.model)


def test_a_call_has_an_id_that_is_always_the_same() -> None:
    said = candidate(
        {"functionCall": {"name": "f"}}, {"functionCall": {"name": "f", "args": {"x": "ü"}}}, finish="STOP"
    )

    calls = answered(said).first.tool_calls

    assert calls == answered(said).first.tool_calls
    assert 2 == len({call["id"] for call in calls})
    assert ["{}", '{"x":"ü"}'] == [call["function"]["arguments"] for call in calls]


def test_geminis_own_id_of_a_call_is_kept() -> None:
    calls = answered(candidate({"functionCall": {"name": "f", "id": "own"}}, finish="STOP")).first.tool_calls

    assert "own" == calls[0]["id"]


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        *[(name, "content_filter") for name in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")],
        *[(name, "content_filter") for name in ("LANGUAGE", "IMAGE_SAFETY", "NO_IMAGE", "MODEL_ARMOR")],
        *[(name, "stop") for name in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "BRAND_NEW")],
        ("FINISH_REASON_UNSPECIFIED", "stop"),
    ],
)
def test_a_finish_reason_is_one_of_openais(native: str, expected: str) -> None:
    assert expected == answered(candidate({"text": "A"}, finish=native)).first.finish_reason


def test_geminis_own_word_for_the_end_is_there_for_who_wants_it() -> None:
    assert "MALFORMED_FUNCTION_CALL" == chat_of(candidate(finish="MALFORMED_FUNCTION_CALL"))["choices"][0].get(
        "native_finish_reason"
    )


def test_a_blocked_prompt_is_an_answer_without_text() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "Not this."}

    first = answered({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}}).first

    assert ("", "content_filter", "Not this.") == (first.content, first.finish_reason, first.refusal)


@pytest.mark.parametrize(
    "one",
    [
        {"finishReason": "MAX_TOKENS"},
        {"content": {}, "finishReason": "MAX_TOKENS"},
        {"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0},
        {"content": {"parts": []}, "finishReason": "MAX_TOKENS"},
    ],
)
def test_a_candidate_that_says_nothing_is_an_empty_answer(one: dict[str, Any]) -> None:
    first = answered({"candidates": [one]}).first

    assert ("", "length") == (first.content, first.finish_reason)
    assert "" == chat_of({"candidates": [one]})["choices"][0]["message"]["content"]


def test_a_candidate_that_says_not_even_why_is_an_empty_answer() -> None:
    assert "stop" == answered({"candidates": [{}]}).first.finish_reason


def test_several_candidates_are_several_choices() -> None:
    both = {
        "candidates": [
            {"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "STOP"},
            {"content": {"parts": [{"text": "A"}]}, "finishReason": "STOP", "index": 0},
        ]
    }

    assert ["A", "B"] == [choice.content for choice in answered(both).choices.values()]


@pytest.mark.parametrize("answer", [{}, {"candidates": []}, {"error": {"code": 503, "message": "m"}}, [], "x", 7, None])
def test_what_is_no_answer_is_not_passed_off_as_one(answer: object) -> None:
    with pytest.raises(AnswerNonsense):
        chat_of(answer)


def test_a_picture_is_an_image_of_the_message() -> None:
    found = message(
        {"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}, "thoughtSignature": "c2ln"}
    )

    expected = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PIXEL}"},
        "index": 0,
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }
    assert [expected] == found["images"]


def test_sound_is_the_audio_of_the_message() -> None:
    found = message({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}})

    assert ("AAAA", "audio/L16;rate=24000") == (found["audio"]["data"], found["audio"]["mime_type"])


def test_code_that_ran_is_shown_with_what_it_printed() -> None:
    found = message(
        {"executableCode": {"language": "PYTHON", "code": "print(1)\n"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        {"text": "One."},
    )

    assert "\n```python\nprint(1)\n```\n\n```\n1\n```\nOne." == found["content"]


def test_sources_are_annotations() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}, {"retrievedContext": {}}],
        "groundingSupports": [{"segment": {"startIndex": 2, "endIndex": 5}, "groundingChunkIndices": [0, 1, 9]}],
    }
    answer = candidate({"text": "An answer."}, finish="STOP")
    answer["candidates"][0]["groundingMetadata"] = grounding

    cited = {"url": "https://a.example", "title": "A", "start_index": 2, "end_index": 5}
    found = chat_of(answer)["choices"][0]["message"]["annotations"]
    assert [{"type": "url_citation", "url_citation": cited}] == found


def test_logprobs_are_openais() -> None:
    answer = candidate({"text": "A"}, finish="STOP")
    answer["candidates"][0]["logprobsResult"] = {
        "chosenCandidates": [{"token": "A", "logProbability": -0.5, "tokenId": 1}],
        "topCandidates": [{"candidates": [{"token": "A", "logProbability": -0.5}, {"token": "B"}]}],
    }

    tokens = chat_of(answer)["choices"][0]["logprobs"]["content"]

    assert ("A", -0.5, [65]) == (tokens[0]["token"], tokens[0]["logprob"], tokens[0]["bytes"])
    assert ["A", "B"] == [rival["token"] for rival in tokens[0]["top_logprobs"]]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}, Usage(10, 5)),
        (
            {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 22},
            Usage(10, 12, reasoning_tokens=7),
        ),
        (
            {"promptTokenCount": 10, "candidatesTokenCount": 12, "thoughtsTokenCount": 7, "totalTokenCount": 22},
            Usage(10, 12, reasoning_tokens=7),
        ),
        ({"promptTokenCount": 10, "thoughtsTokenCount": 7, "totalTokenCount": 17}, Usage(10, 7, reasoning_tokens=7)),
        (
            {
                "promptTokenCount": 10,
                "toolUsePromptTokenCount": 4,
                "candidatesTokenCount": 5,
                "cachedContentTokenCount": 8,
                "totalTokenCount": 19,
            },
            Usage(14, 5, cache_read_tokens=8),
        ),
        ({"promptTokenCount": 7}, Usage(7, 0)),
        ({"trafficType": "ON_DEMAND"}, None),
        (None, None),
        ([], None),
        ({"promptTokenCount": -3, "totalTokenCount": "x"}, Usage(0, 0)),
    ],
)
def test_thoughts_and_tool_use_are_counted(usage: object, expected: Usage | None) -> None:
    assert expected == usage_of(usage)


def listed(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": modality, "tokenCount": count} for modality, count in tokens.items()]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"promptTokensDetails": listed(TEXT=10, AUDIO=90)}, Modal(audio_input=90)),
        ({"promptTokensDetails": listed(VIDEO=60, AUDIO=30)}, Modal(video_input=60, audio_input=30)),
        ({"promptTokensDetails": listed(IMAGE=3, DOCUMENT=4)}, Modal(image_input=7)),
        (
            {"promptTokensDetails": listed(AUDIO=3), "toolUsePromptTokensDetails": listed(AUDIO=4, TEXT=1)},
            Modal(audio_input=7),
        ),
        (
            {
                "cachedContentTokenCount": 50,
                "promptTokensDetails": listed(AUDIO=60),
                "cacheTokensDetails": listed(AUDIO=40, TEXT=10),
            },
            Modal(audio_input=60, audio_cache_read=40),
        ),
        ({"candidatesTokensDetails": listed(TEXT=5, IMAGE=25)}, Modal(image_output=25)),
        ({"candidatesTokensDetails": listed(AUDIO=200)}, Modal(audio_output=30)),
        ({"promptTokensDetails": listed(TEXT=100), "candidatesTokensDetails": listed(TEXT=30)}, None),
        ({"promptTokensDetails": [*listed(MODALITY_UNSPECIFIED=5), "AUDIO", {"modality": ["AUDIO"]}, {}]}, None),
        ({"promptTokensDetails": {"AUDIO": 5}, "cacheTokensDetails": None}, None),
        ({"promptTokensDetails": [{"modality": "AUDIO", "tokenCount": "many"}]}, None),
    ],
    ids=str,
)
def test_sound_and_pictures_are_counted_as_text(details: dict[str, Any], expected: Modal | None) -> None:
    usage = usage_of({"promptTokenCount": 100, "candidatesTokenCount": 30, "totalTokenCount": 130, **details})
    assert usage is not None
    assert expected == usage.modal


def test_a_whole_answer_forgets_that_its_picture_was_one() -> None:
    said = candidate({"text": "A"}, finish="STOP") | {
        "usageMetadata": {
            "promptTokenCount": 9,
            "candidatesTokenCount": 1295,
            "totalTokenCount": 1304,
            "candidatesTokensDetails": listed(TEXT=5, IMAGE=1290),
        }
    }
    usage = answered(said).usage
    assert usage is not None
    assert {"reasoning_tokens": 0, "image_tokens": 1290} == usage["completion_tokens_details"]
