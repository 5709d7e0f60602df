"""Claude at Amazon Bedrock, asked on every surface: its paths, its bodies, its streams, and what is booked for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served import messages, responses
from tests.served.bedrock import ARN, CLAUDE, Bedrock, bedrock_stream, model_asked, refusal
from tests.served.bedrock.conftest import Serve
from tests.served.messages import TEXT, claude_events, claude_message, claude_stream, text_block
from tests.support.checkers.chat import check_chat_stream
from tests.support.gateway import Gateway, unique
from tests.support.upstream.event_stream import chunk, exception
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Gate, Reset, Slice, Wait

THOUGHT = ({"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Hm"})
CALL = {"type": "tool_use", "id": "toolu_bdrk_1", "name": "look", "input": {}}
TOOLS = [{"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}]


def signed_events() -> list[dict[str, Any]]:
    """A stream that thinks, signs, speaks and calls."""
    events = claude_events(
        THOUGHT, text_block(), (CALL, {"type": "input_json_delta", "partial_json": '{"a":1}'}), stop="tool_use"
    )
    signature = {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "signed"}}
    return [*events[:4], signature, *events[4:]]


def chat_text(gateway: Gateway, model: str) -> str:
    """What a streamed chat says."""
    with gateway.stream(model) as reading:
        return check_chat_stream(b"".join(event.data for event in reading.events()), include_usage=False).content


@pytest.mark.parametrize("upstream_model", [CLAUDE, ARN, "anthropic.claude-opus-4-6-v1"])
def test_every_surface_is_served_whole_and_streamed(
    gateway: Gateway, serve: Serve, bedrock: Upstream, upstream_model: str
) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model=upstream_model)
    assert TEXT == gateway.chat(model).json()["choices"][0]["message"]["content"]
    assert TEXT == chat_text(gateway, model)
    assert TEXT == messages.whole(gateway, model).text
    assert TEXT == messages.streamed(gateway, model, ours=False).text
    assert TEXT in str(responses.whole(gateway, model)["output"])
    assert TEXT in str(responses.streamed(gateway, model).response["output"])
    assert [upstream_model] * 6 == [model_asked(request) for request in bedrock.chats]
    streams = [request.path.endswith("/invoke-with-response-stream") for request in bedrock.chats]
    assert [False, True] * 3 == streams
    assert {(10, 5, "upstream")} == {
        (record.prompt_tokens, record.completion_tokens, record.usage_source) for record in gateway.books.records(model)
    }


def test_an_id_is_encoded_in_the_path(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    gateway.chat(serve(("bedrock", bedrock.url), upstream_model=ARN))
    (sent,) = bedrock.chats
    arn = "arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2c3"
    assert f"/model/{arn}/invoke" == sent.path


@pytest.mark.parametrize("path", ["/v1", "/openai/v1", ""])
def test_whichever_base_url_aws_names_claude_is_beside_it(
    gateway: Gateway, serve: Serve, bedrock: Upstream, path: str
) -> None:
    base_url = bedrock.url.removesuffix("/v1") + path
    assert TEXT == messages.whole(gateway, serve(("bedrock", base_url), upstream_model=CLAUDE)).text


def test_other_models_are_asked_in_chat(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model="openai.gpt-oss-120b-1:0")
    assert 200 == gateway.chat(model).status
    assert 200 == messages.ask(gateway, model).status
    assert {"/v1/chat/completions"} == {request.path for request in bedrock.chats}
    assert {"openai.gpt-oss-120b-1:0"} == {request.json()["model"] for request in bedrock.chats}


def test_a_key_is_sent_as_bearer(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    gateway.chat(serve(("bedrock", bedrock.url), upstream_model=CLAUDE))
    (sent,) = bedrock.chats
    assert f"Bearer {gateway.secrets[-1]}" == sent.header("authorization")
    assert (None, None) == (sent.header("anthropic-version"), sent.header("anthropic-beta"))


def test_betas_that_bedrock_knows_go_into_the_body(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    """Claude Code sends some that are a 400 there."""
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    betas = "claude-code-20250219, context-1m-2025-08-07,advanced-tool-use-2025-11-20"
    body = messages.request(model, service_tier="auto", metadata={"user_id": "u"})
    assert 200 == gateway.post(body, messages.PATH, anthropic_beta=betas).status
    (sent,) = bedrock.chats
    assert ["context-1m-2025-08-07", "tool-search-tool-2025-10-19"] == sent.json()["anthropic_beta"]
    assert {"user_id": "u"} == sent.json()["metadata"]


def test_thoughts_signatures_and_calls_come_through(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    bedrock.default = Bedrock(events=signed_events())
    thought, text, call = messages.streamed(gateway, model, ours=False, tools=TOOLS).content
    assert ({"type": "thinking", "thinking": "Hm", "signature": "signed"}, TEXT) == (thought, text["text"])
    assert ("look", {"a": 1}) == (call["name"], call["input"])
    told = responses.streamed(gateway, model, tools=[{"type": "function", "name": "look", "parameters": {}}]).response
    assert ["reasoning", "message", "function_call"] == [item["type"] for item in told["output"]]
    assert [TOOLS, ["look"]] == [
        bedrock.chats[0].json()["tools"],
        [t["name"] for t in bedrock.chats[1].json()["tools"]],
    ]


def test_a_signed_thought_goes_back_as_it_came(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    thought = {"type": "thinking", "thinking": "Hm", "signature": "signed"}
    turn = {"role": "assistant", "content": [thought, {"type": "text", "text": "Yes"}]}
    assert TEXT == messages.whole(gateway, model, messages=[messages.HELLO, turn, messages.HELLO]).text
    assert thought == bedrock.chats[0].json()["messages"][1]["content"][0]


def test_cached_tokens_are_booked(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 5, "output_tokens": 7}
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    events = claude_events()
    events[-2]["usage"] = usage
    bedrock.default = Bedrock(claude_message(usage=usage), events)
    gateway.chat(model)
    chat_text(gateway, model)
    messages.streamed(gateway, model, ours=False)
    counts = ("prompt_tokens", "cache_read_tokens", "cache_write_tokens", "completion_tokens")
    assert [(35, 20, 5, 7)] * 3 == [
        tuple(getattr(record, name) for name in counts) for record in gateway.books.records(model)
    ]


@pytest.mark.parametrize("surface", ["chat", "messages"])
def test_where_a_message_counts_nothing_the_metrics_do(
    gateway: Gateway, serve: Serve, bedrock: Upstream, surface: str
) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    events = claude_events()
    for event in (events[0]["message"], events[-2]):
        del event["usage"]
    metrics = {"inputTokenCount": 11, "outputTokenCount": 6, "cacheReadInputTokenCount": 4, "invocationLatency": 900}
    events[-1]["amazon-bedrock-invocationMetrics"] = metrics
    bedrock.default = Bedrock(events=events)
    if surface == "chat":
        assert TEXT == chat_text(gateway, model)
    else:
        with messages.asking(gateway, model) as reading:
            assert b"amazon" not in b"".join(event.data for event in reading.events())
    (record,) = gateway.books.records(model)
    assert (15, 4, 6, "upstream") == (
        record.prompt_tokens,
        record.cache_read_tokens,
        record.completion_tokens,
        record.usage_source,
    )


@pytest.mark.parametrize("size", [1, 7, 100])
def test_wherever_the_network_cuts_a_stream(gateway: Gateway, serve: Serve, bedrock: Upstream, size: int) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    data = b"".join(step.data for step in bedrock_stream() if hasattr(step, "data"))
    bedrock.enqueue([Slice(data, size)])
    assert TEXT == messages.streamed(gateway, model, ours=False).text


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (refusal(429, "ThrottlingException", "Too many requests"), "rate"),
        (bedrock_stream(exception("throttlingException", "Too many tokens")), "rate"),
        (bedrock_stream(exception("serviceUnavailableException", "Not now")), "server"),
        (bedrock_stream(exception("modelStreamErrorException", "Oh", originalStatusCode=503)), "server"),
        (bedrock_stream(exception("modelTimeoutException", "Too slow")), "server"),
        (bedrock_stream(b"\0" * 40), "nonsense"),
        (bedrock_stream(chunk({"type": "ping"})[:20]), "nonsense"),
        (bedrock_stream(chunk({"type": "ping"}), end=[Reset()]), "cut"),
        (refusal(403, "AccessDeniedException", "You don't have access to the model."), "model"),
        (refusal(424, "ModelErrorException", "Oh"), "server"),
    ],
)
@pytest.mark.parametrize("surface", ["chat", "messages"])
def test_whatever_goes_wrong_before_content_another_channel_answers(
    gateway: Gateway, serve: Serve, bedrock: Upstream, answer: Any, fault: str, surface: str
) -> None:
    with Upstream(claude_stream()) as other:
        model = serve(("bedrock", bedrock.url), ("anthropic", other.url), upstream_model=CLAUDE)
        bedrock.enqueue(answer)
        if surface == "chat":
            assert TEXT == chat_text(gateway, model)
        else:
            assert TEXT == messages.streamed(gateway, model, ours=False).text
    (record,) = gateway.books.records(model)
    assert [fault, ""] == [attempt["fault"] for attempt in record.tries]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_bedrock_stands_in_for_anthropic(gateway: Gateway, serve: Serve, bedrock: Upstream, stream: bool) -> None:
    with Upstream(messages.claude_error(529, "overloaded_error", "Overloaded")) as other:
        model = serve(("anthropic", other.url), ("bedrock", bedrock.url), upstream_model=CLAUDE)
        asked = messages.streamed(gateway, model, ours=False) if stream else messages.whole(gateway, model)
        assert TEXT == asked.text
    assert [CLAUDE] == [model_asked(request) for request in bedrock.chats]


def test_a_tool_that_runs_at_anthropic_alone_is_left_to_a_channel_there(
    gateway: Gateway, serve: Serve, bedrock: Upstream
) -> None:
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    with Upstream(claude_stream()) as other:
        model = serve(("bedrock", bedrock.url), ("anthropic", other.url), upstream_model=CLAUDE)
        assert TEXT == messages.streamed(gateway, model, ours=False, tools=tools).text
    assert [] == bedrock.requests
    alone = messages.ask(gateway, serve(("bedrock", bedrock.url), upstream_model=CLAUDE), tools=tools)
    assert (400, True) == (alone.status, "not at Amazon Bedrock" in alone.json()["error"]["message"])


def test_what_an_operator_sets_for_claude_alone_is_what_is_held_for(gateway: Gateway, bedrock: Upstream) -> None:
    """Its bodies are Anthropic's, whatever those of the channel's other models are."""
    model = unique("model")
    fields = {"provider": "bedrock", "models": [f"{model}={CLAUDE}"], "set_params": ["messages:max_tokens=1000"]}
    gateway.add_channel(bedrock.url, model, **fields)
    gateway.set_price(model, "0", "1000")
    poor, rich = gateway.add_token(quota="0.5"), gateway.add_token(quota="1.1")
    assert [402, 200] == [gateway.chat(model, key, max_tokens=10).status for key in (poor, rich)]
    assert 1000 == bedrock.chats[0].json()["max_tokens"]


def test_an_exception_amid_an_answer_ends_it_with_an_error(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    model = serve(("bedrock", bedrock.url), upstream_model=CLAUDE)
    gate = Gate()
    bedrock.enqueue(bedrock_stream(*claude_events()[:4], Wait(gate), exception("internalServerException", "inside")))
    with messages.asking(gateway, model) as reading:
        events = reading.events()
        told = next(events).data
        gate.open()
        told += b"".join(event.data for event in events)
    assert (True, True, False) == (TEXT.encode() in told, b"event: error" in told, b"inside" in told)
    (record,) = gateway.books.records(model)
    assert "ok" != record.outcome


def test_a_prompt_that_is_too_long_is_told_as_everywhere(gateway: Gateway, serve: Serve, bedrock: Upstream) -> None:
    bedrock.enqueue(refusal(400, "ValidationException", "Input is too long for requested model."))
    answer = gateway.chat(serve(("bedrock", bedrock.url), upstream_model=CLAUDE))
    assert (400, "context_length_exceeded") == (answer.status, answer.json()["error"]["code"])
