"""Azure OpenAI on every endpoint that it has, held against what OpenAI's own client for it sends."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import openai
import pytest

from tests.served import messages, responses
from tests.served.azure import DEPLOYMENT, KEY, PROMPT, SAFE, VERSION, refusal
from tests.served.azure.conftest import Resource, Serve
from tests.support.canaries import KEY_CANARY
from tests.support.checkers.chat import check_chat_stream
from tests.support.forms import parts_of
from tests.support.gateway import Gateway, eventually
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

HI: Any = [{"role": "user", "content": "Hi"}]


def wav() -> tuple[str, io.BytesIO, str]:
    return ("hello.wav", io.BytesIO(b"RIFFhello"), "audio/wav")


def png() -> tuple[str, io.BytesIO, str]:
    return ("dot.png", io.BytesIO(b"\x89PNGdot"), "image/png")


Call = Callable[[openai.OpenAI, str], object]
CALLS: Mapping[str, Call] = {
    "chat": lambda sdk, model: sdk.chat.completions.create(model=model, messages=HI, max_completion_tokens=5),
    "streamed chat": lambda sdk, model: list(
        sdk.chat.completions.create(model=model, messages=HI, stream=True, stream_options={"include_usage": True})
    ),
    "embeddings": lambda sdk, model: sdk.embeddings.create(model=model, input="Hi"),
    "images": lambda sdk, model: sdk.images.generate(model=model, prompt="A dot"),
    "edits": lambda sdk, model: sdk.images.edit(model=model, prompt="A dot", image=png()),
    "speech": lambda sdk, model: sdk.audio.speech.create(model=model, input="Hi", voice="alloy").content,
    "transcriptions": lambda sdk, model: sdk.audio.transcriptions.create(model=model, file=wav()),
    "responses": lambda sdk, model: sdk.responses.create(model=model, input="Hi"),
}


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        yield sdk


def content_of(request: Request) -> object:
    """What a body says, whatever its boundaries."""
    kind = request.header("content-type") or ""
    if kind.startswith("multipart/"):
        return parts_of(kind, request.body)
    return msgspec.json.decode(request.body)


def same(ours: Request, theirs: Request) -> None:
    """Whether two requests are the same but for who sent them."""
    assert (theirs.method, urlsplit(theirs.path).path) == (ours.method, urlsplit(ours.path).path)
    assert parse_qs(urlsplit(theirs.path).query) == parse_qs(urlsplit(ours.path).query)
    kinds = [(each.header("content-type") or "").partition(";")[0] for each in (ours, theirs)]
    assert kinds[0] == kinds[1]
    assert content_of(theirs) == content_of(ours)


@pytest.mark.parametrize("name", CALLS)
def test_a_deployment_is_asked_as_azures_own_client_asks_it(
    gateway: Gateway, serve: Serve, resource: Resource, client: openai.OpenAI, name: str
) -> None:
    model = serve(resource.dated)
    CALLS[name](client, model)
    with openai.AzureOpenAI(azure_endpoint=resource.endpoint, api_key=KEY, api_version=VERSION, max_retries=0) as azure:
        CALLS[name](azure, DEPLOYMENT)
    ours, theirs = resource.upstream.chats
    same(ours, theirs)
    assert (theirs.header("api-key"), theirs.header("authorization")) == (ours.header("api-key"), None)
    assert None is ours.header("authorization")


@pytest.mark.parametrize("query", ["", "?api-version=preview"], ids=["v1", "preview"])
@pytest.mark.parametrize("name", CALLS)
def test_the_api_without_versions_is_asked_as_openais_client_asks_it(
    gateway: Gateway, serve: Serve, resource: Resource, client: openai.OpenAI, name: str, query: str
) -> None:
    model = serve(f"{resource.endpoint}/openai/v1{query}")
    CALLS[name](client, model)
    version = {"api-version": "preview"} if query else None
    with openai.OpenAI(
        base_url=f"{resource.endpoint}/openai/v1",
        api_key=KEY,
        default_headers={"api-key": KEY},
        default_query=version,
        max_retries=0,
    ) as azure:
        CALLS[name](azure, DEPLOYMENT)
    ours, theirs = resource.upstream.chats
    same(ours, theirs)
    assert KEY == ours.header("api-key")


@pytest.mark.parametrize("api", ["dated", "v1"])
def test_every_surface_is_served_whole_and_streamed(
    gateway: Gateway, serve: Serve, resource: Resource, api: str
) -> None:
    model = serve(resource.dated if api == "dated" else resource.endpoint)
    assert gateway.chat(model).json()["choices"][0]["message"]["content"]
    with gateway.stream(model) as reading:
        assert (
            "hello there"
            == check_chat_stream(b"".join(event.data for event in reading.events()), include_usage=False).content
        )
    assert messages.whole(gateway, model).text
    assert "hello there" == messages.streamed(gateway, model, ours=False).text
    assert responses.TEXT in str(responses.whole(gateway, model)["output"])
    assert responses.TEXT in str(responses.streamed(gateway, model).response["output"])
    records = gateway.books.records(model)
    assert {"upstream"} == {record.usage_source for record in records}
    assert 6 == len(records)


def test_what_the_filters_found_reaches_the_client(
    gateway: Gateway, serve: Serve, resource: Resource, client: openai.OpenAI
) -> None:
    model = serve(resource.dated)
    whole = client.chat.completions.create(model=model, messages=HI).to_dict()
    assert PROMPT == whole["prompt_filter_results"]
    assert SAFE == whole["choices"][0]["content_filter_results"]  # type: ignore[index]
    chunks = [chunk.to_dict() for chunk in client.chat.completions.create(model=model, messages=HI, stream=True)]
    assert [PROMPT] == [chunk["prompt_filter_results"] for chunk in chunks if "prompt_filter_results" in chunk]
    assert all(chunk["choices"] for chunk in chunks)
    assert {model} == {chunk["model"] for chunk in chunks}


def test_a_prompt_that_the_filter_refuses_is_the_clients_and_harms_nothing(
    gateway: Gateway, serve: Serve, resource: Resource
) -> None:
    model = serve(resource.dated)
    resource.upstream.enqueue(
        refusal(400, "content_filter", "The response was filtered due to the prompt triggering Azure's policy.")
    )
    refused = gateway.chat(model)
    assert (400, "content_filter") == (refused.status, refused.json()["error"]["code"])
    assert 200 == gateway.chat(model).status


def test_a_deployment_that_is_not_there_is_an_unknown_model(gateway: Gateway, serve: Serve, resource: Resource) -> None:
    model = serve(resource.dated)
    resource.upstream.enqueue(
        refusal(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
    )
    assert (404, "model_not_found") == (
        (refused := gateway.chat(model)).status,
        refused.json()["error"]["code"],
    )


def test_a_key_that_azure_refuses_is_out_of_use(gateway: Gateway, serve: Serve, resource: Resource) -> None:
    model = serve(resource.dated, key=f"{KEY_CANARY}-of-somebody-else")
    assert 502 == gateway.chat(model).status

    def state() -> str:
        return str(gateway.admin("GET", f"/channels/{model}").json()["state"])

    eventually(lambda: "no usable key" == state(), state)


def test_deployments_are_a_channels_models(gateway: Gateway, resource: Resource) -> None:
    """Azure's own list is of all that could be deployed."""
    body = {"name": "deployed", "type": "azure", "base_url": resource.endpoint, "keys": [KEY]}
    made = gateway.admin("POST", "/channels", body).json()
    assert ["our-gpt-4o"] == made["models"]
    assert f"{resource.endpoint}/openai/v1" == made["base_url"]
    gateway.admin("DELETE", "/channels/deployed")


def test_a_resource_that_lists_no_deployments_asks_for_their_names(gateway: Gateway, upstream: Upstream) -> None:
    upstream.enqueue(refusal(404, "404", "Resource not found"))
    body = {"name": "unlisted", "type": "azure", "base_url": upstream.url.removesuffix("/v1"), "keys": [KEY]}
    answer = gateway.admin("POST", "/channels", body)
    assert 502 == answer.status
    assert "Name the models" in answer.json()["error"]["message"]
