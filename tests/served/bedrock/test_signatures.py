"""Requests to Bedrock that a profile of AWS's signs, behind a running gateway; botocore judges each signature."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AddChannel
from tests.served import messages, responses
from tests.served.bedrock import ARN, CLAUDE, Bedrock, refusal
from tests.served.messages import TEXT, claude_stream
from tests.support.canaries import KEY_CANARY
from tests.support.gateway import Gateway, unique
from tests.support.upstream.answers import json_answer
from tests.support.upstream.aws import signed_by
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream

SECRETS = {"AKWORK": "wJalr/XUtn+FEMI", "AKHOME": "another/secret"}
KEY = f"{KEY_CANARY}-bedrock"
PROFILES = f"""[work]
aws_access_key_id = AKWORK
aws_secret_access_key = {SECRETS["AKWORK"]}
aws_session_token = token-of-work
region = eu-central-1

[home]
aws_access_key_id = AKHOME
aws_secret_access_key = {SECRETS["AKHOME"]}
region = us-west-2
"""


@pytest.fixture(autouse=True)
def profiles(gateway: Gateway) -> None:
    """The profiles of whoever runs the gateway."""
    folder = Path(gateway.home.directory.parent / ".aws")
    folder.mkdir(exist_ok=True)
    (folder / "credentials").write_text(PROFILES)


@pytest.fixture
def model(bedrock: Upstream, add_channel: AddChannel) -> str:
    """Claude by a profile."""
    return signed_channel(add_channel, bedrock, ["profile:work"])


def signed_channel(add_channel: AddChannel, bedrock: Upstream, keys: list[str], upstream_model: str = CLAUDE) -> str:
    """A channel with these keys; its model."""
    name = unique("claude")
    return add_channel(bedrock.url, name, provider="bedrock", keys=keys, models=[f"{name}={upstream_model}"])


def signer(request: Request) -> str:
    """Whose signature a request has; AssertionError where it is none."""
    url = f"http://{dict(request.headers)['host']}{request.path}"
    return signed_by(SECRETS, request.method, url, request.headers, request.body)


@pytest.mark.parametrize("upstream_model", [CLAUDE, ARN, "openai.gpt-oss-120b-1:0"])
def test_requests_of_every_surface_are_signed(
    gateway: Gateway, add_channel: AddChannel, bedrock: Upstream, upstream_model: str
) -> None:
    model = signed_channel(add_channel, bedrock, ["profile:work"], upstream_model)
    assert 200 == gateway.chat(model).status
    with gateway.stream(model) as reading:
        assert reading.head.status == 200
        list(reading.events())
    assert 200 == messages.ask(gateway, model).status
    messages.streamed(gateway, model, ours=False)
    responses.whole(gateway, model)
    responses.streamed(gateway, model)
    assert ["AKWORK"] * 6 == [signer(request) for request in bedrock.chats]
    assert {"token-of-work"} == {request.header("x-amz-security-token") for request in bedrock.chats}
    scopes = {str(request.header("authorization")).split("/", 2)[2].split(",")[0] for request in bedrock.chats}
    assert {"eu-central-1/bedrock/aws4_request"} == scopes


def test_a_profile_an_environment_and_a_key_may_share_a_channel(
    gateway: Gateway, add_channel: AddChannel, bedrock: Upstream
) -> None:
    model = signed_channel(add_channel, bedrock, ["profile:work", "profile:home", KEY])
    seen = set()
    for _ in range(30):
        assert 200 == gateway.chat(model).status
        value = str(bedrock.chats[-1].header("authorization"))
        seen.add("key" if value == f"Bearer {KEY}" else signer(bedrock.chats[-1]))
    assert {"AKWORK", "AKHOME", "key"} == seen


def test_models_are_listed_by_signed_requests(gateway: Gateway, bedrock: Upstream) -> None:
    def listing(request: Request) -> Any:
        if request.path.startswith("/foundation-models"):
            row = {"modelId": "openai.gpt-oss-20b-1:0", "inferenceTypesSupported": ["ON_DEMAND"]}
            return json_answer(200, {"modelSummaries": [row]})
        row = {"inferenceProfileId": CLAUDE, "status": "ACTIVE"}
        return json_answer(200, {"inferenceProfileSummaries": [row]})

    bedrock.default = listing
    body = {"name": unique("aws"), "provider": "bedrock", "base_url": bedrock.url, "keys": ["profile:work"]}
    answer = gateway.admin("POST", "/channels", body)
    assert ["openai.gpt-oss-20b-1:0", CLAUDE] == answer.json()["models"]
    assert ["AKWORK"] * 2 == [signer(request) for request in bedrock.requests]


def test_without_credentials_another_channel_answers(
    gateway: Gateway, add_channel: AddChannel, bedrock: Upstream
) -> None:
    with Upstream(claude_stream()) as other:
        model = signed_channel(add_channel, bedrock, ["profile:nobody"])
        name = unique("other")
        add_channel(other.url, model, name=name, provider="anthropic", models=[f"{model}={CLAUDE}"], priority=-1)
        assert TEXT == messages.streamed(gateway, model, ours=False).text
    assert [] == bedrock.requests
    (record,) = gateway.books.records(model)
    assert ["connect", ""] == [attempt["fault"] for attempt in record.tries]


def test_a_test_says_why_there_are_no_credentials(gateway: Gateway, bedrock: Upstream) -> None:
    name = unique("aws")
    fields: Mapping[str, Any] = {"provider": "bedrock", "base_url": bedrock.url, "models": [CLAUDE]}
    made = gateway.admin("POST", "/channels", {"name": name, "keys": ["profile:nobody"], **fields})
    assert "profile:nobody" == made.json()["keys"][0]["hint"]
    (tested,) = gateway.admin("POST", f"/channels/{name}/test", {}).json()["keys"]
    assert "The config profile (nobody) could not be found" == tested["error"]


def test_what_is_signed_with_is_never_seen(gateway: Gateway, model: str, bedrock: Upstream) -> None:
    echo = f"token-of-work {SECRETS['AKWORK']}"
    bedrock.default = refusal(400, "ValidationException", echo)
    answer = gateway.chat(model)
    assert (400, False) == (answer.status, b"token-of-work" in answer.body)
    assert not any(secret in gateway.process.output for secret in (*SECRETS.values(), "token-of-work"))
    bedrock.default = Bedrock()
    assert 200 == gateway.chat(model).status
