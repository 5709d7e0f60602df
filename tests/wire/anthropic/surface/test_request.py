"""Requests of Anthropic Messages in chat's words."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.surface.content import NOTHING
from aihub_lite.wire.anthropic.surface.to_chat import ChatTranslation, chat_of

HELLO = {"role": "user", "content": "Hello"}
MARK = {"cache_control": {"type": "ephemeral"}}
SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}}
TOOL = {"name": "f", "description": "Does", "input_schema": SCHEMA}
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": "ü"}}


def translated(*messages: dict[str, Any], marks: bool = False, **fields: Any) -> ChatTranslation:
    body = {"model": "m", "max_tokens": 9, "messages": list(messages or (HELLO,)), **fields}
    return chat_of(body, marks=marks)


def chat(*messages: dict[str, Any], marks: bool = False, **fields: Any) -> dict[str, Any]:
    return translated(*messages, marks=marks, **fields).body


def turns(*messages: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chat(*messages, **fields)["messages"]
    return found


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def result(content: Any = "done", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "toolu_1", "content": content, **more}


def test_a_plain_request_is_the_same_in_chat() -> None:
    assert {"model": "m", "messages": [HELLO], "max_tokens": 9} == chat()


def test_a_request_without_a_limit_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="'max_tokens' is missing"):
        chat_of({"model": "m", "messages": [HELLO]})


def test_a_system_text_is_the_first_message() -> None:
    assert [{"role": "system", "content": "Be brief"}, HELLO] == turns(system="Be brief")


def test_blocks_of_a_system_text_are_set_apart_by_a_blank_line() -> None:
    assert {"role": "system", "content": "a\n\nb"} == turns(system=[text("a"), text(""), text("b", **MARK)])[0]


def test_the_billing_header_of_claude_code_is_left_out() -> None:
    """The header changes with every request, so no prompt would ever be read from a cache."""
    billing = text("x-anthropic-billing-header: cc_version=2.1.330; cch=1a2b3;")
    assert [{"role": "system", "content": "a"}, HELLO] == turns(system=[billing, text("a")])


def test_a_system_message_in_the_middle_stays_there() -> None:
    note = {"role": "system", "content": [text("Now French")]}
    assert [HELLO, {"role": "system", "content": "Now French"}, HELLO] == turns(HELLO, note, HELLO)


def test_a_cache_mark_of_a_call_is_kept_for_upstreams_that_read_them() -> None:
    """A mark at the last call of a turn was lost on the way to OpenRouter, and nothing up to it was cached."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, **MARK}
    conversation = [user(text("a")), assistant(use), user(result())]
    marked, plain = (
        chat(*conversation, marks=marks, tools=[TOOL])["messages"][1]["tool_calls"][0] for marks in (True, False)
    )
    assert MARK == {name: marked.get(name) for name in MARK}
    assert marked == {**plain, **MARK}


def test_cache_marks_are_kept_for_upstreams_that_read_them() -> None:
    body = chat(user(text("a", **MARK)), marks=True, system=[text("s", **MARK)], tools=[{**TOOL, **MARK}])
    assert [[text("s", **MARK)], [text("a", **MARK)]] == [message["content"] for message in body["messages"]]
    assert MARK == {name: body["tools"][0].get(name) for name in MARK}


def test_cache_marks_are_left_out_for_other_upstreams() -> None:
    """Some refuse a request for them."""
    body = chat(user(text("a", **MARK)), system=[text("s", **MARK)], tools=[{**TOOL, **MARK}])
    assert "cache_control" not in str(body)


def test_results_of_one_turn_come_first_and_its_texts_together() -> None:
    second = {**result("two"), "tool_use_id": "toolu_2"}
    messages = turns(assistant(CALL), user(text("a"), result("one"), text("b"), second))
    assert [("tool", "one"), ("tool", "two"), ("user", "a\n\nb")] == [(m["role"], m["content"]) for m in messages[1:]]


def test_turns_of_one_role_in_a_row_are_one_message() -> None:
    """Two turns with a call each, then both results: OpenAI wants results right behind the message with their calls."""
    called = [assistant(text("a"), CALL), assistant({**CALL, "id": "toolu_2"})]
    answered = [user(result("1")), user({**result("2"), "tool_use_id": "toolu_2"}), user(text("b")), HELLO]

    asked, calls, first, second, said = turns(HELLO, HELLO, *called, *answered)

    assert {"role": "user", "content": "Hello\n\nHello"} == asked
    assert ("a", ["toolu_1", "toolu_2"]) == (calls["content"], [call["id"] for call in calls["tool_calls"]])
    assert [("toolu_1", "1"), ("toolu_2", "2")] == [(one["tool_call_id"], one["content"]) for one in (first, second)]
    assert {"role": "user", "content": "b\n\nHello"} == said


def test_a_refusal_names_the_turn_that_the_client_sent() -> None:
    with pytest.raises(InvalidRequest, match=r"'messages\[1\]\.content\[0\]\.text'"):
        turns(HELLO, user({"type": "text", "text": 5}))


def test_an_image_in_a_result_is_shown_by_the_user_after_it() -> None:
    messages = turns(assistant(CALL), user(result([text("see"), PNG]), text("and?")))
    assert ["see", [PNG_PART, text("and?")]] == [message["content"] for message in messages[1:]]


@pytest.mark.parametrize("content", [None, "", [], [PNG], [text("")]], ids=str)
def test_a_result_without_text_says_so(content: Any) -> None:
    assert NOTHING == turns(assistant(CALL), user(result(content)))[1]["content"]


def test_a_failed_call_says_error_in_its_result() -> None:
    assert "Error: no such file" == turns(assistant(CALL), user(result("no such file", is_error=True)))[1]["content"]


def test_a_call_keeps_its_input() -> None:
    message = turns(HELLO, assistant(text("Let me see"), CALL))[1]
    function = {"name": "f", "arguments": '{"x":"ü"}'}
    assert {
        "role": "assistant",
        "content": "Let me see",
        "tool_calls": [{"id": "toolu_1", "type": "function", "function": function}],
    } == message


def test_an_id_that_was_coded_for_the_client_is_decoded_for_its_upstream() -> None:
    call = {**CALL, "id": "coded_ZnVuY3Rpb25zLkJhc2g6MA"}
    messages = turns(assistant(call), user({**result(), "tool_use_id": call["id"]}))
    assert ["functions.Bash:0"] * 2 == [messages[0]["tool_calls"][0]["id"], messages[1]["tool_call_id"]]


def test_thoughts_are_reasoning_and_no_parts_of_the_content() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": "sig"}
    message = turns(HELLO, assistant(thought, text("Yes")))[1]
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    expected = {"role": "assistant", "content": "Yes", "reasoning_content": "Hm", "reasoning_details": [detail]}
    assert expected == message


def test_a_thought_that_nobody_signed_has_no_detail() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": ""}
    message = turns(HELLO, assistant(thought, CALL))[1]
    assert ("Hm", False) == (message["reasoning_content"], "reasoning_details" in message)


def test_a_message_of_nothing_but_hidden_thought_is_left_out() -> None:
    """Sent empty, it is refused."""
    assert [HELLO, HELLO] == turns(HELLO, assistant({"type": "redacted_thinking", "data": "x"}), HELLO)


def test_a_search_that_ran_at_anthropic_is_left_out_and_named() -> None:
    ran = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
    result_block = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    translation = translated(HELLO, assistant(ran, result_block, text("Found")))
    assert {"role": "assistant", "content": "Found"} == translation.body["messages"][1]
    assert ("messages.server_tool_use", "messages.tool_result") == translation.dropped


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (PNG, PNG_PART),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        ),
        (
            {
                "type": "document",
                "title": "a.pdf",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            },
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        ),
        (
            {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
            text("T\n\nwords"),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [PNG]}},
            PNG_PART,
        ),
        (
            {"type": "search_result", "title": "T", "source": "https://x.test", "content": [text("found")]},
            text("T\nhttps://x.test\nfound"),
        ),
    ],
    ids=["png", "url", "pdf", "text", "content", "search"],
)
def test_what_a_user_shows_is_a_part_of_the_content(block: dict[str, Any], part: dict[str, Any]) -> None:
    assert [PNG_PART, part] == turns(user(PNG, block))[0]["content"]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "something_of_next_year"},
    ],
    ids=str,
)
def test_what_only_anthropic_holds_can_only_be_asked_of_anthropic(block: dict[str, Any]) -> None:
    assert "messages[0].content[0]" in translated(user(block)).unsayable


def test_a_tool_of_the_clients_is_a_function() -> None:
    function = {"name": "f", "description": "Does", "parameters": SCHEMA}
    assert [{"type": "function", "function": function}] == chat(tools=[{**TOOL, "type": "custom"}])["tools"]


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({**SCHEMA, "additionalProperties": False, "required": ["x"]}, True),
        ({**SCHEMA, "additionalProperties": False}, False),
        (SCHEMA, False),
    ],
    ids=["closed", "optional", "open"],
)
def test_a_tool_is_strict_only_where_openai_takes_its_schema_so(schema: dict[str, Any], strict: bool) -> None:
    translation = translated(tools=[{**TOOL, "input_schema": schema, "strict": True}])
    assert strict == ("strict" in translation.body["tools"][0]["function"])
    assert strict == (translation.dropped == ())


def test_a_tool_that_runs_at_anthropic_is_left_out_and_named() -> None:
    translation = translated(tools=[TOOL, {"type": "web_search_20250305", "name": "web_search"}])
    assert (1, ("tools.web_search_20250305",)) == (len(translation.body["tools"]), translation.dropped)


def test_a_choice_of_a_tool_that_was_left_out_is_left_out_too() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    translation = translated(tools=[search], tool_choice={"type": "tool", "name": "web_search"})
    assert (False, False) == ("tools" in translation.body, "tool_choice" in translation.body)
    assert ("tool_choice", "tools.web_search_20250305") == translation.dropped


LONG = "mcp__" + "a" * 80
SHORT = LONG[:55] + "_"


def test_a_long_name_of_a_tool_is_short_everywhere_and_known_on_the_way_back() -> None:
    call = {**CALL, "name": LONG}
    tools = [{**TOOL, "name": LONG}, TOOL]
    translation = translated(assistant(call), tools=tools, tool_choice={"type": "tool", "name": LONG})
    (name,) = translation.tool_names
    assert (LONG, SHORT, 64) == (translation.tool_names[name], name[:56], len(name))
    named = [
        translation.body["tools"][0],
        translation.body["messages"][0]["tool_calls"][0],
        translation.body["tool_choice"],
    ]
    assert [name] * 3 == [each["function"]["name"] for each in named]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
    ],
    ids=str,
)
def test_a_choice_of_tools_is_said_in_chats_words(choice: dict[str, Any], expected: Any) -> None:
    assert expected == chat(tools=[TOOL], tool_choice=choice)["tool_choice"]


def test_one_call_at_a_time_is_asked_for() -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    assert chat(tools=[TOOL], tool_choice=choice)["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({}, None),
        ({"thinking": {"type": "disabled"}}, "none"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}, "xhigh"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8192}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 31999}}, "high"),
        ({"output_config": {"effort": "low"}}, "low"),
    ],
    ids=str,
)
def test_thinking_is_asked_for_by_effort(fields: dict[str, Any], effort: str | None) -> None:
    assert effort == chat(**fields).get("reasoning_effort")


def test_a_form_of_the_answer_is_a_response_format() -> None:
    form = {"type": "json_schema", "schema": SCHEMA}
    wanted = {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA, "strict": False}}
    assert wanted == chat(output_config={"format": form})["response_format"]
    assert wanted == chat(output_format=form)["response_format"]


def test_at_most_four_texts_end_an_answer() -> None:
    translation = translated(stop_sequences=["a", "", "b", "c", "d", "e"])
    assert (["a", "b", "c", "d"], ("stop_sequences",)) == (translation.body["stop"], translation.dropped)


@pytest.mark.parametrize(
    "of_session",
    [
        "user_aa_account_bb_session_{}",
        '{{"device_id":"aa","account_uuid":"bb","session_id":"{}"}}',
    ],
    ids=["old", "new"],
)
def test_two_sessions_of_a_user_are_one_user_with_two_caches(of_session: str) -> None:
    first, again, other = (
        chat(metadata={"user_id": of_session.format(session)})
        for session in ("11111111-aaaa", "11111111-aaaa", "22222222-bbbb")
    )
    assert (first["user"], first["prompt_cache_key"]) == (again["user"], again["prompt_cache_key"])
    assert first["user"] == other["user"]
    assert first["prompt_cache_key"] != other["prompt_cache_key"]
    assert "aa" != first["user"]
    assert (64, 64) == (len(first["user"]), len(first["prompt_cache_key"]))


def test_hints_for_anthropic_alone_are_left_out_in_silence() -> None:
    hints: dict[str, Any] = {"context_management": {"edits": []}, "service_tier": "auto", "speed": "standard", **MARK}
    translation = translated(**hints)
    assert ({"model", "messages", "max_tokens"}, ()) == (set(translation.body), translation.dropped)


def test_what_chat_has_no_word_for_is_left_out_and_named() -> None:
    translation = translated(container="c", mcp_servers=[{"url": "https://x.test"}], next_year=1, nothing=None)
    assert ("container", "mcp_servers", "next_year") == translation.dropped


def test_a_field_that_leads_elsewhere_is_left_out_in_silence() -> None:
    assert () == translated(api_base="https://x.test", fallbacks=["other"]).dropped


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": ""}, "'model'"),
        ({"max_tokens": 0}, "'max_tokens'"),
        ({"max_tokens": "9"}, "'max_tokens'"),
        ({"messages": []}, "'messages'"),
        ({"messages": "hello"}, "'messages'"),
        ({"messages": [1]}, "'messages[0]'"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "'messages[0].role'"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "'messages[0].role'"),
        ({"messages": [{"role": "user"}]}, "'messages[0].content'"),
        ({"messages": [user("x")]}, "'messages[0].content[0]'"),
        ({"messages": [user({"type": "text"})]}, "'messages[0].content[0].text'"),
        ({"messages": [user({"type": "image"})]}, "'messages[0].content[0].source'"),
        ({"messages": [user({"type": "tool_result"})]}, "'messages[0].content[0].tool_use_id'"),
        ({"messages": [assistant({**CALL, "input": []})]}, "'messages[0].content[0].input'"),
        ({"system": 1}, "'system'"),
        ({"system": [PNG]}, "'system[0].type'"),
        ({"tools": {}}, "'tools'"),
        ({"tools": [{"name": "f"}]}, "'tools[0].input_schema'"),
        ({"tools": [{"input_schema": {}}]}, "'tools[0].name'"),
        ({"tools": [{**TOOL, "description": 1}]}, "'tools[0].description'"),
        ({"tools": [{**TOOL, "type": 1}]}, "'tools[0].type'"),
        ({"tool_choice": "auto"}, "'tool_choice.type'"),
        ({"tool_choice": {"type": "tool"}}, "'tool_choice.name'"),
        ({"thinking": True}, "'thinking'"),
        ({"output_config": {"effort": "some"}}, "'output_config.effort'"),
        ({"output_config": {"format": {"type": "json_object"}}}, "'output_config.format'"),
        ({"stop_sequences": "x"}, "'stop_sequences'"),
        ({"temperature": "hot"}, "'temperature'"),
        ({"stream": "yes"}, "'stream'"),
        ({"metadata": "me"}, "'metadata'"),
    ],
    ids=str,
)
def test_a_refusal_names_the_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chat(**fields) if "messages" not in fields else chat_of({"model": "m", "max_tokens": 9, **fields})
    assert named in refused.value.message
