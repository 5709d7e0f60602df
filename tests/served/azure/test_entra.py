"""Azure OpenAI by the credential of an application at Microsoft Entra: exchanged once, used by all, seen by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from tests.served.azure import DEPLOYMENT, VERSION
from tests.served.azure.conftest import Resource
from tests.support.gateway import Gateway, eventually, unique
from tests.support.upstream.answers import json_answer
from tests.support.upstream.entra import CLIENT, SECRET, TENANT, Entra
from tests.support.upstream.scripted import Upstream

TOKEN = "entra-token-1"


@pytest.fixture
def entra(resource: Resource) -> Iterator[Upstream]:
    """Entra's token endpoint; the resource knows its first token."""
    resource.azure.tokens.add(TOKEN)
    with Upstream(Entra()) as server:
        yield server


def serve(gateway: Gateway, resource: Resource, key: str) -> str:
    """A model at the resource, by a credential."""
    model = unique("model")
    body = {
        "name": model,
        "type": "azure",
        "base_url": resource.dated,
        "keys": [key],
        "models": [f"{model}={DEPLOYMENT}"],
    }
    answer = gateway.admin("POST", "/channels", body)
    assert 201 == answer.status, answer.body
    gateway.set_price(model)
    return model


def test_requests_at_once_need_one_token(gateway: Gateway, resource: Resource, entra: Upstream) -> None:
    model = serve(gateway, resource, Entra().credential(entra))
    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status for answer in pool.map(lambda _: gateway.chat(model), range(16))]
    assert {200} == set(statuses)
    assert 1 == len(entra.requests)
    assert {f"Bearer {TOKEN}"} == {request.header("authorization") for request in resource.upstream.chats}
    assert {None} == {request.header("api-key") for request in resource.upstream.chats}


def test_a_token_is_sent_as_azures_own_client_sends_it(gateway: Gateway, resource: Resource, entra: Upstream) -> None:
    model = serve(gateway, resource, Entra().credential(entra))
    gateway.chat(model)
    with openai.AzureOpenAI(
        azure_endpoint=resource.endpoint, azure_ad_token=TOKEN, api_version=VERSION, max_retries=0
    ) as azure:
        azure.chat.completions.create(model=DEPLOYMENT, messages=[{"role": "user", "content": "Hi"}])
    ours, theirs = resource.upstream.chats
    assert (theirs.path, theirs.header("authorization")) == (ours.path, ours.header("authorization"))


def test_the_secret_is_shown_nowhere(gateway: Gateway, resource: Resource, entra: Upstream) -> None:
    model = serve(gateway, resource, Entra().credential(entra))
    gateway.chat(model)
    shown = gateway.admin("GET", f"/channels/{model}").body
    tested = gateway.admin("POST", f"/channels/{model}/test", {}).body
    assert SECRET.encode() not in shown + tested
    assert TOKEN.encode() not in shown + tested
    assert b'"ok":true' in tested


def test_a_secret_that_entra_refuses_takes_the_key_out(gateway: Gateway, resource: Resource, entra: Upstream) -> None:
    base = entra.url.removesuffix("/v1")
    model = serve(gateway, resource, f"entra:{base}/{TENANT}/{CLIENT}/{SECRET}-of-yesterday")
    assert 502 == gateway.chat(model).status

    def state() -> str:
        return str(gateway.admin("GET", f"/channels/{model}").json()["state"])

    eventually(lambda: "no usable key" == state(), state)
    assert [] == resource.upstream.chats


def test_a_token_endpoint_that_is_down_leaves_the_key_in_use(
    gateway: Gateway, resource: Resource, entra: Upstream
) -> None:
    model = serve(gateway, resource, Entra().credential(entra))
    entra.default = json_answer(503, {})
    assert 502 == gateway.chat(model).status
    entra.default = Entra()
    assert 200 == gateway.chat(model).status


def test_a_resource_is_asked_for_its_deployments_by_a_token_too(
    gateway: Gateway, resource: Resource, entra: Upstream
) -> None:
    name = unique("listed")
    key = Entra().credential(entra)
    body = {"name": name, "type": "azure", "base_url": resource.endpoint, "keys": [key]}
    assert ["our-gpt-4o"] == gateway.admin("POST", "/channels", body).json()["models"]
    gateway.admin("DELETE", f"/channels/{name}")
