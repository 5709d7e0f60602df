"""Answers: parts, finish reasons, blocks, usage."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.domain.modality import Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.gemini.answer import chat_of
from aihub_lite.wire.gemini.usage import usage_of
from tests.wire.gemini.wire import PIXEL, candidate, completion_of


def message(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    reply: dict[str, Any] = chat_of(candidate(*parts, finish="STOP", **more))["choices"][0]["message"]
    return reply


def test_thoughts_and_text_are_told_apart() -> None:
    first = completion_of(
        candidate({"text": "Hmm.", "thought": True}, {"text": "Hel"}, {"text": "lo"}, finish="STOP")
    ).first

    assert ("Hello", "Hmm.", "stop") == (first.content, first.reasoning, first.finish_reason)


def test_an_answer_keeps_its_id() -> None:
    answer = completion_of(candidate({"text": "A"}, finish="STOP"))

    assert ("chatcmpl-R1", "asked-for") == (answer.id, answer.model)


def test_a_call_has_an_id_that_is_always_the_same() -> None:
    answer = candidate(
        {"functionCall": {"name": "f"}}, {"functionCall": {"name": "f", "args": {"x": "ü"}}}, finish="STOP"
    )

    calls = completion_of(answer).first.tool_calls

    assert calls == completion_of(answer).first.tool_calls
    assert 2 == len({call["id"] for call in calls})
    assert ["{}", '{"x":"ü"}'] == [call["function"]["arguments"] for call in calls]


def test_geminis_own_id_of_a_call_is_kept() -> None:
    calls = completion_of(candidate({"functionCall": {"name": "f", "id": "own"}}, finish="STOP")).first.tool_calls

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
def test_every_finish_reason_becomes_one_of_openais(native: str, expected: str) -> None:
    assert expected == completion_of(candidate({"text": "A"}, finish=native)).first.finish_reason


def test_geminis_own_finish_reason_is_kept_beside_openais() -> None:
    assert "MALFORMED_FUNCTION_CALL" == chat_of(candidate(finish="MALFORMED_FUNCTION_CALL"))["choices"][0].get(
        "native_finish_reason"
    )


def test_a_blocked_prompt_is_an_answer_without_text() -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "Not this."}

    first = completion_of(
        {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}}
    ).first

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
    first = completion_of({"candidates": [one]}).first

    assert ("", "length") == (first.content, first.finish_reason)
    assert "" == chat_of({"candidates": [one]})["choices"][0]["message"]["content"]


def test_a_candidate_with_nothing_in_it_ends_with_stop() -> None:
    assert "stop" == completion_of({"candidates": [{}]}).first.finish_reason


def test_several_candidates_are_several_choices() -> None:
    both = {
        "candidates": [
            {"index": 1, "content": {"parts": [{"text": "B"}]}, "finishReason": "STOP"},
            {"content": {"parts": [{"text": "A"}]}, "finishReason": "STOP", "index": 0},
        ]
    }

    assert ["A", "B"] == [choice.content for choice in completion_of(both).choices.values()]


@pytest.mark.parametrize("answer", [{}, {"candidates": []}, {"error": {"code": 503, "message": "m"}}, [], "x", 7, None])
def test_what_is_no_answer_is_nonsense(answer: object) -> None:
    with pytest.raises(AnswerNonsense):
        chat_of(answer)


def test_a_picture_is_an_image_of_the_message_with_its_signature() -> None:
    reply = message(
        {"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}, "thoughtSignature": "c2ln"}
    )

    expected = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PIXEL}"},
        "index": 0,
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }
    assert [expected] == reply["images"]


def test_sound_is_the_audio_of_the_message() -> None:
    reply = message({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}})

    assert ("AAAA", "audio/L16;rate=24000") == (reply["audio"]["data"], reply["audio"]["mime_type"])


def test_code_that_ran_is_shown_with_what_it_printed() -> None:
    reply = message(
        {"executableCode": {"language": "PYTHON", "code": "print(1)\n"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        {"text": "One."},
    )

    assert "\n```python\nprint(1)\n```\n\n```\n1\n```\nOne." == reply["content"]


def test_grounded_segments_become_url_citations() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}, {"retrievedContext": {}}],
        "groundingSupports": [{"segment": {"startIndex": 2, "endIndex": 5}, "groundingChunkIndices": [0, 1, 9]}],
    }
    answer = candidate({"text": "An answer."}, finish="STOP")
    answer["candidates"][0]["groundingMetadata"] = grounding

    cited = {"url": "https://a.example", "title": "A", "start_index": 2, "end_index": 5}
    annotations = chat_of(answer)["choices"][0]["message"]["annotations"]
    assert [{"type": "url_citation", "url_citation": cited}] == annotations


def _grounded(start: int, end: int) -> dict[str, Any]:
    segment = {"startIndex": start, "endIndex": end}
    return {
        "groundingChunks": [{"web": {"uri": "https://a.example", "title": "a"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }


def _cited(answer: object) -> str:
    """The text that the only citation of an answer says it is for."""
    reply = chat_of(answer)["choices"][0]["message"]
    citation = reply["annotations"][0]["url_citation"]
    return str(reply["content"][citation["start_index"] : citation["end_index"]])


def test_citations_count_characters_where_google_counts_bytes() -> None:
    """Every citation of an answer with umlauts, Chinese or an emoji in it pointed at the wrong words."""
    answer = candidate({"text": "Zürich hat 443.037 Einwohner. 東京は大きい。"}, finish="STOP")
    answer["candidates"][0]["groundingMetadata"] = _grounded(31, 52)

    assert "東京は大きい。" == _cited(answer)
    citation = chat_of(answer)["choices"][0]["message"]["annotations"][0]["url_citation"]
    assert (30, 37) == (citation["start_index"], citation["end_index"])


def test_citations_are_for_the_same_words_when_the_answer_was_streamed() -> None:
    last = candidate({"text": "は大きい。"}, finish="STOP")
    last["candidates"][0]["groundingMetadata"] = _grounded(31, 52)
    events = [candidate({"text": "Hm.", "thought": True}), candidate({"text": "Zürich hat 443.037 "})]
    events += [candidate({"text": "Einwohner. "}), candidate({"text": "東京"}), last]

    assert "東京は大きい。" == _cited(events)


def test_citations_pass_over_code_that_ran() -> None:
    answer = candidate(
        {"text": "Ü. "},
        {"executableCode": {"language": "PYTHON", "code": "print(1)\n"}},
        {"text": "Ö ist eins."},
        finish="STOP",
    )
    answer["candidates"][0]["groundingMetadata"] = _grounded(len("Ü. ".encode()) + 3, len("Ü. Ö ist eins.".encode()))

    assert "ist eins." == _cited(answer)


@pytest.mark.parametrize(("start", "end"), [(-1, 1_000_000), (None, "x"), (True, 1.5)])
def test_a_citation_of_nonsense_stays_inside_the_text(start: Any, end: Any) -> None:
    answer = candidate({"text": "Ü"}, finish="STOP")
    answer["candidates"][0]["groundingMetadata"] = _grounded(start, end)

    assert _cited(answer) in ("", "Ü")


def test_logprobs_have_openais_shape() -> None:
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
def test_thoughts_count_as_completion_and_tool_use_as_prompt(usage: object, expected: Usage | None) -> None:
    assert expected == usage_of(usage)


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"trafficType": "ON_DEMAND"}, ""),
        ({"trafficType": "TRAFFIC_TYPE_UNSPECIFIED"}, ""),
        ({"trafficType": ["ON_DEMAND_FLEX"]}, ""),
        ({"trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "ON_DEMAND_PRIORITY"}, "priority"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned_throughput"),
        ({"serviceTier": "flex"}, "flex"),
        ({"serviceTier": "unspecified"}, ""),
        ({"serviceTier": "priority", "trafficType": "ON_DEMAND_FLEX"}, "priority"),
        ({"serviceTier": "standard", "trafficType": "ON_DEMAND_FLEX"}, "flex"),
    ],
    ids=str,
)
def test_the_traffic_that_vertex_names_is_a_tier_of_service(said: dict[str, Any], tier: str) -> None:
    """An answer at Vertex' flex tier was booked at the standard price."""
    usage = usage_of({"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7, **said})

    assert Usage(3, 4, tier=tier) == usage


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
def test_sound_and_pictures_are_counted_apart_from_text(details: dict[str, Any], expected: Modal | None) -> None:
    usage = usage_of({"promptTokenCount": 100, "candidatesTokenCount": 30, "totalTokenCount": 130, **details})
    assert usage is not None
    assert expected == usage.modal


def test_the_usage_of_a_whole_answer_counts_its_picture_apart() -> None:
    answer = candidate({"text": "A"}, finish="STOP") | {
        "usageMetadata": {
            "promptTokenCount": 9,
            "candidatesTokenCount": 1295,
            "totalTokenCount": 1304,
            "candidatesTokensDetails": listed(TEXT=5, IMAGE=1290),
        }
    }
    usage = completion_of(answer).usage
    assert usage is not None
    assert {"reasoning_tokens": 0, "image_tokens": 1290} == usage["completion_tokens_details"]
