"""Recorded traffic through a running gateway, asked for as responses: told whole, counted as chat counts it."""

from __future__ import annotations

from typing import Any

import msgspec
import openai
import pytest

from tests.served.replay.conftest import NO_CHAT_ANSWERS, answered
from tests.served.responses import PATH, request
from tests.served.responses.conftest import NATIVE, Serve
from tests.support.checkers.chat import check_chat_answer, check_chat_stream
from tests.support.checkers.responses import check_response, check_responses_stream
from tests.support.gateway import Gateway, chat_body
from tests.support.replay import CHAT_PROVIDERS, Vector, played, requires_vectors, vectors
from tests.support.upstream.answers import json_answer
from tests.support.upstream.scripted import Upstream

pytestmark = [requires_vectors, pytest.mark.extended]

PIECES = 40
"""In which a stream is sent a second time."""
SPEAKING = ("openai", "azure", "deepseek", "openrouter")


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """Recordings are data: what little they set up is set up elsewhere too."""
    return False


def play(upstream: Upstream, vector: Vector, cuts: Any = ()) -> None:
    script = played(vector, cuts)
    upstream.default = lambda received: json_answer(200, {"data": []}) if received.method == "GET" else script


def asked_as_recorded(vector: Vector, model: str, **fields: Any) -> dict[str, Any]:
    recorded = vector.request if vector.request and vector.request.get("messages") else chat_body("")
    return {**recorded, "model": model, "stream": vector.streamed, **fields}


def counted(usage: dict[str, Any]) -> tuple[int, int, int, int]:
    prompt = usage["prompt_tokens_details"]
    completion = usage["completion_tokens_details"]
    return (
        usage["prompt_tokens"],
        usage["completion_tokens"],
        prompt["cached_tokens"],
        completion["reasoning_tokens"],
    )


def counted_here(usage: dict[str, Any]) -> tuple[int, int, int, int]:
    prompt = usage["input_tokens_details"]
    completion = usage["output_tokens_details"]
    return usage["input_tokens"], usage["output_tokens"], prompt["cached_tokens"], completion["reasoning_tokens"]


@pytest.mark.parametrize("provider", CHAT_PROVIDERS)
def test_a_recorded_chat_is_told_and_counted_as_chat_does(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str
) -> None:
    model = serve(upstream.url)
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        for vector in [*answered(provider, streamed=True), *answered(provider, streamed=False)]:
            play(upstream, vector)
            if vector.streamed:
                usage = {"stream_options": {"include_usage": True}}
                chat = check_chat_stream(
                    gateway.post(asked_as_recorded(vector, model, **usage)).body, include_usage=True
                )
                response = check_responses_stream(gateway.post(request(model, stream=True), PATH).body).response
                with client.responses.stream(model=model, input="hi") as stream:
                    typed = stream.get_final_response()
            else:
                chat = check_chat_answer(gateway.post(asked_as_recorded(vector, model)).body)  # type: ignore[assignment]
                response = check_response(gateway.post(request(model), PATH).json())
                typed = client.responses.create(model=model, input="hi")  # type: ignore[assignment]
            assert vector.id in NO_CHAT_ANSWERS or chat.usage is not None
            record = gateway.books.records(model)[-1]
            if record.usage_source == "upstream" and chat.usage is not None:
                assert counted(chat.usage) == counted_here(response["usage"]), vector
            first = chat.first
            assert first.content == typed.output_text, vector
            calls = [(call["id"], call[call["type"]]["name"]) for call in first.tool_calls]
            if first.function_call:  # a legacy call has no id of its own
                calls.append((response["id"].replace("resp_", "call_"), first.function_call["name"]))
            assert calls == [(item["call_id"], item["name"]) for item in response["output"] if "call_id" in item], (
                vector
            )


def numbered(body: bytes, model: str) -> list[dict[str, Any]]:
    """The events of a recorded stream, as they should come out."""
    events = [
        msgspec.json.decode(line[5:])
        for line in body.split(b"\n")
        if line.startswith(b"data:") and b"[DONE]" not in line
    ]
    for event in events:
        if isinstance(event.get("response"), dict):
            event["response"]["model"] = model
    return events


@pytest.mark.parametrize("provider", SPEAKING)
def test_a_recorded_response_is_passed_on_and_booked_as_it_is(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str
) -> None:
    model = serve((NATIVE, upstream.url))
    for vector in vectors("responses", [provider], status=200):
        recorded = msgspec.json.decode(vector.body) if not vector.streamed else {}
        if recorded.get("error") or (not vector.streamed and recorded.get("status") != "completed"):
            continue
        step = len(vector.body) // PIECES + 1
        for cuts in ((), range(step, len(vector.body), step)):
            play(upstream, vector, cuts)
            answer = gateway.post(request(model, stream=vector.streamed), PATH)
            if vector.streamed:
                assert numbered(vector.body, model) == numbered(answer.body, model), vector
            else:
                assert {**recorded, "model": model} == answer.json(), vector
        usage = recorded.get("usage") or numbered(vector.body, model)[-1]["response"]["usage"]
        record = gateway.books.records(model)[-1]
        assert (usage["input_tokens"], usage["output_tokens"]) == (record.prompt_tokens, record.completion_tokens), (
            vector
        )


@pytest.mark.parametrize(
    "vector", [recording for recording in vectors("responses", SPEAKING) if recording.status != 200], ids=str
)
def test_a_recorded_refusal_keeps_its_words(gateway: Gateway, serve: Serve, upstream: Upstream, vector: Vector) -> None:
    play(upstream, vector)
    answer = gateway.post(request(serve((NATIVE, upstream.url))), PATH)
    recorded = msgspec.json.decode(vector.body)["error"]
    status = 404 if "does not exist" in recorded["message"] else vector.status  # of a model; OpenAI says 400 here
    assert (status, recorded["message"][:200]) == (answer.status, answer.error["message"][:200])
