"""Claude at clouds: the same request as their official clients send it, and as we do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2
import msgspec
import pytest
from anthropic import AnthropicBedrock, AnthropicBedrockMantle

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.adapters.adapter import AttemptContext, UpstreamRequest
from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.adapters.upstreams import chat_adapter
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.wire.anthropic.surface.request import MessagesBody
from aihub_lite.wire.chat.request import parse_chat
from tests.support.clock import ManualClock

MODELS = (
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-opus-4-6-v1",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:application-inference-profile/a1b2c3",
)
RUNTIME = "https://bedrock-runtime.eu-central-1.amazonaws.com"
MANTLE = "https://bedrock-mantle.eu-central-1.api.aws"
BODY: dict[str, Any] = {
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "Hello"}],
    "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}
BETA = "context-1m-2025-08-07"
MEANT = ("anthropic-version", "anthropic-beta", "content-type")
"""Headers that say how a body is meant."""


def lane(base_url: str, model: str) -> Lane:
    """A channel at Bedrock, without a key."""
    channel = Channel(id="c", name="c", provider="bedrock", base_url=base_url, created_at=0)
    return Lane(Candidate(channel, model, UNPRICED), NO_KEY, "")


def ours(base_url: str, model: str, body: Mapping[str, Any], version: str = "2023-06-01") -> UpstreamRequest:
    """A request of Messages as it leaves us."""
    request = MESSAGES.parse(MessagesBody(msgspec.json.encode({"model": "m", **body}), version, BETA))
    return MESSAGES.adapter(request, lane(base_url, model), AttemptContext("r1", ManualClock())).send()


@pytest.fixture
def sent() -> list[httpx2.Request]:
    """What a client has sent."""
    return []


@pytest.fixture
def http(sent: list[httpx2.Request]) -> Iterator[httpx2.Client]:
    """Answers nothing, and keeps what was asked."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        request.read()
        sent.append(request)
        return httpx2.Response(400, json={"message": "no"})

    with httpx2.Client(transport=httpx2.MockTransport(refuse)) as client:
        yield client


def ask(client: Any, model: str, stream: bool) -> None:
    """The request of `BODY` with a beta, refused."""
    with pytest.raises(Exception, match="400"):
        client.messages.create(model=model, stream=stream, extra_headers={"anthropic-beta": BETA}, **BODY)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", MODELS)
def test_invoke_model_is_asked_as_anthropics_own_client_asks(
    http: httpx2.Client, sent: list[httpx2.Request], model: str, stream: bool
) -> None:
    """But for `:` in the path, which it leaves as it is and AWS's own clients encode."""
    client = AnthropicBedrock(api_key="k", aws_region="eu-central-1", base_url=RUNTIME, http_client=http, max_retries=0)
    ask(client, model, stream)
    theirs = sent[0]

    expected = msgspec.json.decode(theirs.content)
    request = ours(RUNTIME, model, {**BODY, "stream": stream}, expected["anthropic_version"])

    assert unquote(theirs.url.raw_path.decode()) == unquote(urlsplit(request.url).path)
    assert theirs.url.raw_path.decode().count("/") == urlsplit(request.url).path.count("/")
    assert isinstance(request.body, bytes)
    assert expected == msgspec.json.decode(request.body)
    assert [(b"content-type", b"application/json")] == request.headers


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_second_endpoint_is_asked_as_anthropics_own_client_asks(
    http: httpx2.Client, sent: list[httpx2.Request], stream: bool
) -> None:
    client = AnthropicBedrockMantle(api_key="k", aws_region="eu-central-1", http_client=http, max_retries=0)
    ask(client, "anthropic.claude-opus-4-7", stream)
    theirs = sent[0]

    version = theirs.headers["anthropic-version"]
    request = ours(f"{MANTLE}/v1", "anthropic.claude-opus-4-7", {**BODY, "stream": stream}, version)

    assert str(theirs.url) == request.url
    body = msgspec.json.decode(request.body if isinstance(request.body, bytes) else b"")
    assert {**msgspec.json.decode(theirs.content), "stream": stream} == body
    headers = {name.decode(): value.decode() for name, value in request.headers}
    assert {name: theirs.headers[name] for name in MEANT} == headers


def test_what_bedrock_has_no_field_for_is_named_as_left_out() -> None:
    request = ours(RUNTIME, MODELS[0], {**BODY, "service_tier": "auto"})

    assert ("service_tier",) == request.dropped


def test_a_chat_request_is_posted_the_same_way() -> None:
    chat = parse_chat(msgspec.json.encode({"model": "m", "messages": BODY["messages"], "reasoning_effort": "low"}))

    request = chat_adapter(chat, lane(RUNTIME + "/openai/v1", MODELS[0]), AttemptContext("r1", ManualClock())).send()

    assert f"{RUNTIME}/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke" == request.url
    body = msgspec.json.decode(request.body if isinstance(request.body, bytes) else b"")
    assert ("bedrock-2023-05-31", {"type": "enabled", "budget_tokens": 1024}) == (
        body["anthropic_version"],
        body["thinking"],
    )
    assert set(body) & {"model", "stream"} == set()
