"""Messages: system, roles, media, tool results."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from tests.wire.gemini.wire import BUDGET, NEW, OLD, PIXEL, calling, contents, parts, result, translation_of, user

CALLED = [user(), calling(("a", "f", "{}"), ("b", "g", '{"x":1}'))]


def test_leading_system_and_developer_messages_become_the_system_instruction() -> None:
    messages = [
        {"role": "system", "content": "One."},
        {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
        user(),
    ]

    body = translation_of(messages).body

    assert {"parts": [{"text": "One."}, {"text": "Two."}]} == body["systemInstruction"]
    assert [{"role": "user", "parts": [{"text": "Hi"}]}] == body["contents"]


def test_a_later_system_message_stays_where_it_is() -> None:
    messages = [
        user("A"),
        {"role": "assistant", "content": "B"},
        user("C"),
        {"role": "system", "content": "Now in French."},
    ]

    body = translation_of(messages).body

    assert "systemInstruction" not in body
    assert [{"text": "C"}, {"text": "Now in French."}] == body["contents"][2]["parts"]


def test_a_model_without_system_instructions_gets_them_as_the_first_user_text() -> None:
    body = translation_of([{"role": "system", "content": "Be brief."}, user()], "gemma-3-27b-it").body

    assert "systemInstruction" not in body
    assert [{"text": "Be brief."}, {"text": "Hi"}] == body["contents"][0]["parts"]


def test_a_system_message_alone_still_gets_an_answer() -> None:
    body = translation_of([{"role": "system", "content": "Say hello."}]).body

    assert [{"role": "user", "parts": [{"text": "."}]}] == body["contents"]


def test_messages_of_one_role_in_a_row_become_one_turn() -> None:
    turns = contents([user("A"), user("B"), {"role": "assistant", "content": "C"}, user("D")])

    assert ["user", "model", "user"] == [turn["role"] for turn in turns]
    assert [{"text": "A"}, {"text": "B"}] == turns[0]["parts"]


def test_empty_texts_are_left_out_because_gemini_refuses_them() -> None:
    turns = contents(
        [user([{"type": "text", "text": ""}, {"type": "text", "text": "A"}]), {"role": "assistant", "content": ""}]
    )

    assert [{"role": "user", "parts": [{"text": "A"}]}] == turns


def test_a_conversation_that_begins_with_the_assistant_gets_a_user_turn_first() -> None:
    turns = contents([{"role": "assistant", "content": "Hello!"}, user()])

    assert ["user", "model", "user"] == [turn["role"] for turn in turns]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
            {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
        ),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;charset=utf-8;base64,{PIXEL}"}},
            {"inlineData": {"mimeType": "image/png", "data": PIXEL}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.webp?x=1.png"}},
            {"fileData": {"fileUri": "https://example.com/a.webp?x=1.png", "mimeType": "image/webp"}},
        ),
        (
            {"type": "image_url", "image_url": "https://example.com/photo"},
            {"fileData": {"fileUri": "https://example.com/photo", "mimeType": "image/jpeg"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}},
            {"inlineData": {"mimeType": "audio/mp3", "data": "SUQz"}},
        ),
        (
            {"type": "file", "file": {"file_data": "JVBERi0=", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/csv;base64,YSxi", "filename": "a.csv"}},
            {"inlineData": {"mimeType": "text/csv", "data": "YSxi"}},
        ),
        (
            {"type": "file", "file": {"file_id": "files/abc", "filename": "a.mp3"}},
            {
                "fileData": {
                    "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc",
                    "mimeType": "audio/mp3",
                }
            },
        ),
        (
            {"type": "video_url", "video_url": {"url": "https://youtu.be/lCdaVNyHtjU"}},
            {"fileData": {"fileUri": "https://youtu.be/lCdaVNyHtjU", "mimeType": "video/mp4"}},
        ),
    ],
)
def test_media_become_inline_data_or_file_data(part: dict[str, Any], expected: dict[str, Any]) -> None:
    assert [expected] == parts([part])


def test_the_detail_of_an_image_is_its_resolution_where_the_model_knows_one() -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "low"}}

    assert {"level": "MEDIA_RESOLUTION_LOW"} == parts([image], NEW)[0]["mediaResolution"]
    assert "mediaResolution" not in parts([image], BUDGET)[0]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "ftp://example.com/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png,notbase64"}},
        {"type": "image_url"},
        {"type": "input_audio", "input_audio": {}},
        {"type": "file", "file": {"file_id": "file-of-openai"}},
        {"type": "hologram"},
        {"type": "text"},
        7,
    ],
)
def test_a_part_that_gemini_cannot_take_is_refused_by_its_name(part: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.content\[0\]"):
        parts([part])


def test_arguments_are_an_object_even_when_the_client_kept_none() -> None:
    turns = contents([user(), calling(("a", "f", ""), ("b", "f", "{}"), ("c", "f", "not json"), ("d", "f", "[1]"))])

    args = [part["functionCall"]["args"] for part in turns[1]["parts"]]
    assert [{}, {}, {"_raw": "not json"}, {"_raw": "[1]"}] == args


def test_ids_of_calls_are_sent_only_to_models_that_know_them() -> None:
    messages = [user(), calling(("a", "f", "{}")), result("a", "1")]

    new = contents(messages, NEW)
    old = contents(messages, BUDGET)

    assert ("a", "a") == (
        new[1]["parts"][0]["functionCall"]["id"],
        new[2]["parts"][0]["functionResponse"]["id"],
    )
    assert "id" not in old[1]["parts"][0]["functionCall"]
    assert "id" not in old[2]["parts"][0]["functionResponse"]


def test_results_of_one_turn_are_one_content_in_the_order_of_the_calls() -> None:
    turns = contents([*CALLED, result("b", "2"), result("a", "1"), user("Go on")])

    names = [part["functionResponse"]["name"] for part in turns[2]["parts"]]
    assert ["f", "g"] == names
    assert {"role": "user", "parts": [{"text": "Go on"}]} == turns[3]


@pytest.mark.parametrize(
    ("content", "response"),
    [
        ('{"temperature": 21}', {"temperature": 21}),
        ("sunny", {"result": "sunny"}),
        ("[1, 2]", {"result": "[1, 2]"}),
        ("{not json", {"result": "{not json"}),
        ("", {"result": ""}),
        (None, {"result": ""}),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], {"result": "a\nb"}),
    ],
)
def test_a_result_is_an_object_whatever_the_tool_said(content: Any, response: dict[str, Any]) -> None:
    turns = contents([*CALLED, result("a", content)])

    assert response == turns[2]["parts"][0]["functionResponse"]["response"]


@pytest.mark.parametrize(
    "text",
    [
        '{"$ref": "#/components/schemas/Pet"}',
        '{"paths": [{"get": {"schema": {"$ref": "#/components/schemas/Pet"}}}]}',
        '{"a": {"\\u0024ref": "x"}}',
    ],
)
def test_a_result_with_a_reference_in_it_is_sent_as_text(text: str) -> None:
    """Whoever let a tool read an OpenAPI document got 400 from Gemini, with every request from then on."""
    turns = contents([*CALLED, result("a", text)])

    assert {"result": text} == turns[2]["parts"][0]["functionResponse"]["response"]


def test_a_result_that_only_speaks_of_references_stays_an_object() -> None:
    turns = contents([*CALLED, result("a", '{"answer": "use $ref, \\u00fc"}')])

    assert {"answer": "use $ref, ü"} == turns[2]["parts"][0]["functionResponse"]["response"]


def test_an_image_in_a_result_goes_inside_it_or_into_a_turn_of_its_own() -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    messages = [*CALLED, result("a", [{"type": "text", "text": "here"}, image]), result("b", "2")]
    blob = {"inlineData": {"mimeType": "image/png", "data": PIXEL}}

    new = contents(messages, NEW)
    old = contents(messages, OLD)

    assert [blob] == new[2]["parts"][0]["functionResponse"]["parts"]
    assert {"role": "user", "parts": [blob]} == old[3]
    assert all("functionResponse" in part for part in old[2]["parts"])


def test_results_find_their_calls_when_ids_are_empty_or_used_again() -> None:
    messages = [
        user(),
        calling(("", "f", "{}"), ("", "g", "{}")),
        result("", "1"),
        result("", "2"),
        calling(("", "h", "{}")),
        result("", "3"),
    ]

    turns = contents(messages)

    assert ["f", "g"] == [part["functionResponse"]["name"] for part in turns[2]["parts"]]
    assert ["h"] == [part["functionResponse"]["name"] for part in turns[4]["parts"]]


def test_functions_of_the_older_api_are_calls_and_results_too() -> None:
    messages = [
        user(),
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x":1}'}},
        {"role": "function", "name": "f", "content": "1"},
    ]

    turns = contents(messages, BUDGET)

    assert {"name": "f", "args": {"x": 1}} == turns[1]["parts"][0]["functionCall"]
    assert {"name": "f", "response": {"result": "1"}} == turns[2]["parts"][0]["functionResponse"]


def test_a_result_without_a_call_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[1\]\.tool_call_id"):
        contents([user(), result("nobody", "1")])


def test_reasoning_of_earlier_turns_is_not_sent_back_without_its_signature() -> None:
    turns = contents([user(), {"role": "assistant", "content": "B", "reasoning_content": "Hmm."}])

    assert [{"text": "B"}] == turns[1]["parts"]


def test_an_image_that_the_model_drew_goes_back_with_its_signature() -> None:
    image = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{PIXEL}"},
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }

    turns = contents([user(), {"role": "assistant", "content": "Here.", "images": [image]}])

    expected = {"inlineData": {"mimeType": "image/png", "data": PIXEL}, "thoughtSignature": "c2ln"}
    assert [{"text": "Here."}, expected] == turns[1]["parts"]


def test_the_clients_own_objects_are_never_changed() -> None:
    messages = [user("A"), user("B"), calling(("a", "f", "{}")), result("a", "1")]
    before = repr(messages)

    contents(messages)
    contents(messages)

    assert before == repr(messages)
