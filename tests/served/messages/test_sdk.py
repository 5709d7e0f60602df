"""Anthropic's own Python SDK against a running gateway, as its users write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.served.messages import TEXT, claude_error
from tests.served.messages import healthy as healthy_claude
from tests.served.messages.conftest import Serve
from tests.support.canaries import PROMPT_CANARY
from tests.support.gateway import Gateway
from tests.support.upstream.answers import chat_answer, chat_chunk, chat_stream, error_answer, sse, usage_chunk
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause

MESSAGES: Any = [{"role": "user", "content": f"Say {PROMPT_CANARY}"}]
TOOLS: Any = [
    {
        "name": "get_weather",
        "description": "The weather somewhere",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]
KINDS = ("openai", "anthropic")


@pytest.fixture
def client(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.url, auth_token=gateway.key, api_key=None, max_retries=0) as sdk:
        yield sdk


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, serve: Serve, upstream: Upstream) -> str:
    """Behind it each kind of upstream."""
    if request.param == "anthropic":
        upstream.default = healthy_claude
    return serve((request.param, upstream.url))


def test_the_sdk_reads_a_message(client: anthropic.Anthropic, model: str) -> None:
    message = client.messages.create(model=model, max_tokens=100, messages=MESSAGES)
    (block,) = message.content
    assert ("text", TEXT) == (block.type, getattr(block, "text", None))
    assert ("end_turn", 10, 5, model) == (
        message.stop_reason,
        message.usage.input_tokens,
        message.usage.output_tokens,
        message.model,
    )


def test_the_sdk_reads_a_stream(client: anthropic.Anthropic, model: str) -> None:
    with client.messages.stream(model=model, max_tokens=100, messages=MESSAGES) as stream:
        assert TEXT == "".join(stream.text_stream)
        message = stream.get_final_message()
        named = stream.response.headers["request-id"]
    assert ("end_turn", 10, 5) == (message.stop_reason, message.usage.input_tokens, message.usage.output_tokens)
    assert named


def test_the_sdk_reads_what_an_answer_cost_upstream(
    client: anthropic.Anthropic, serve: Serve, upstream: Upstream
) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.25, "cost_details": {"upstream_inference_cost": 1}}
    upstream.enqueue(chat_answer("Yes", usage), chat_stream("Yes", usage))
    model = serve(("openai", upstream.url))

    message = client.messages.create(model=model, max_tokens=100, messages=MESSAGES)
    with client.messages.stream(model=model, max_tokens=100, messages=MESSAGES) as stream:
        (last,) = [event.usage for event in stream if event.type == "message_delta"]

    for told in (message.usage, last):
        assert {"cost": 0.25, "cost_details": {"upstream_inference_cost": 1}} == told.model_extra


def test_the_sdk_can_use_an_api_key(gateway: Gateway, model: str) -> None:
    with anthropic.Anthropic(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        assert client.messages.create(model=model, max_tokens=100, messages=MESSAGES).content


def test_a_loop_of_tools_goes_round(client: anthropic.Anthropic, serve: Serve, upstream: Upstream) -> None:
    """Two calls at once, in pieces, with a thought before them; then their results, and the answer."""
    pieces: list[dict[str, Any]] = [
        {"reasoning_content": "Hm"},
        *(
            {"tool_calls": [{"index": index, **named, "function": {**function}}]}
            for index in (0, 1)
            for named, function in [
                ({"id": f"functions.get_weather:{index}"}, {"name": "get_weather", "arguments": ""}),
                ({}, {"arguments": '{"city":'}),
                ({}, {"arguments": f'"city {index}"}}'}),
            ]
        ),
    ]
    upstream.enqueue(sse(*map(chat_chunk, pieces), chat_chunk({}, "tool_calls"), usage_chunk()), chat_stream())
    model = serve(("ollama", upstream.url))
    with client.messages.stream(model=model, max_tokens=100, messages=MESSAGES, tools=TOOLS) as stream:
        first = stream.get_final_message()
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [{"city": "city 0"}, {"city": "city 1"}] == [call.input for call in calls]
    assert "tool_use" == first.stop_reason
    results: Any = [
        {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "sunny"}]}
        for call in calls
    ]
    history = [*MESSAGES, first.to_param(), {"role": "user", "content": results}]
    with client.messages.stream(model=model, max_tokens=100, messages=history, tools=TOOLS) as stream:
        assert TEXT == "".join(stream.text_stream)
    conversation = upstream.chats[-1].json()["messages"]
    ids = [f"functions.get_weather:{index}" for index in (0, 1)]
    assert ["user", "assistant", "tool", "tool"] == [message["role"] for message in conversation]
    assert ids == [call["id"] for call in conversation[1]["tool_calls"]]
    assert ids == [message["tool_call_id"] for message in conversation[2:]]
    assert "Hm" == conversation[1]["reasoning_content"]


@pytest.mark.parametrize(
    ("fields", "kind", "status"),
    [
        ({"model": "no-such-model"}, anthropic.NotFoundError, 404),
        ({"max_tokens": 0}, anthropic.BadRequestError, 400),
        ({"extra_headers": {"authorization": "Bearer sk-wrong"}}, anthropic.AuthenticationError, 401),
    ],
    ids=["model", "request", "key"],
)
def test_the_sdk_raises_the_error_of_each_refusal(
    client: anthropic.Anthropic, fields: dict[str, Any], kind: type[anthropic.APIStatusError], status: int
) -> None:
    arguments: dict[str, Any] = {"model": "demo", "max_tokens": 100, "messages": MESSAGES, **fields}
    with pytest.raises(kind) as refused:
        client.messages.create(**arguments)
    assert status == refused.value.status_code
    assert refused.value.request_id
    assert isinstance(refused.value.body, dict)


@pytest.mark.parametrize("provider", KINDS)
def test_the_sdk_sees_why_the_upstream_refused(
    client: anthropic.Anthropic, serve: Serve, upstream: Upstream, provider: str
) -> None:
    refusal = error_answer(400, "that is too much") if provider == "openai" else None
    upstream.default = refusal or claude_error(400, "invalid_request_error", "that is too much")
    with pytest.raises(anthropic.BadRequestError, match="that is too much"):
        client.messages.create(model=serve((provider, upstream.url)), max_tokens=100, messages=MESSAGES)


def test_the_sdk_raises_an_error_for_half_a_stream(
    client: anthropic.Anthropic, serve: Serve, upstream: Upstream
) -> None:
    broken = {"error": {"message": "engine died", "type": "server_error"}}
    upstream.default = sse(chat_chunk({"content": "half"}), Pause(0.1), broken, done=False)
    model = serve(upstream.url)
    texts = []
    with (
        pytest.raises(anthropic.APIStatusError, match="in the middle of its answer"),
        client.messages.stream(model=model, max_tokens=100, messages=MESSAGES) as stream,
    ):
        texts += list(stream.text_stream)
    assert "half" == "".join(texts) or not texts


def test_the_sdk_counts_tokens(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model="demo", messages=MESSAGES, tools=TOOLS, system="Be brief")
    assert counted.input_tokens > 10


def test_the_sdk_lists_models(client: anthropic.Anthropic) -> None:
    (entry,) = [model for model in client.models.list() if model.id == "demo"]
    assert ("demo", "model") == (entry.display_name, entry.type)
    assert entry.created_at.year >= 2024
    assert "demo" == client.models.retrieve("demo").id


def test_structured_output_is_asked_for_upstream(client: anthropic.Anthropic, serve: Serve, upstream: Upstream) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
    config: Any = {"format": {"type": "json_schema", "schema": schema}}
    client.messages.create(model=serve(upstream.url), max_tokens=100, messages=MESSAGES, output_config=config)
    assert schema == upstream.chats[0].json()["response_format"]["json_schema"]["schema"]
