"""OpenAI's own Python SDK against a running gateway, as its users write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.responses import ResponseFunctionToolCall
from pydantic import BaseModel

from tests.served.responses import TEXT
from tests.served.responses import healthy as healthy_native
from tests.served.responses.conftest import NATIVE, Serve
from tests.support.canaries import PROMPT_CANARY
from tests.support.gateway import Gateway
from tests.support.upstream.answers import (
    chat_answer,
    chat_body,
    chat_chunk,
    chat_stream,
    error_answer,
    json_answer,
    sse,
    usage_chunk,
)
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause

INPUT = f"Say {PROMPT_CANARY}"
TOOLS: Any = [
    {
        "type": "function",
        "name": "get_weather",
        "description": "The weather somewhere",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    }
]


class Weather(BaseModel):
    """What is asked for as JSON."""

    city: str


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture(params=["openai", NATIVE])
def model(request: pytest.FixtureRequest, serve: Serve, upstream: Upstream) -> str:
    """Behind it each kind of upstream."""
    if request.param == NATIVE:
        upstream.default = healthy_native
    return serve((request.param, upstream.url))


def test_the_sdk_reads_a_response(client: openai.OpenAI, model: str) -> None:
    response = client.responses.create(model=model, input=INPUT)
    assert response.usage is not None
    assert (TEXT, "completed", 10, 5, model) == (
        response.output_text,
        response.status,
        response.usage.input_tokens,
        response.usage.output_tokens,
        response.model,
    )


def test_the_sdk_reads_a_stream(client: openai.OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input=INPUT) as stream:
        texts = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert (TEXT, TEXT, "completed") == ("".join(texts), final.output_text, final.status)


def test_the_sdk_reads_what_an_answer_cost_upstream(client: openai.OpenAI, serve: Serve, upstream: Upstream) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "cost_in_usd_ticks": 1_750_000}
    upstream.enqueue(chat_answer("Yes", usage), chat_stream("Yes", usage))
    model = serve(("openai", upstream.url))

    response = client.responses.create(model=model, input=INPUT)
    with client.responses.stream(model=model, input=INPUT) as stream:
        stream.until_done()
        final = stream.get_final_response()

    for told in (response.usage, final.usage):
        assert told is not None
        assert {"cost_in_usd_ticks": 1_750_000} == told.model_extra


def test_the_sdk_finds_the_end_of_a_stream(client: openai.OpenAI, model: str) -> None:
    *_, last = client.responses.create(model=model, input=INPUT, stream=True)
    assert "response.completed" == last.type


def calls_in_pieces() -> list[dict[str, Any]]:
    """Two calls at once, in pieces, with a thought before them."""
    return [
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


def test_a_loop_of_tools_goes_round(client: openai.OpenAI, serve: Serve, upstream: Upstream) -> None:
    upstream.enqueue(
        sse(*map(chat_chunk, calls_in_pieces()), chat_chunk({}, "tool_calls"), usage_chunk()), chat_stream()
    )
    model = serve(("ollama", upstream.url))
    with client.responses.stream(model=model, input=INPUT, tools=TOOLS) as stream:
        first = stream.get_final_response()
    calls = [item for item in first.output if isinstance(item, ResponseFunctionToolCall)]
    assert ['{"city":"city 0"}', '{"city":"city 1"}'] == [call.arguments for call in calls]
    outputs = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
    history: Any = [{"role": "user", "content": INPUT}, *first.output, *outputs]
    with client.responses.stream(model=model, input=history, tools=TOOLS) as stream:
        assert TEXT == stream.get_final_response().output_text
    conversation = upstream.chats[-1].json()["messages"]
    ids = [f"functions.get_weather:{index}" for index in (0, 1)]
    assert ["user", "assistant", "tool", "tool"] == [message["role"] for message in conversation]
    assert (
        ids
        == [call["id"] for call in conversation[1]["tool_calls"]]
        == [message["tool_call_id"] for message in conversation[2:]]
    )
    assert "Hm" == conversation[1]["reasoning_content"]


def test_structured_output_is_asked_for_and_parsed(client: openai.OpenAI, serve: Serve, upstream: Upstream) -> None:
    upstream.default = lambda received: (
        json_answer(200, {"data": []}) if received.method == "GET" else json_answer(200, chat_body('{"city":"Paris"}'))
    )
    response = client.responses.parse(model=serve(upstream.url), input=INPUT, text_format=Weather)
    assert Weather(city="Paris") == response.output_parsed
    assert "Weather" == upstream.chats[0].json()["response_format"]["json_schema"]["name"]


@pytest.mark.parametrize(
    ("fields", "kind", "code"),
    [
        ({"model": "no-such-model"}, openai.NotFoundError, "model_not_found"),
        ({"max_output_tokens": 0}, openai.BadRequestError, "invalid_request"),
        ({"previous_response_id": "resp_1"}, openai.BadRequestError, "previous_response_not_found"),
        ({"extra_headers": {"authorization": "Bearer sk-wrong"}}, openai.AuthenticationError, "invalid_api_key"),
    ],
)
def test_the_sdk_raises_the_error_of_each_refusal(
    client: openai.OpenAI, fields: dict[str, Any], kind: type[openai.APIStatusError], code: str
) -> None:
    arguments: dict[str, Any] = {"model": "demo", "input": INPUT, **fields}
    with pytest.raises(kind) as refused:
        client.responses.create(**arguments)
    assert (code, True) == (refused.value.code, bool(refused.value.request_id))


def test_the_sdk_finds_nothing_stored(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="not stored"):
        client.responses.retrieve("resp_1")


def test_the_sdk_sees_that_half_a_stream_failed(client: openai.OpenAI, serve: Serve, upstream: Upstream) -> None:
    broken = {"error": {"message": "engine died", "type": "server_error"}}
    upstream.default = sse(chat_chunk({"content": "half"}), Pause(0.1), broken, done=False)
    *_, last = client.responses.create(model=serve(upstream.url), input=INPUT, stream=True)
    assert "response.failed" == last.type
    assert last.response.error is not None
    assert "server_error" == last.response.error.code


def test_the_sdk_sees_why_the_upstream_refused(client: openai.OpenAI, serve: Serve, upstream: Upstream) -> None:
    upstream.default = error_answer(400, "that is too much")
    with pytest.raises(openai.BadRequestError, match="that is too much"):
        client.responses.create(model=serve(upstream.url), input=INPUT, stream=True)
