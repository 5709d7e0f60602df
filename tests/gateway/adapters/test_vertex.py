"""Gemini and Claude at Vertex AI: the same requests as Google's and Anthropic's own clients send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import msgspec
import pytest
from anthropic import AnthropicVertex
from google import genai
from google.auth.credentials import AnonymousCredentials
from google.genai import types

from aihub_lite.config import Settings
from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.access.authorizer import RequestDraft
from aihub_lite.upstream.transport import Transport
from aihub_lite.upstream.vertex import base_url_of
from aihub_lite.wire.anthropic.surface.request import MessagesBody
from tests.support.clock import ManualClock
from tests.support.upstream.answers import json_answer
from tests.support.upstream.google import PROJECT, TokenEndpoint, service_account, vertex
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

REGION = "europe-west4"
CLAUDE = "claude-sonnet-4-5@20250929"
GEMINI = "gemini-2.5-flash"
BETA = "context-1m-2025-08-07"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MESSAGE: dict[str, Any] = {
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "Hello"}],
    "tools": [{"name": "look_up", "input_schema": SCHEMA}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}
OURS = ("content-type", "anthropic-beta", "anthropic-version", "authorization", "x-api-key", "x-goog-api-key")
"""Headers that say how a body is meant, and who asks."""


@attrs.define
class Sides:
    """A scripted Vertex, asked by an official client and then by us."""

    server: Upstream
    tokens: TokenEndpoint

    def ours(self, adapter: Adapter) -> Request:
        """What the gateway sends: as an attempt does, with the token of a service account."""

        async def send() -> None:
            async with Transport(Settings(data_dir=Path()), clock=ManualClock()) as transport:
                sent = adapter.send()
                assert isinstance(sent.body, bytes)
                draft = RequestDraft("POST", sent.url, sent.headers, sent.body)
                key = json.dumps(service_account(self.tokens.uri))
                authorization = await transport.access.authorize("google", key, draft)
                headers = [*sent.headers, *authorization.headers]
                response = await transport.send("POST", sent.url, headers, sent.body)
                await response.aclose()

        asyncio.run(send())
        return self.server.requests[-1]

    def lane(self, model: str) -> Lane:
        base_url = f"{self.server.url}/projects/{PROJECT}/locations/{REGION}"
        channel = Channel(id="c", name="c", provider="vertex", base_url=base_url, created_at=0)
        return Lane(Candidate(channel, model, UNPRICED), NO_KEY, "")


@pytest.fixture
def sides() -> Iterator[Sides]:
    tokens = TokenEndpoint()
    with Upstream(tokens) as endpoint, Upstream(vertex) as server:
        tokens.uri = f"http://127.0.0.1:{endpoint.port}/token"
        yield Sides(server, tokens)


def context() -> AttemptContext:
    return AttemptContext("r1", ManualClock())


def headers_of(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers if name in OURS}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_claude_is_asked_as_anthropics_own_client_asks(sides: Sides, stream: bool) -> None:
    client = AnthropicVertex(
        region=REGION,
        project_id=PROJECT,
        access_token="ya29.token-1",
        base_url=sides.server.url,
        max_retries=0,
        default_headers={"anthropic-beta": BETA},
    )
    with client:
        asked: Any = client.messages.create(model=CLAUDE, stream=stream, **MESSAGE)
        if stream:
            asked.close()
    theirs = sides.server.requests[-1]
    body = msgspec.json.encode({"model": "m", "stream": stream, **MESSAGE})
    version = theirs.json()["anthropic_version"]
    request = MESSAGES.parse(MessagesBody(body, version, BETA))
    sent = sides.ours(MESSAGES.adapter(request, sides.lane(CLAUDE), context()))
    assert theirs.path == sent.path
    assert {"stream": False, **theirs.json()} == {"stream": False, **sent.json()}
    assert headers_of(theirs) == headers_of(sent)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_gemini_is_asked_as_googles_own_client_asks(sides: Sides, stream: bool) -> None:
    tool = {"name": "look_up", "description": "Looks up.", "parametersJsonSchema": SCHEMA}
    config = types.GenerateContentConfig(
        system_instruction="Be brief.",
        temperature=0.5,
        max_output_tokens=50,
        tools=[types.Tool.model_validate({"functionDeclarations": [tool]})],
    )
    with google_client(sides) as client:
        if stream:
            for _ in client.models.generate_content_stream(model=GEMINI, contents="Hello", config=config):
                pass
        else:
            client.models.generate_content(model=GEMINI, contents="Hello", config=config)
    theirs = sides.server.requests[-1]
    chat = {
        "model": "m",
        "stream": stream,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "temperature": 0.5,
        "max_tokens": 50,
        "tools": [
            {
                "type": "function",
                "function": {"name": "look_up", "description": "Looks up.", "parameters": SCHEMA},
            }
        ],
    }
    request = CHAT.parse(msgspec.json.encode(chat))
    sent = sides.ours(CHAT.adapter(request, sides.lane(GEMINI), context()))
    assert theirs.path == sent.path
    assert one_spelling(theirs.json()) == one_spelling(sent.json())
    assert headers_of(theirs) == headers_of(sent)


@pytest.mark.parametrize(
    ("model", "texts"),
    [
        ("gemini-embedding-001", ["one"]),
        ("gemini-embedding-001", ["one", "two"]),
        ("text-embedding-005", ["one", "two"]),
    ],
)
def test_embeddings_are_asked_for_as_googles_own_client_asks(sides: Sides, model: str, texts: list[str]) -> None:
    sides.server.default = json_answer(400, {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}})
    config = types.EmbedContentConfig(output_dimensionality=64)
    with google_client(sides) as client, pytest.raises(Exception, match="INVALID_ARGUMENT"):
        client.models.embed_content(model=model, contents=[*texts], config=config)
    theirs = sides.server.requests[0]
    (surface,) = (each for each in PASSED if each.name == "embeddings")
    request = surface.parse(msgspec.json.encode({"model": "m", "input": texts, "dimensions": 64}))
    sent = surface.adapter(request, sides.lane(model), context()).send()
    assert isinstance(sent.body, bytes)
    assert theirs.path == urlsplit(sent.url).path
    assert theirs.json() == msgspec.json.decode(sent.body)


def google_client(sides: Sides) -> genai.Client:
    """Google's own, with a token, at the scripted Vertex."""
    credentials = AnonymousCredentials()
    credentials.token = "ya29.token-1"
    root = sides.server.url.removesuffix("/v1")
    options = types.HttpOptions(base_url=root, api_version="v1")
    return genai.Client(vertexai=True, project=PROJECT, location=REGION, credentials=credentials, http_options=options)


def one_spelling(body: dict[str, Any]) -> dict[str, Any]:
    """A body with one spelling of what has two: a system instruction with a role, and a field with underscores."""
    body = msgspec.json.decode(msgspec.json.encode(body).replace(b"parameters_json_schema", b"parametersJsonSchema"))
    instruction = {**body["systemInstruction"]}
    instruction.pop("role", None)
    return {**body, "systemInstruction": instruction}


@pytest.mark.parametrize("region", ["global", "us", "eu", "us-east5", "europe-west4"])
def test_a_region_answers_where_both_clients_look_for_it(region: str) -> None:
    with AnthropicVertex(region=region, project_id=PROJECT, access_token="t") as claude:
        base_url = str(claude.base_url)
    assert f"{base_url.rstrip('/')}/projects/{PROJECT}/locations/{region}" == base_url_of(PROJECT, region)
    credentials = AnonymousCredentials()
    with genai.Client(vertexai=True, project=PROJECT, location=region, credentials=credentials) as client:
        host = urlsplit(str(client._api_client._http_options.base_url)).netloc
    assert host == urlsplit(base_url_of(PROJECT, region)).netloc
