"""Responses requests as chat requests: nothing of them is lost, and the order is one that upstreams take."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.responses.kept import PreviousResponseNotFound
from aihub_lite.wire.responses.reasoning import SignedParts, seal, unseal
from tests.support.upstream.claude import checked as to_anthropic
from tests.wire.gemini.wire import checked as to_gemini
from tests.wire.responses.exchanges import ENCRYPTED, call, messages, new_request, stream_of

USER = {"role": "user", "content": "hi"}
FUNCTION = {
    "type": "function",
    "name": "look",
    "description": "Looks.",
    "parameters": {"type": "object"},
    "strict": True,
}
CUSTOM = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: line+"},
}
NAMESPACE = {
    "type": "namespace",
    "name": "mcp__files",
    "description": "Files.",
    "tools": [{**FUNCTION, "name": "read"}],
}


def function_call(name: str = "look", call_id: str = "c1", **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}", **more}


def chat_call(name: str = "look", call_id: str = "c1", arguments: str = "{}") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def output(call_id: str = "c1", result: Any = "seen", **more: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": result, **more}


def tool(call_id: str = "c1", content: str = "seen") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def answer(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def body(**fields: Any) -> dict[str, Any]:
    chat = new_request(**fields).chat.body
    return {name: value for name, value in chat.items() if name not in ("model", "messages", "stream")}


def test_instructions_become_the_system_message() -> None:
    request = new_request(instructions="Be brief.")
    assert [{"role": "system", "content": "Be brief."}, USER] == request.chat.body["messages"]


def test_text_and_calls_of_one_turn_are_one_message() -> None:
    items = [USER, answer("I look."), function_call(), function_call(call_id="c2"), output(), output("c2")]
    assert [
        USER,
        {"role": "assistant", "content": "I look.", "tool_calls": [chat_call(), chat_call(call_id="c2")]},
        tool(),
        tool("c2"),
    ] == messages(*items)


def test_results_stand_directly_behind_their_calls() -> None:
    note = {"role": "developer", "content": "Hurry."}
    items = [USER, function_call(), function_call(call_id="c2"), note, output("c2"), answer("Done."), output()]
    calls = {"role": "assistant", "content": None, "tool_calls": [chat_call(), chat_call(call_id="c2")]}
    assert [USER, calls, tool("c2"), tool(), note, {"role": "assistant", "content": "Done."}] == messages(*items)


def test_a_result_without_its_call_is_said_by_the_user() -> None:
    assert [USER, {"role": "user", "content": "seen"}] == messages(USER, output("gone"))


def test_two_answers_in_a_row_stay_two() -> None:
    assert ["a", "b"] == [message["content"] for message in messages(answer("a"), answer("b"))]


@pytest.mark.parametrize(
    ("items", "name", "arguments"),
    [
        ({"type": "custom_tool_call", "name": "apply_patch", "input": 'a "b"'}, "apply_patch", '{"input":"a \\"b\\""}'),
        (
            {"type": "function_call", "name": "read", "namespace": "mcp__files", "arguments": ""},
            "mcp__files__read",
            "{}",
        ),
        ({"type": "local_shell_call", "action": {"type": "exec", "command": ["ls"], "env": {}}}, "local_shell", None),
        ({"type": "shell_call", "action": {"commands": ["ls"]}}, "shell", '{"commands":["ls"]}'),
        (
            {"type": "apply_patch_call", "operation": {"type": "delete_file", "path": "a"}},
            "apply_patch",
            '{"type":"delete_file","path":"a"}',
        ),
    ],
)
def test_a_call_of_any_kind_becomes_a_function_call_with_its_result(
    items: dict[str, Any], name: str, arguments: str | None
) -> None:
    result = {"type": items["type"] + "_output", "call_id": "c1", "output": "seen"}
    if items["type"] == "shell_call":
        result["output"] = [{"stdout": "seen", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]
    _, chat_call_message, chat_result = messages(USER, {"call_id": "c1", **items}, result)
    assert [chat_call(name, arguments=arguments or '{"command":["ls"]}')] == chat_call_message["tool_calls"]
    assert ("tool", "c1", "seen") == (chat_result["role"], chat_result["tool_call_id"], chat_result["content"][:4])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"temperature": 21}, '{"temperature":21}'),
        ([{"city": "Rome"}, {"city": "Oslo"}], '[{"city":"Rome"},{"city":"Oslo"}]'),
        ([1, 2], "[1,2]"),
        ([{"type": "error", "code": 5}], '[{"type":"error","code":5}]'),
        (5, "5"),
        ({"content": "seen", "success": True}, "seen"),
        ([{"type": "input_text", "text": "seen"}, {"type": "unknown"}], "seen"),
        ([], "(no output)"),
    ],
)
def test_a_result_may_be_any_json(given: Any, said: str) -> None:
    """The tool gave an object, and the client passed it on: a 400, or a model that was told of no output."""
    assert said == messages(USER, function_call(), output(result=given))[2]["content"]


def test_an_image_in_a_result_is_shown_by_the_user() -> None:
    parts = [{"type": "input_text", "text": "this:"}, {"type": "input_image", "image_url": "https://x.test/a.png"}]
    _, _, result, shown = messages(USER, function_call(), output(result=parts))
    assert (tool(content="this:"), "user") == (result, shown["role"])
    assert [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}] == shown["content"]


def test_media_of_the_user_become_chat_parts() -> None:
    parts = [
        {"type": "input_text", "text": "a"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "high"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"},
    ]
    (message,) = messages({"role": "user", "content": parts})
    assert [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "high"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}},
    ] == message["content"]


def test_text_parts_become_one_string() -> None:
    parts = [{"type": "input_text", "text": text} for text in "ab"]
    assert [{"role": "user", "content": "a\n\nb"}] == messages({"role": "user", "content": parts})


@pytest.mark.parametrize("kind", ["web_search_call", "compaction", "mcp_list_tools", "of_next_year"])
def test_an_item_of_an_unknown_kind_is_passed_over(kind: str) -> None:
    assert [USER] == messages({"type": kind, "id": "x_1"}, USER)


def test_tools_of_every_kind_become_functions() -> None:
    names = [
        tool["function"]["name"] for tool in body(tools=[FUNCTION, CUSTOM, NAMESPACE, {"type": "local_shell"}])["tools"]
    ]
    assert ["look", "apply_patch", "mcp__files__read", "local_shell"] == names


def test_a_grammar_is_part_of_the_description() -> None:
    (custom,) = body(tools=[CUSTOM])["tools"]
    assert custom["function"]["description"].startswith("Edits files.\n\n")
    assert "start: line+" in custom["function"]["description"]
    assert ["input"] == custom["function"]["parameters"]["required"]


def test_a_tool_that_only_openai_runs_is_dropped_and_named() -> None:
    request = new_request(tools=[FUNCTION, {"type": "web_search"}, {"type": "mcp", "server_label": "x"}])
    assert (("tools.web_search", "tools.mcp"), 1) == (request.dropped, len(request.chat.body["tools"]))


def test_tools_that_stand_among_the_items_are_offered() -> None:
    search = {"type": "tool_search_output", "call_id": "t", "tools": [NAMESPACE]}
    more = {"type": "additional_tools", "role": "developer", "tools": [FUNCTION]}
    names = [tool["function"]["name"] for tool in new_request(input=[USER, search, more]).chat.body["tools"]]
    assert ["mcp__files__read", "look"] == names


def test_a_long_name_without_a_namespace_is_shortened_too() -> None:
    """Names of MCP tools go up to 128 characters: chat upstreams refused the request."""
    name = "n" * 70
    request = new_request(tools=[{"type": "function", "name": name}], tool_choice={"type": "function", "name": name})
    (tool,) = request.chat.body["tools"]
    short = tool["function"]["name"]

    assert (64, name) == (len(short), request.tools.by_function[short].name)
    assert short == request.chat.body["tool_choice"]["function"]["name"]
    assert short == messages(USER, function_call(name))[1]["tool_calls"][0]["function"]["name"]


def test_a_long_name_is_shortened_alike_in_tools_and_history() -> None:
    namespace = {**NAMESPACE, "name": "n" * 60}
    request = new_request(tools=[namespace])
    name = request.chat.body["tools"][0]["function"]["name"]
    assert 64 == len(name)
    assert ("read", "n" * 60) == (request.tools.by_function[name].name, request.tools.by_function[name].namespace)
    history = messages(USER, function_call("read", namespace="n" * 60))
    assert name == history[1]["tool_calls"][0]["function"]["name"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("required", "required"),
        ({"type": "function", "name": "look"}, {"type": "function", "function": {"name": "look"}}),
        ({"type": "custom", "name": "apply_patch"}, {"type": "function", "function": {"name": "apply_patch"}}),
        ({"type": "web_search"}, None),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "look"}]},
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "look"}}]},
            },
        ),
    ],
)
def test_the_choice_of_a_tool_becomes_chats(choice: Any, expected: Any) -> None:
    assert expected == body(tools=[FUNCTION, CUSTOM], tool_choice=choice).get("tool_choice")


def test_a_choice_without_tools_is_left_out() -> None:
    assert {} == body(tools=[], tool_choice="auto", parallel_tool_calls=True)


def test_settings_become_their_counterparts_in_chat() -> None:
    schema = {"type": "json_schema", "name": "s", "schema": {"type": "object"}, "strict": True}
    fields = {
        "text": {"format": schema, "verbosity": "low"},
        "reasoning": {"effort": "high", "summary": "auto"},
        "max_output_tokens": 99,
        "top_logprobs": 2,
    }
    same = {"temperature": 0.5, "top_p": 0.9, "prompt_cache_key": "k", "safety_identifier": "s", "service_tier": "flex"}
    assert {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "s", "schema": {"type": "object"}, "strict": True},
        },
        "verbosity": "low",
        "reasoning_effort": "high",
        "max_tokens": 99,
        "logprobs": True,
        "top_logprobs": 2,
        **same,
    } == body(**fields, **same, store=False, include=[ENCRYPTED], truncation="auto", client_metadata={"a": "b"})


def test_a_field_of_an_upstreams_own_is_passed_on() -> None:
    assert {"provider": {"sort": "price"}} == body(provider={"sort": "price"})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"previous_response_id": "resp_1"}, "resp_1"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
        ({"input": [{"id": "msg_1"}]}, "input[0]"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "tool", "content": "a"}]}, "input[0].role"),
        ({"input": [USER, {"type": "function_call", "call_id": "c", "name": "", "arguments": "{}"}]}, "input[1].name"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{**NAMESPACE, "tools": [{"type": "function"}]}]}, "tools[0].tools[0].name"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"include": "reasoning"}, "include"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"tools": [FUNCTION], "tool_choice": "any"}, "tool_choice"),
    ],
)
def test_a_refusal_names_the_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named.replace("[", r"\[").replace("]", r"\]")):
        new_request(**fields)


@pytest.mark.parametrize("part", [{"type": "input_image", "file_id": "f"}, {"type": "input_file", "file_id": "f"}])
def test_a_file_that_one_provider_holds_is_asked_of_no_chat_upstream(part: dict[str, Any]) -> None:
    request = new_request(input=[{"role": "user", "content": ["Look", part]}])
    with pytest.raises(
        InvalidRequest, match=r"'input\[0\].content\[1\]' is an? (image|file) that only its own provider"
    ):
        request.check_translatable()


def test_a_previous_response_is_refused_with_the_code_that_clients_know() -> None:
    with pytest.raises(PreviousResponseNotFound) as refused:
        new_request(previous_response_id="resp_1")
    assert "previous_response_not_found" == refused.value.code


def test_reasoning_that_is_only_pointed_at_is_done_without() -> None:
    assert [USER, {"role": "assistant", "content": "a"}] == messages(
        USER, {"type": "item_reference", "id": "rs_1"}, answer("a")
    )


def test_reasoning_goes_back_with_the_message_it_led_to() -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]}
    assert "Hm." == messages(USER, reasoning, function_call())[1]["reasoning_content"]


def test_what_another_encrypted_is_passed_over() -> None:
    foreign = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAABo"}
    assert {"role": "assistant", "content": "a"} == messages(USER, foreign, answer("a"))[1]


@pytest.mark.parametrize("content", ["aihub-v1.", "aihub-v1.!!", "aihub-v1.bnVsbA", "aihub-v1.eyJkZXRhaWxzIjozfQ", "ü"])
def test_what_was_changed_on_its_way_holds_nothing(content: str) -> None:
    assert not unseal(content)


CLAUDE = {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}
EXTRA = {"google": {"thought_signature": "c2lnbmF0dXJl"}}
TRAIL = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "index": 0, "data": "dHJhaWw=", "text": [7, 7]}


def again(*deltas: dict[str, Any], reason: str = "tool_calls") -> Any:
    """The request that a client sends after an answer of these deltas: its items as they came, and a result."""
    request = new_request(include=[ENCRYPTED], tools=[FUNCTION])
    items = stream_of(request, *deltas, reason=reason).output
    return new_request(include=[ENCRYPTED], tools=[FUNCTION], input=[USER, *items, output("call_1")])


def test_claude_gets_its_signed_thinking_back() -> None:
    request = again(
        {"reasoning_content": "Hm."}, {"reasoning_details": [CLAUDE]}, {"content": "I look."}, call("look", "{}")
    )
    _, answer, _ = to_anthropic(request.chat, "claude-opus-4-6").body["messages"]
    assert ["thinking", "text", "tool_use"] == [block["type"] for block in answer["content"]]
    assert {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"} == answer["content"][0]


def test_claudes_thinking_between_text_and_call_keeps_its_place() -> None:
    later = {**CLAUDE, "index": 1, "position": 1, "signature": "c2lnMg=="}
    deltas = ({"reasoning_content": "Hm."}, {"reasoning_details": [CLAUDE]}, {"content": "I look."})
    request = again(*deltas, {"reasoning_content": "Hm."}, {"reasoning_details": [later]}, call("look", "{}"))
    _, answer, _ = to_anthropic(request.chat, "claude-opus-4-6").body["messages"]
    assert ["thinking", "text", "thinking", "tool_use"] == [block["type"] for block in answer["content"]]


def test_gemini_gets_its_signatures_back() -> None:
    request = again({"content": "I look."}, {"reasoning_details": [TRAIL]}, call("look", "{}", extra_content=EXTRA))
    _, answer, _ = to_gemini(request.chat, "gemini-3-pro").body["contents"]
    signed = [part for part in answer["parts"] if "thoughtSignature" in part]
    assert ["", "look"] == [part.get("text", part.get("functionCall", {}).get("name")) for part in signed]
    assert ["dHJhaWw=", "c2lnbmF0dXJl"] == [part["thoughtSignature"] for part in signed]


def test_a_signature_at_the_end_of_an_answer_comes_back_with_it() -> None:
    request = new_request(include=[ENCRYPTED])
    items = stream_of(request, {"content": "I look."}, {"reasoning_details": [TRAIL]}).output
    _, answer, _ = new_request(include=[ENCRYPTED], input=[USER, *items, USER]).chat.body["messages"]
    assert ("I look.", [TRAIL]) == (answer["content"], answer["reasoning_details"])


def test_what_is_sealed_opens_unchanged() -> None:
    signed = SignedParts([CLAUDE], {"c1": EXTRA}, {"google": {"parts": [1]}})
    assert signed == unseal(seal(signed))
