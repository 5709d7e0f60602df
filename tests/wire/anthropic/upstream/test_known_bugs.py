"""What other gateways got wrong on the way to Claude and back, each under the number that the three files share."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.upstream.stream import AnthropicStream
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.sse import EventSplitter
from tests.support.checkers.chat import CheckedStream, check_chat_stream
from tests.support.upstream.claude import messages, sent

HELLO = {"role": "user", "content": "Hello"}
OK = {"role": "assistant", "content": "OK"}
NEW = "claude-opus-5-5"
START: dict[str, Any] = {
    "type": "message_start",
    "message": {"id": "m", "usage": {"input_tokens": 100, "output_tokens": 1}},
}
END: list[dict[str, Any]] = [
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]


def stream_of(*blocks: dict[str, Any], end: Any = END) -> CheckedStream:
    """What a client has of a stream of blocks, whose texts and inputs come as one delta each."""
    return streamed(START, *[event for index, block in enumerate(blocks) for event in events_of(index, block)], *end)


def streamed(*events: dict[str, Any]) -> CheckedStream:
    raw = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}   \n\n" for event in events).encode()
    return read(raw)


def read(*pieces: bytes) -> CheckedStream:
    splitter = EventSplitter(1 << 20)
    stream = AnthropicStream()
    chat = ChatStream("m", "r", 1, include_usage=True)
    payloads = [payload for piece in pieces for payload in splitter.feed(piece)]
    sent = [event for payload in payloads for chunk in stream.push(payload) for event in chat.push_chunk(chunk)]
    return check_chat_stream(b"".join(sent + chat.end()), include_usage=True)


def events_of(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    deltas = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}
    kind, field = deltas.get(block["type"], ("input_json_delta", "partial_json"))
    start_block = dict(block)
    value = start_block.pop(field, None)
    start = {"type": "content_block_start", "index": index, "content_block": start_block}
    middle = {"type": "content_block_delta", "index": index, "delta": {"type": kind, field: value}}
    return [start, *([middle] if value is not None else []), {"type": "content_block_stop", "index": index}]


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def use(call_id: str, value: str | None = "{}") -> dict[str, Any]:
    block = {"type": "tool_use", "id": call_id, "name": "f", "input": {}}
    return block if value is None else {**block, "partial_json": value}


def call(call_id: str, arguments: str = "{}", name: str = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def calling(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def arguments(seen: CheckedStream) -> list[str]:
    return [tool_call["function"]["arguments"] for tool_call in seen.tool_calls]


def test_1_parallel_calls_after_thinking_and_text_do_not_all_have_index_0() -> None:
    seen = stream_of(
        {"type": "thinking", "thinking": "Hm"}, text("Let me see"), use("a", '{"x":1}'), use("b", '{"x":2}')
    )

    assert ['{"x":1}', '{"x":2}'] == arguments(seen)


def test_2_calls_at_blocks_0_and_1_do_not_collide() -> None:
    assert ['{"x":1}', '{"x":2}'] == arguments(stream_of(use("a", '{"x":1}'), use("b", '{"x":2}')))


def test_3_fragments_of_parallel_calls_are_not_run_together() -> None:
    first = events_of(0, use("a", '{"x":1}'))
    second = events_of(1, use("b", '{"x":2}'))
    seen = streamed(START, first[0], second[0], second[1], first[1], first[2], second[2], *END)

    assert ['{"x":1}', '{"x":2}'] == arguments(seen)


def test_4_a_call_whose_whole_input_is_in_its_first_event_does_not_lose_it() -> None:
    assert ['{"x":1}'] == arguments(stream_of({**use("a", None), "input": {"x": 1}}))


def test_5_thinking_inside_a_block_of_text_is_not_shown_as_text() -> None:
    seen = streamed(
        START,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Yes"}},
        {"type": "content_block_stop", "index": 0},
        *END,
    )

    assert ("Hm", "Yes") == (seen.reasoning, seen.content)


def test_5_a_message_that_starts_twice_is_one_message() -> None:
    again = {**START, "message": {**START["message"], "id": "other"}}
    seen = streamed(START, again, *events_of(0, text("Yes")), *END)

    assert ("m", "Yes") == (seen.id, seen.content)


def test_6_text_between_two_calls_does_not_end_up_in_their_arguments() -> None:
    seen = stream_of(use("a", '{"x":1}'), text("\n"), use("b", '{"x":2}'))

    assert (['{"x":1}', '{"x":2}'], "\n") == (arguments(seen), seen.content)


def test_7_a_call_that_ends_the_turn_is_not_taken_for_a_plain_end() -> None:
    end = [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"}]

    assert "tool_calls" == stream_of(use("a"), end=end).finish_reason


@pytest.mark.parametrize("model", [NEW, "claude-sonnet-4-5"])
def test_8_later_system_messages_do_not_change_the_beginning_of_the_prompt(model: str) -> None:
    begin = [{"role": "system", "content": "S"}, HELLO]
    short = sent({"messages": begin}, model)
    long = sent({"messages": [*begin, OK, HELLO, {"role": "system", "content": "Later"}, OK, HELLO]}, model)

    assert short["system"] == long["system"]
    assert short["messages"] == long["messages"][:1]


def test_9_thinking_is_sent_back_behind_the_very_bytes_that_it_came_from() -> None:
    begin = [{"role": "system", "content": "S"}, HELLO]
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1"}
    body = {
        "messages": begin,
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }
    answer = {**calling(call("toolu_1", '{"b":1,"a":2}')), "reasoning_details": [detail]}
    result = {"role": "tool", "tool_call_id": "toolu_1", "content": "x"}
    first = sent(body, NEW)
    second = sent({**body, "messages": [*begin, answer, result]}, NEW)

    assert (first["system"], first["tools"]) == (second["system"], second["tools"])
    assert json.dumps(first["messages"]) == json.dumps(second["messages"][:1])
    assert [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"b": 1, "a": 2}},
    ] == second["messages"][1]["content"]


def test_10_counts_of_start_and_end_are_not_added() -> None:
    usage = {"input_tokens": 100, "cache_read_input_tokens": 50, "output_tokens": 9}
    end: Any = [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}, END[1]]
    seen = stream_of(text("a"), end=end)

    assert seen.usage is not None
    assert (150, 9, 50) == (
        seen.usage["prompt_tokens"],
        seen.usage["completion_tokens"],
        seen.usage["prompt_tokens_details"]["cached_tokens"],
    )


def test_11_a_line_separator_inside_a_text_does_not_cut_the_event() -> None:
    value = "a\u2028b\u2029c\x85d\x0be"
    raw = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events_of(0, text(value))]
    ends = [f"data: {json.dumps(event)}\n\n".encode() for event in END]
    start = f"data: {json.dumps(START)}\n\n".encode()

    assert value == read(start, *raw, *ends).content


def test_12_a_stream_cut_inside_a_sign_is_put_together() -> None:
    events = [START, *events_of(0, text("日本😀")), *END]
    raw = "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events).encode()

    assert {"日本😀"} == {read(raw[:cut], raw[cut:]).content for cut in range(len(raw))}


@pytest.mark.parametrize("empty", ["", [{"type": "text", "text": ""}], None])
def test_13_empty_text_and_empty_results_are_not_sent_as_empty_blocks(empty: Any) -> None:
    turns = messages(
        {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "x"}]},
        {**calling(call("a")), "content": empty},
        {"role": "tool", "tool_call_id": "a", "content": empty},
    )
    blocks = [block for message in turns for block in message["content"]]

    assert ["text", "tool_use", "tool_result"] == [block["type"] for block in blocks]
    assert "content" not in blocks[-1]


def test_16_a_budget_is_not_asked_for_behind_a_call_without_thinking() -> None:
    chat = [HELLO, calling(call("a")), {"role": "tool", "tool_call_id": "a", "content": "x"}]

    assert "thinking" not in sent({"messages": chat, "reasoning_effort": "high"}, "claude-sonnet-4-5")


def test_18_the_type_of_a_tool_does_not_overwrite_that_of_its_parameters() -> None:
    tool = {"type": "custom", "name": "f", "input_schema": {"type": "object", "properties": {}}}

    assert {"type": "object", "properties": {}} == sent({"tools": [tool]})["tools"][0]["input_schema"]


def test_19_a_schema_that_refers_to_itself_is_not_unfolded() -> None:
    node = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"$defs": {"n": node}, "$ref": "#/$defs/n"}}}

    assert len(json.dumps(sent({"response_format": form})["output_config"])) < 400


@pytest.mark.parametrize("tool", [{"type": "custom", "custom": {"name": "apply_patch"}}, {"type": "namespace"}])
def test_20_a_tool_that_claude_cannot_have_is_not_lost_in_silence(tool: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"tools\[0\]"):
        sent({"tools": [tool]})


def test_21_results_follow_their_calls_though_other_messages_stand_between() -> None:
    turns = messages(
        HELLO,
        calling(call("a")),
        {"role": "developer", "content": "D"},
        HELLO,
        {"role": "tool", "tool_call_id": "a", "content": "x"},
    )

    assert ["tool_result", "text", "text"] == [block["type"] for block in turns[2]["content"]]


def test_22_results_are_first_and_together() -> None:
    result = {"role": "tool", "tool_call_id": "a", "content": "x"}
    turns = messages(HELLO, calling(call("a"), call("b")), HELLO, result, HELLO, {**result, "tool_call_id": "b"})

    assert ["tool_result", "tool_result", "text", "text"] == [block["type"] for block in turns[2]["content"]]


def test_24_arguments_of_a_server_tool_are_not_those_of_a_call() -> None:
    server = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}, "partial_json": '{"query":"x"}'}

    assert ['{"x":1}'] == arguments(stream_of(server, use("a", '{"x":1}')))


def test_25_a_call_without_arguments_has_an_empty_object() -> None:
    assert ["{}", "{}"] == arguments(stream_of(use("a", None), use("b", "")))


def test_26_texts_keep_their_quotes_and_calls_that_cannot_be_read_are_kept() -> None:
    turns = messages({"role": "user", "content": '"quoted"'}, HELLO, calling(call("a", "{broken")))

    assert ['"quoted"', "Hello"] == [block["text"] for block in turns[0]["content"]]
    assert {"_raw": "{broken"} == turns[1]["content"][0]["input"]


def test_26_an_effort_is_not_said_as_a_budget_to_models_that_refuse_one() -> None:
    assert "adaptive" == sent({"reasoning_effort": "high"}, "claude-opus-4-7")["thinking"]["type"]


def test_26_the_cache_mark_of_the_system_prompt_is_kept() -> None:
    system = {"role": "system", "content": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}]}

    assert {"type": "ephemeral"} == sent({"messages": [system, HELLO]})["system"][0]["cache_control"]


def test_27_a_null_is_not_sent_for_what_is_absent() -> None:
    part = {"type": "text", "text": "x", "cache_control": None, "citations": None}
    tool = {"type": "function", "function": {"name": "f", "description": None, "strict": None}, "cache_control": None}
    body = sent(
        {"messages": [{"role": "user", "content": [part]}], "tools": [tool], "temperature": None, "thinking": None}
    )

    assert {"type": "text", "text": "x"} == body["messages"][0]["content"][0]
    assert "null" not in json.dumps(body)
