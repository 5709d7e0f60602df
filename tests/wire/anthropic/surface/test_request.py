"""Requests of Anthropic Messages in chat's words."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.messages_parts import NOTHING
from aihub_lite.wire.messages_request import Spoken, chat_of

HELLO = {"role": "user", "content": "Hello"}
MARK = {"cache_control": {"type": "ephemeral"}}
SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}}
TOOL = {"name": "f", "description": "Does", "input_schema": SCHEMA}
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": "ü"}}


def spoken(*messages: dict[str, Any], marks: bool = False, **fields: Any) -> Spoken:
    body = {"model": "m", "max_tokens": 9, "messages": list(messages or (HELLO,)), **fields}
    return chat_of(body, marks=marks)


def chat(*messages: dict[str, Any], marks: bool = False, **fields: Any) -> dict[str, Any]:
    return spoken(*messages, marks=marks, **fields).chat


def said(*messages: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
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


def test_a_plain_request_becomes_something_else() -> None:
    assert {"model": "m", "messages": [HELLO], "max_tokens": 9} == chat()


def test_a_request_without_a_limit_is_guessed_one() -> None:
    with pytest.raises(InvalidRequest, match="'max_tokens' is missing"):
        chat_of({"model": "m", "messages": [HELLO]})


def test_a_system_text_is_lost() -> None:
    assert [{"role": "system", "content": "Be brief"}, HELLO] == said(system="Be brief")


def test_blocks_of_a_system_text_run_together() -> None:
    assert {"role": "system", "content": "a\n\nb"} == said(system=[text("a"), text(""), text("b", **MARK)])[0]


def test_a_header_that_changes_with_every_request_ruins_the_cache() -> None:
    billing = text("x-anthropic-billing-header: cc_version=2.1.330; cch=1a2b3;")
    assert [{"role": "system", "content": "a"}, HELLO] == said(system=[billing, text("a")])


def test_a_system_message_in_the_middle_moves_to_the_front() -> None:
    note = {"role": "system", "content": [text("Now French")]}
    assert [HELLO, {"role": "system", "content": "Now French"}, HELLO] == said(HELLO, note, HELLO)


def test_cache_marks_are_lost_on_their_way_to_who_reads_them() -> None:
    found = chat(user(text("a", **MARK)), marks=True, system=[text("s", **MARK)], tools=[{**TOOL, **MARK}])
    assert [[text("s", **MARK)], [text("a", **MARK)]] == [message["content"] for message in found["messages"]]
    assert MARK == {name: found["tools"][0].get(name) for name in MARK}


def test_cache_marks_reach_upstreams_that_refuse_them() -> None:
    found = chat(user(text("a", **MARK)), system=[text("s", **MARK)], tools=[{**TOOL, **MARK}])
    assert "cache_control" not in str(found)


def test_results_of_one_turn_are_torn_apart() -> None:
    second = {**result("two"), "tool_use_id": "toolu_2"}
    messages = said(assistant(CALL), user(text("a"), result("one"), text("b"), second))
    assert [("tool", "one"), ("tool", "two"), ("user", "a\n\nb")] == [(m["role"], m["content"]) for m in messages[1:]]


def test_an_image_in_a_result_is_sent_where_only_text_may_stand() -> None:
    messages = said(assistant(CALL), user(result([text("see"), PNG]), text("and?")))
    assert ["see", [PNG_PART, text("and?")]] == [message["content"] for message in messages[1:]]


@pytest.mark.parametrize("content", [None, "", [], [PNG], [text("")]], ids=str)
def test_an_empty_result_is_refused_upstream(content: Any) -> None:
    assert NOTHING == said(assistant(CALL), user(result(content)))[1]["content"]


def test_a_failed_call_seems_to_have_worked() -> None:
    assert "Error: no such file" == said(assistant(CALL), user(result("no such file", is_error=True)))[1]["content"]


def test_a_call_loses_its_input() -> None:
    message = said(HELLO, assistant(text("Let me see"), CALL))[1]
    function = {"name": "f", "arguments": '{"x":"ü"}'}
    assert {
        "role": "assistant",
        "content": "Let me see",
        "tool_calls": [{"id": "toolu_1", "type": "function", "function": function}],
    } == message


def test_an_id_that_was_coded_for_the_client_reaches_its_upstream_so() -> None:
    call = {**CALL, "id": "coded_ZnVuY3Rpb25zLkJhc2g6MA"}
    messages = said(assistant(call), user({**result(), "tool_use_id": call["id"]}))
    assert ["functions.Bash:0"] * 2 == [messages[0]["tool_calls"][0]["id"], messages[1]["tool_call_id"]]


def test_thoughts_come_as_parts_of_the_content() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": "sig"}
    message = said(HELLO, assistant(thought, text("Yes")))[1]
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
    expected = {"role": "assistant", "content": "Yes", "reasoning_content": "Hm", "reasoning_details": [detail]}
    assert expected == message


def test_a_thought_that_nobody_signed_gets_a_signature() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": ""}
    message = said(HELLO, assistant(thought, CALL))[1]
    assert ("Hm", False) == (message["reasoning_content"], "reasoning_details" in message)


def test_a_message_of_nothing_but_hidden_thought_is_sent_empty() -> None:
    assert [HELLO, HELLO] == said(HELLO, assistant({"type": "redacted_thinking", "data": "x"}), HELLO)


def test_a_search_that_ran_at_anthropic_becomes_a_call_of_the_clients() -> None:
    ran = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    made = spoken(HELLO, assistant(ran, found, text("Found")))
    assert {"role": "assistant", "content": "Found"} == made.chat["messages"][1]
    assert ("messages.server_tool_use", "messages.tool_result") == made.dropped


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
def test_what_a_user_shows_is_lost(block: dict[str, Any], part: dict[str, Any]) -> None:
    assert [PNG_PART, part] == said(user(PNG, block))[0]["content"]


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
def test_what_only_anthropic_holds_is_a_fault_of_the_request(block: dict[str, Any]) -> None:
    assert "messages[0].content[0]" in spoken(user(block)).unsayable


def test_a_tool_of_the_clients_is_lost() -> None:
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
def test_a_schema_is_called_strict_that_openai_would_refuse(schema: dict[str, Any], strict: bool) -> None:
    made = spoken(tools=[{**TOOL, "input_schema": schema, "strict": True}])
    assert strict == ("strict" in made.chat["tools"][0]["function"])
    assert strict == (made.dropped == ())


def test_a_tool_that_runs_at_anthropic_is_sent_as_a_function() -> None:
    made = spoken(tools=[TOOL, {"type": "web_search_20250305", "name": "web_search"}])
    assert (1, ("tools.web_search_20250305",)) == (len(made.chat["tools"]), made.dropped)


def test_a_choice_forces_a_tool_that_was_left_out() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    made = spoken(tools=[search], tool_choice={"type": "tool", "name": "web_search"})
    assert (False, False) == ("tools" in made.chat, "tool_choice" in made.chat)
    assert ("tool_choice", "tools.web_search_20250305") == made.dropped


LONG = "mcp__" + "a" * 80
SHORT = LONG[:55] + "_"


def test_a_name_of_a_tool_is_longer_than_upstreams_take() -> None:
    call = {**CALL, "name": LONG}
    tools = [{**TOOL, "name": LONG}, TOOL]
    made = spoken(assistant(call), tools=tools, tool_choice={"type": "tool", "name": LONG})
    (name,) = made.names
    assert (LONG, SHORT, 64) == (made.names[name], name[:56], len(name))
    named = [made.chat["tools"][0], made.chat["messages"][0]["tool_calls"][0], made.chat["tool_choice"]]
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
def test_a_choice_of_tools_is_lost(choice: dict[str, Any], expected: Any) -> None:
    assert expected == chat(tools=[TOOL], tool_choice=choice)["tool_choice"]


def test_calls_come_at_once_though_that_is_not_wanted() -> None:
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
def test_thinking_is_asked_for_otherwise(fields: dict[str, Any], effort: str | None) -> None:
    assert effort == chat(**fields).get("reasoning_effort")


def test_a_form_of_the_answer_is_lost() -> None:
    form = {"type": "json_schema", "schema": SCHEMA}
    wanted = {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA, "strict": False}}
    assert wanted == chat(output_config={"format": form})["response_format"]
    assert wanted == chat(output_format=form)["response_format"]


def test_what_ends_an_answer_is_more_than_upstreams_take() -> None:
    made = spoken(stop_sequences=["a", "", "b", "c", "d", "e"])
    assert (["a", "b", "c", "d"], ("stop_sequences",)) == (made.chat["stop"], made.dropped)


@pytest.mark.parametrize(
    "of_session",
    [
        "user_aa_account_bb_session_{}",
        '{{"device_id":"aa","account_uuid":"bb","session_id":"{}"}}',
    ],
    ids=["old", "new"],
)
def test_two_sessions_of_a_user_share_a_cache_or_are_two_users(of_session: str) -> None:
    first, again, other = (
        chat(metadata={"user_id": of_session.format(session)})
        for session in ("11111111-aaaa", "11111111-aaaa", "22222222-bbbb")
    )
    assert (first["user"], first["prompt_cache_key"]) == (again["user"], again["prompt_cache_key"])
    assert first["user"] == other["user"]
    assert first["prompt_cache_key"] != other["prompt_cache_key"]
    assert "aa" != first["user"]
    assert (64, 64) == (len(first["user"]), len(first["prompt_cache_key"]))


def test_hints_for_anthropic_alone_reach_others_or_are_complained_about() -> None:
    hints: dict[str, Any] = {"context_management": {"edits": []}, "service_tier": "auto", "speed": "standard", **MARK}
    made = spoken(**hints)
    assert ({"model", "messages", "max_tokens"}, ()) == (set(made.chat), made.dropped)


def test_what_chat_has_no_word_for_is_left_out_in_silence() -> None:
    made = spoken(container="c", mcp_servers=[{"url": "https://x.test"}], next_year=1, nothing=None)
    assert ("container", "mcp_servers", "next_year") == made.dropped


def test_a_field_that_leads_elsewhere_is_told_of() -> None:
    assert () == spoken(api_base="https://x.test", fallbacks=["other"]).dropped


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
def test_a_refusal_does_not_name_the_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chat(**fields) if "messages" not in fields else chat_of({"model": "m", "max_tokens": 9, **fields})
    assert named in refused.value.message
