"""Streams of upstreams that bend the rules come out in the one form that clients accept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming._deltas import accumulate_delta

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.keepalive import idle_event
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.sse import DONE
from tests.support.checkers.chat import CheckedStream, check_chat_stream
from tests.support.examples import examples

Json = dict[str, Any]


def new(*, include_usage: bool = False) -> ChatStream:
    return ChatStream("asked-for", "r1", 1_700_000_000, include_usage)


def chunk(*choices: Json, **fields: Any) -> bytes:
    head = {"id": "up-1", "object": "chat.completion.chunk", "created": 5, "model": "upstream-model"}
    return json.dumps({**head, "choices": list(choices), **fields}).encode()


def delta(index: int = 0, reason: str | None = None, /, **fields: Any) -> Json:
    return {"index": index, "delta": fields, "finish_reason": reason}


def call(index: int | None = 0, call_id: str | None = None, name: str | None = None, arguments: Any = None) -> Json:
    parts = {"index": index, "id": call_id, "type": "function"}
    function = {"name": name, "arguments": arguments}
    return {
        **{key: value for key, value in parts.items() if value is not None},
        "function": {key: value for key, value in function.items() if value is not None},
    }


def relayed(*chunks: bytes, include_usage: bool = False, stream: ChatStream | None = None) -> CheckedStream:
    """What a client has at the end, having checked every rule on the way."""
    stream = stream or new(include_usage=include_usage)
    sent = [event for payload in chunks for event in stream.push(payload)] + stream.end()
    return check_chat_stream(b"".join(sent), include_usage=stream.include_usage)


def relayed_calls(*calls: Json, reason: str = "tool_calls") -> list[Json]:
    checked = relayed(*(chunk(delta(tool_calls=[piece])) for piece in calls), chunk(delta(0, reason)))
    assert "tool_calls" == checked.finish_reason
    return checked.tool_calls


def as_calls(*calls: tuple[str, str, str]) -> list[Json]:
    return [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, name, arguments in calls
    ]


STOP = chunk(delta(0, "stop"))


def test_the_answer_goes_by_the_name_the_client_asked_for() -> None:
    checked = relayed(chunk(delta(content="hi")), STOP)

    assert ("asked-for", "up-1", "hi") == (checked.model, checked.id, checked.content)


def test_missing_ids_and_times_are_made_and_stay_the_same() -> None:
    checked = relayed(b'{"choices":[{"delta":{"content":"a"}}]}', chunk(delta(content="b")), STOP)

    assert ("chatcmpl-r1", "ab") == (checked.id, checked.content)


def test_a_role_in_every_chunk_is_sent_once() -> None:
    checked = relayed(*(chunk(delta(role="assistant", content=text)) for text in "abc"), STOP)

    assert "abc" == checked.content


@pytest.mark.parametrize("role", ["", None])
def test_an_empty_role_in_the_first_chunk_becomes_assistant(role: str | None) -> None:
    assert "a" == relayed(chunk(delta(role=role, content="a")), STOP).content


@pytest.mark.parametrize(
    "payload",
    [
        chunk(),
        chunk(usage=None),
        b'{"choices":null}',
        b"{}",
        chunk(prompt_filter_results=[{}]),
        b'{"choices":[null]}',
    ],
)
def test_a_chunk_that_says_nothing_is_dropped(payload: bytes) -> None:
    stream = new()

    assert [] == stream.push(payload)
    assert not stream.has_content


REPORTED = {
    "prompt_tokens": 10,
    "completion_tokens": 10,
    "total_tokens": 20,
    "cost": 0.00129,
    "cost_details": {"upstream_inference_cost": 0.00129},
    "prompt_cache_hit_tokens": 4,
    "prompt_cache_miss_tokens": 6,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 4,
        "rejected_prediction_tokens": 2,
    },
}
"""What OpenAI, OpenRouter and DeepSeek say between them."""


def test_usage_keeps_what_the_gateway_does_not_count() -> None:
    """Clients that show OpenRouter's `cost` showed nothing, and predicted tokens were gone."""
    checked = relayed(chunk(delta(content="a")), STOP, chunk(usage=REPORTED), include_usage=True)

    assert REPORTED == checked.usage


def test_what_azure_says_of_the_prompt_goes_with_the_first_choice() -> None:
    stream = new()

    assert [] == stream.push(chunk(prompt_filter_results=[{"prompt_index": 0}]))
    first, *more = stream.push(chunk(delta(content="a"))) + stream.push(chunk(delta(content="b")))

    assert b'"prompt_filter_results":[{"prompt_index":0}]' in first
    assert b"prompt_filter_results" not in b"".join(more)


def test_a_role_alone_is_no_content_yet() -> None:
    stream = new()
    stream.push(chunk(delta(role="assistant", content="", refusal=None, reasoning_details=[])))

    assert not stream.has_content


@pytest.mark.parametrize(
    "choice",
    [
        delta(content="x"),
        delta(reasoning="x"),
        delta(refusal="x"),
        delta(tool_calls=[call(0, "a", "f", "")]),
        delta(function_call={"name": "f"}),
        delta(audio={"data": "AA"}),
        delta(0, "stop"),
    ],
)
def test_whatever_a_user_would_notice_is_content(choice: Json) -> None:
    stream = new()
    stream.push(chunk(choice))

    assert stream.has_content


def test_usage_is_taken_out_of_chunks_and_sent_once_at_the_end() -> None:
    checked = relayed(
        chunk(delta(content="a"), usage={"prompt_tokens": 3, "completion_tokens": 1}),
        chunk(delta(0, "stop"), usage={"prompt_tokens": 3, "completion_tokens": 2}),
        include_usage=True,
    )

    assert checked.usage is not None
    assert (3, 2, 5) == tuple(checked.usage[f"{kind}_tokens"] for kind in ("prompt", "completion", "total"))


def test_usage_that_was_not_asked_for_is_still_metered() -> None:
    stream = new()
    checked = relayed(STOP, chunk(usage={"prompt_tokens": 3, "completion_tokens": 2}), stream=stream)

    assert checked.usage is None
    assert Usage(3, 2) == stream.usage


def test_cumulative_usage_is_not_added_up() -> None:
    stream = new()
    for completion in (1, 2, 3):
        stream.push(chunk(delta(content="x"), usage={"prompt_tokens": 3, "completion_tokens": completion}))
    stream.push(chunk(delta(0, "stop"), usage=None))

    assert Usage(3, 3) == stream.usage


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 2}}}, id="groq"),
        pytest.param({"usage": {"prompt_tokens": 3, "completion_tokens": 2}}, id="top"),
    ],
)
def test_usage_is_found_where_upstreams_put_it(fields: Json) -> None:
    stream = new()
    stream.push(chunk(delta(0, "stop"), **fields))

    assert Usage(3, 2) == stream.usage


def test_usage_inside_a_choice_is_metered_and_taken_out() -> None:
    stream = new()
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    relayed(chunk({**delta(0, "stop"), "usage": usage}), stream=stream)

    assert Usage(3, 2) == stream.usage


@pytest.mark.parametrize("usage", ["12", 5, [], {"prompt_tokens": "x"}, {"prompt_tokens": -1}])
def test_nonsense_usage_breaks_nothing_and_is_left_to_the_estimate(usage: object) -> None:
    stream = new()
    relayed(chunk(delta(0, "stop"), usage=usage), stream=stream)

    assert stream.usage is None


def test_an_estimate_set_before_the_end_is_what_the_client_sees() -> None:
    stream = new(include_usage=True)
    sent = stream.push(STOP)
    stream.usage = Usage(7, 8)
    checked = check_chat_stream(b"".join(sent + stream.end()), include_usage=True)

    assert checked.usage is not None
    assert 15 == checked.usage["total_tokens"]


def test_a_repeated_finish_reason_is_sent_once() -> None:
    assert "length" == relayed(chunk(delta(0, "length", content="x")), chunk(delta(0, "length")), STOP).finish_reason


def test_usage_in_a_repeated_finish_is_not_lost() -> None:
    stream = new()
    relayed(STOP, chunk(delta(0, "stop"), usage={"prompt_tokens": 3, "completion_tokens": 2}), stream=stream)

    assert Usage(3, 2) == stream.usage


@pytest.mark.parametrize(
    ("upstream", "ours"),
    [
        *(("eos", "stop"), ("end_turn", "stop"), ("STOP", "stop"), ("max_tokens", "length"), ("MAX_TOKENS", "length")),
        *(("model_length", "length"), ("sensitive", "content_filter"), ("function_call", "function_call")),
        *(("content_filter", "content_filter"), ("length", "length")),
    ],
)
def test_foreign_finish_reasons_become_known_ones(upstream: str, ours: str) -> None:
    stream = new()

    assert ours == relayed(chunk(delta(0, upstream, content="x")), stream=stream).finish_reason
    assert ours == stream.finish_reason


def test_an_empty_finish_reason_is_none_yet() -> None:
    stream = new()
    stream.push(chunk(delta(0, "", content="x")))

    assert stream.finish_reason is None


def test_done_without_any_finish_reason_is_a_clean_stop() -> None:
    stream = new()
    sent = [*stream.push(chunk(delta(0, "", content="x"))), *stream.push(b"[DONE]")]

    assert (True, "stop") == (stream.done, stream.finish_reason)
    assert "x" == check_chat_stream(b"".join(sent + stream.end()), include_usage=False).content


def test_done_with_nothing_before_it_makes_no_answer() -> None:
    stream = new()

    assert [] == stream.push(b" [DONE] ")
    assert (True, False, None) == (stream.done, stream.has_content, stream.finish_reason)


def test_a_stream_that_ends_in_the_middle_has_no_finish_reason() -> None:
    stream = new()
    stream.push(chunk(delta(content="x")))

    assert stream.finish_reason is None
    assert not stream.done


@pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource"])
def test_a_finish_reason_that_means_failure_is_no_finish(reason: str) -> None:
    with pytest.raises(StreamError):
        new().push(chunk(delta(0, reason)))


@pytest.mark.parametrize(
    ("field", "value"), [("reasoning", "think"), ("reasoning_content", "think")], ids=["Groq, OpenRouter", "DeepSeek"]
)
def test_reasoning_goes_by_one_name(field: str, value: str) -> None:
    fields = {field: value}

    assert "think" == relayed(chunk(delta(content="", **fields)), STOP).reasoning


def test_reasoning_under_both_names_is_sent_once() -> None:
    assert "t" == relayed(chunk(delta(reasoning="t", reasoning_content="t")), STOP).reasoning


def test_mistrals_list_of_parts_becomes_text_and_reasoning() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    checked = relayed(
        chunk(delta(content=[thinking])),
        chunk(delta(content=[{"type": "text", "text": "yes"}])),
        chunk(delta(0, "stop", content="!")),
    )

    assert ("hm", "yes!") == (checked.reasoning, checked.content)


def test_fields_that_nobody_knows_stay_alive() -> None:
    stream = new()
    (event,) = stream.push(
        chunk(
            {**delta(content="x", annotations=[1], reasoning_details=[{"a": 1}]), "logprobs": {"content": []}}, extra=2
        )
    )
    out = json.loads(event[6:])

    assert (2, {"content": []}) == (out["extra"], out["choices"][0]["logprobs"])
    assert ([1], [{"a": 1}]) == tuple(out["choices"][0]["delta"][name] for name in ("annotations", "reasoning_details"))


def test_an_error_key_that_is_null_does_not_reach_the_client() -> None:
    assert "x" == relayed(chunk(delta(content="x"), error=None), STOP).content


def test_a_call_in_pieces_is_put_together() -> None:
    assert as_calls(("a", "f", '{"x":1}')) == relayed_calls(
        call(0, "a", "f", ""), call(0, arguments='{"x"'), call(0, arguments=":1}")
    )


def test_parallel_calls_keep_their_arguments_apart() -> None:
    assert as_calls(("a", "f", "{1}"), ("b", "g", "{2}")) == relayed_calls(
        call(0, "a", "f", "{"), call(1, "b", "g", "{"), call(0, arguments="1}"), call(1, arguments="2}")
    )


@pytest.mark.parametrize("index", [0, None], ids=["every index 0", "no index"])
def test_complete_calls_that_are_not_told_apart_by_index_are_so_by_id(index: int | None) -> None:
    assert as_calls(("a", "f", "{}"), ("b", "f", "[]")) == relayed_calls(
        call(index, "a", "f", "{}"), call(index, "b", "f", "[]")
    )


def test_an_index_that_starts_at_one_or_leaves_gaps_is_numbered_anew() -> None:
    assert as_calls(("a", "f", "x"), ("b", "g", "y")) == relayed_calls(
        call(1, "a", "f", ""), call(4, "b", "g", ""), call(1, arguments="x"), call(4, arguments="y")
    )


def test_pieces_without_index_belong_to_the_last_call() -> None:
    assert as_calls(("a", "f", "xy")) == relayed_calls(call(None, "a", "f", "x"), call(None, arguments="y"))


def test_an_empty_name_later_does_not_overwrite() -> None:
    assert as_calls(("a", "f", "x")) == relayed_calls(call(0, "a", "f", ""), call(0, name="", arguments="x"))


def test_id_type_and_name_repeated_in_every_piece_are_sent_once() -> None:
    assert as_calls(("a", "f", "xy")) == relayed_calls(call(0, "a", "f", "x"), call(0, "a", "f", "y"))


def test_a_name_that_comes_late_is_waited_for() -> None:
    assert as_calls(("a", "f", "xy")) == relayed_calls(call(0, "a", "", "x"), call(0, name="f"), call(0, arguments="y"))


def test_a_name_that_never_comes_loses_no_arguments() -> None:
    assert as_calls(("a", "", "x")) == relayed_calls(call(0, "a", "", "x"))


def test_a_stop_after_a_nameless_call_says_tool_calls_to_the_gateway_too() -> None:
    stream = new()
    stream.push(chunk(delta(0, "stop", tool_calls=[call(0, "a", "", "x")])))

    assert "tool_calls" == stream.finish_reason


def test_calls_without_ids_get_deterministic_ones() -> None:
    assert as_calls(("call_r1_0", "f", "{}"), ("call_r1_1", "g", "{}")) == relayed_calls(
        call(0, name="f"), call(1, "", name="g")
    )


def test_two_calls_with_one_id_do_not_stay_so() -> None:
    assert ["a", "call_r1_1"] == [sent["id"] for sent in relayed_calls(call(0, "a", "f", "x"), call(1, "a", "f", "y"))]


def test_a_fresh_id_in_every_piece_starts_no_new_call() -> None:
    assert as_calls(("a", "f", "xy")) == relayed_calls(call(0, "a", "f", "x"), call(0, "b", None, "y"))


@pytest.mark.parametrize(("given", "text"), [({"x": 1}, '{"x":1}'), ([], "[]"), (None, "{}"), ("", "{}")])
def test_arguments_are_always_strings(given: object, text: str) -> None:
    assert as_calls(("a", "f", text)) == relayed_calls(call(0, "a", "f", given))


@pytest.mark.parametrize("nothing", ["", None, " "])
def test_a_call_without_arguments_gets_an_empty_object_at_its_end(nothing: str | None) -> None:
    """Clients parse the arguments when the call is whole: `""`, as vLLM and Anthropic's endpoint send it, raised."""
    first, second = relayed_calls(call(0, "a", "f", nothing), call(1, "b", "g", nothing), call(1, arguments='{"x":1}'))

    assert {} == json.loads(first["function"]["arguments"])
    assert {"x": 1} == json.loads(second["function"]["arguments"])


def test_a_call_that_was_cut_short_gets_no_arguments_made_up() -> None:
    checked = relayed(chunk(delta(tool_calls=[call(0, "a", "f", "")])), chunk(delta(0, "length")))

    assert as_calls(("a", "f", "")) == checked.tool_calls


def test_a_stream_that_says_no_reason_fills_in_arguments_too() -> None:
    checked = relayed(chunk(delta(tool_calls=[call(0, "a", "f", "")])), b"[DONE]")

    assert as_calls(("a", "f", "{}")) == checked.tool_calls


def test_a_custom_call_may_have_no_input() -> None:
    custom = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": ""}}

    assert "" == relayed_calls(custom)[0]["custom"]["input"]


def test_several_calls_in_one_chunk_are_sent_one_by_one() -> None:
    checked = relayed(chunk(delta(0, "tool_calls", tool_calls=[call(0, "a", "f", "x"), call(1, "b", "g", "y")])))

    assert as_calls(("a", "f", "x"), ("b", "g", "y")) == checked.tool_calls


def test_text_beside_a_call_is_sent_before_it() -> None:
    checked = relayed(chunk(delta(0, "tool_calls", content="text", tool_calls=[call(0, "a", "f", "x")])))

    assert ("text", as_calls(("a", "f", "x"))) == (checked.content, checked.tool_calls)


def test_a_stop_after_tool_calls_says_tool_calls() -> None:
    assert as_calls(("a", "f", "{}")) == relayed_calls(call(0, "a", "f"), reason="stop")


def test_what_a_provider_adds_to_a_call_is_kept() -> None:
    extra = {"google": {"thought_signature": "s"}}

    assert extra == relayed_calls({**call(0, "a", "f", "x"), "extra_content": extra})[0]["extra_content"]


def test_a_custom_tool_call_keeps_its_type() -> None:
    custom = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}

    assert [{"id": "a", "type": "custom", "custom": {"name": "f", "input": "xy"}}] == relayed_calls(
        custom, {"index": 0, "custom": {"input": "y"}}
    )


def test_a_call_is_what_its_own_type_says() -> None:
    """Snowflake fills in both kinds: every call became a custom one without a name."""
    both = {"function": {"name": "f", "arguments": "{}"}, "custom": {"name": "", "input": ""}}

    assert as_calls(("a", "f", "{}")) == relayed_calls({"index": 0, "id": "a", "type": "function", **both})


@pytest.mark.parametrize("calls", [None, [], [None], ["x"], "x", {}])
def test_tool_calls_that_are_none_do_not_break_the_stream(calls: object) -> None:
    assert "x" == relayed(chunk(delta(content="x", tool_calls=calls)), STOP).content


def put_together(raw: bytes) -> dict[Any, Any]:
    """The deltas of a stream as openai-python's `chat.completions.stream()` adds them up."""
    message: dict[Any, Any] = {}
    for line in raw.splitlines():
        if line.startswith(b"data: {"):
            message = accumulate_delta(message, json.loads(line[6:])["choices"][0]["delta"])
    return message


def test_annotations_in_several_deltas_can_be_put_together() -> None:
    """openai-python raised "Expected list delta entry to have an `index` key" at the second cited text."""
    cited = [{"type": "url_citation", "url_citation": {"url": url}} for url in ("https://a.example", "b", "c")]
    stream = new()
    chunks = [chunk(delta(content="a", annotations=cited[:1])), chunk(delta(annotations=cited[1:])), STOP]

    message = put_together(b"".join([event for payload in chunks for event in stream.push(payload)]))

    assert [{**annotation, "index": number} for number, annotation in enumerate(cited)] == message["annotations"]


def test_a_legacy_call_without_arguments_gets_an_empty_object_at_its_end() -> None:
    checked = relayed(
        chunk(delta(function_call={"name": "f", "arguments": ""})),
        chunk(delta(function_call={"arguments": ""})),
        chunk(delta(0, "function_call")),
    )

    assert {"name": "f", "arguments": "{}"} == checked.first.function_call


def test_a_legacy_function_call_passes() -> None:
    checked = relayed(
        chunk(delta(function_call={"name": "f", "arguments": ""})),
        chunk(delta(function_call={"arguments": "{}"})),
        chunk(delta(0, "function_call")),
    )

    assert {"name": "f", "arguments": "{}"} == checked.first.function_call


def test_several_choices_are_told_apart() -> None:
    stream = new()
    checked = relayed(
        chunk(delta(0, content="a"), delta(1, content="b")),
        chunk(delta(1, "stop", content="B")),
        chunk(delta(0, "length", content="A")),
        stream=stream,
    )

    assert ["aA", "bB"] == [checked.choices[index].content for index in (0, 1)]


def test_a_stream_is_finished_only_when_every_choice_is() -> None:
    stream = new()
    stream.push(chunk(delta(0, content="a"), delta(1, content="b")))
    stream.push(chunk(delta(1, "stop")))

    assert stream.finish_reason is None


def test_what_was_relayed_is_counted_in_bytes_of_all_text() -> None:
    stream = new()
    stream.push(chunk(delta(content="é", reasoning="ab", tool_calls=[call(0, "a", "f", "xyz")])))

    assert 2 + 2 + 3 == stream.relayed_bytes


@pytest.mark.parametrize("payload", [b"{oops", b"<html>", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b"1e999"])
def test_a_payload_that_is_no_chunk_is_nonsense(payload: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        new().push(payload)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b'{"choices":[{"index":0,"delta":{"content":"a\\ud83d"}}]}', "a\ufffd"),
        (b'{"choices":[{"index":0,"delta":{"content":"a\xff"}}]}', "a\ufffd"),
        (b'{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"x":NaN}}]}', "a"),
    ],
)
def test_slips_of_upstreams_that_strict_json_forbids_do_not_end_the_stream(payload: bytes, text: str) -> None:
    assert text == relayed(payload, STOP).content


@pytest.mark.parametrize(
    ("payload", "code", "status", "kind"),
    [
        (b'{"error":{"message":"m","code":"tool_use_failed","status_code":400}}', "tool_use_failed", 400, "client"),
        (b'{"error":{"message":"m","type":"overloaded_error"}}', "overloaded_error", 503, "server"),
        (b'{"error":{"code":429,"message":"m"},"choices":[{"index":0,"delta":{}}]}', 429, 429, "rate"),
        (b'{"object":"error","message":"m","code":400}', 400, 400, "client"),
        (
            b'{"type":"error","error":{"type":"invalid_request_error","message":"m"}}',
            "invalid_request_error",
            400,
            "client",
        ),
        (b'{"detail":"m"}', None, 502, "server"),
        (b'{"error":"m"}', None, 502, "server"),
    ],
)
def test_an_error_event_is_raised_with_what_it_says(payload: bytes, code: object, status: int, kind: str) -> None:
    with pytest.raises(StreamError) as caught:
        new().push(payload)

    error = caught.value
    assert (code, "m", status, kind) == (error.code, error.message, error.status, error.kind)


def test_usage_in_an_error_event_is_metered() -> None:
    stream = new()
    with pytest.raises(StreamError):
        stream.push(chunk(error={"message": "m"}, usage={"prompt_tokens": 3, "completion_tokens": 2}))

    assert Usage(3, 2) == stream.usage


def test_keep_alive_chunks_before_the_answer_break_no_rule() -> None:
    stream = new()
    sent = [
        idle_event("asked-for", "r1", 5),
        *stream.push(chunk(delta(content="x"))),
        *stream.push(STOP),
        *stream.end(),
    ]

    assert "x" == check_chat_stream(b"".join(sent), include_usage=False).content


def test_the_end_of_a_stream_is_done() -> None:
    assert DONE == new().end()[-1]


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 1, 2, 1.5, "", "x", "stop", "assistant", [], ["x"], {}, {"text": "x"}, [{}]]
)
TEXT = st.sampled_from(["a", "", None]) | ODD
FUNCTIONS = st.fixed_dictionaries({}, optional={"name": TEXT, "arguments": TEXT, "input": TEXT, "more": ODD})
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "index": st.integers(0, 2) | ODD,
        "id": TEXT,
        "type": TEXT,
        "function": FUNCTIONS | ODD,
        "custom": FUNCTIONS | ODD,
        "more": ODD,
    },
)
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["role", "content", "reasoning", "reasoning_content", "refusal"], TEXT),
        "tool_calls": st.lists(CALLS, max_size=2) | ODD,
        "function_call": FUNCTIONS | ODD,
    },
)
CHOICES = st.fixed_dictionaries(
    {"delta": DELTAS}, optional={"index": st.integers(0, 1) | ODD, "finish_reason": TEXT, "text": TEXT, "usage": ODD}
)
CHUNKS = st.fixed_dictionaries(
    {"choices": st.lists(CHOICES, min_size=1, max_size=2)},
    optional={**dict.fromkeys(["id", "model", "created", "object", "usage", "x_groq"], ODD), "error": st.none()},
)
ODD_CHUNKS = st.fixed_dictionaries(
    {}, optional={"choices": st.lists(CHOICES | ODD | st.just({"delta": None}), max_size=2) | ODD, "usage": ODD}
)


@settings(max_examples=examples(120), deadline=None)
@given(st.lists(CHUNKS | CHUNKS | ODD_CHUNKS, max_size=6))
def test_whatever_shape_chunks_have_the_stream_stays_strict(chunks: list[Json]) -> None:
    stream = new(include_usage=True)
    sent: list[bytes] = []
    try:
        for upstream_chunk in chunks:
            sent += stream.push(json.dumps(upstream_chunk).encode())
    except StreamError:
        return
    check_chat_stream(b"".join(sent + stream.end()), include_usage=True)


def test_a_surface_that_writes_chunks_its_own_way_gets_every_one_and_sends_only_what_it_wrote() -> None:
    deltas: list[Json] = []

    def write(whole: Json) -> bytes:
        deltas.append(whole["choices"][0]["delta"])
        return b"event" if whole["choices"][0]["delta"].get("content") else b""

    stream = ChatStream("asked-for", "r1", 1_700_000_000, include_usage=False, write=write)
    events = [
        event
        for payload in (chunk(delta(role="assistant")), chunk(delta(content="Hi")))
        for event in stream.push(payload)
    ]
    assert ([b"event"], [{"role": "assistant", "content": None}, {"content": "Hi"}]) == (events, deltas)
