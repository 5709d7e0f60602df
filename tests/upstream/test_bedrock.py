"""Addresses and model lists of Amazon Bedrock."""

from __future__ import annotations

import pytest

from aihub_lite.domain.channel import ModelFacts
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.access.aws import scope_of
from aihub_lite.upstream.access.sigv4 import Scope
from aihub_lite.upstream.bedrock import base_url_of, is_mantle, list_urls, models_in, root_of


@pytest.mark.parametrize(
    ("region", "base_url"),
    [
        ("eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"),
        ("us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com/openai/v1"),
        ("cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/openai/v1"),
    ],
)
def test_a_region_has_its_address(region: str, base_url: str) -> None:
    assert base_url == base_url_of(region)
    assert Scope(region, "bedrock") == scope_of(base_url)


@pytest.mark.parametrize("region", ["", "eu", "EU-CENTRAL-1", "evil.example/", "us-east-1.evil.example", "us-east-1\n"])
def test_what_is_no_region_makes_no_address(region: str) -> None:
    """An address decides where credentials are sent."""
    with pytest.raises(InvalidRequest, match="region"):
        base_url_of(region)


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        ("https://bedrock-mantle.us-east-1.api.aws/v1", Scope("us-east-1", "bedrock-mantle")),
        ("https://bedrock.ap-south-1.amazonaws.com/foundation-models", Scope("ap-south-1", "bedrock")),
        ("https://bedrock-runtime-fips.us-east-2.amazonaws.com", Scope("us-east-2", "bedrock")),
        ("https://vpce-0a1-b2.bedrock-runtime.eu-west-1.vpce.amazonaws.com/v1", Scope("eu-west-1", "bedrock")),
        ("http://127.0.0.1:8080/v1", Scope("", "bedrock")),
        ("https://proxy.example/bedrock-runtime.eu-west-1.amazonaws.com", Scope("", "bedrock")),
        ("", Scope("", "bedrock")),
    ],
)
def test_an_address_says_which_service_and_region_it_is(url: str, scope: Scope) -> None:
    assert scope == scope_of(url)


def test_only_the_second_endpoint_is_it() -> None:
    urls = (
        base_url_of("eu-west-1"),
        "https://bedrock-mantle.eu-west-1.api.aws/v1",
        "https://bedrock-mantle.example/v1",
    )
    assert [False, True, False] == [is_mantle(url) for url in urls]


@pytest.mark.parametrize("base_url", ["https://a.example/x/openai/v1", "https://a.example/x/v1", "https://a.example/x"])
def test_apis_are_beside_that_for_chat(base_url: str) -> None:
    assert "https://a.example/x" == root_of(base_url)


def test_models_are_listed_by_a_host_of_their_own() -> None:
    models, profiles = list_urls(base_url_of("eu-west-1"))
    assert "https://bedrock.eu-west-1.amazonaws.com/foundation-models?byOutputModality=TEXT" == models
    assert profiles.startswith("https://bedrock.eu-west-1.amazonaws.com/inference-profiles?")
    assert ("http://127.0.0.1:1/foundation-models?byOutputModality=TEXT",) == list_urls("http://127.0.0.1:1/v1")[:1]
    assert ("https://bedrock-mantle.us-east-1.api.aws/v1/models",) == list_urls(
        "https://bedrock-mantle.us-east-1.api.aws/v1"
    )


def test_only_what_can_be_asked_is_listed() -> None:
    on_demand = {"inferenceTypesSupported": ["ON_DEMAND"], "inputModalities": ["TEXT", "IMAGE"], "modelName": "A"}
    by_profile = {"inferenceTypesSupported": ["INFERENCE_PROFILE"]}
    models = [
        {"modelId": "anthropic.claude-3-haiku-20240307-v1:0", **on_demand},
        {"modelId": "anthropic.claude-sonnet-4-6", **by_profile},
        {"modelId": "openai.gpt-oss-120b-1:0", **on_demand},
        {"modelId": "amazon.nova-pro-v1:0", **on_demand},
        {"modelId": None, **on_demand},
        "nonsense",
    ]
    profiles = [
        {
            "inferenceProfileId": "eu.anthropic.claude-sonnet-4-6",
            "status": "ACTIVE",
            "inferenceProfileName": "Sonnet",
        },
        {"inferenceProfileId": "eu.amazon.nova-pro-v1:0", "status": "ACTIVE"},
        {"inferenceProfileId": "eu.anthropic.claude-old", "status": "INACTIVE"},
    ]
    facts = ModelFacts(name="A", input_modalities=("text", "image"))
    assert [
        ("anthropic.claude-3-haiku-20240307-v1:0", facts),
        ("openai.gpt-oss-120b-1:0", facts),
        ("eu.anthropic.claude-sonnet-4-6", ModelFacts(name="Sonnet")),
    ] == list(models_in({"modelSummaries": models, "inferenceProfileSummaries": profiles}))


def test_the_second_endpoint_lists_as_openai_does() -> None:
    rows = [{"id": "openai.gpt-oss-20b"}, {"id": "anthropic.claude-opus-4-7"}, {"id": "amazon.nova"}, {}]
    assert ["openai.gpt-oss-20b", "anthropic.claude-opus-4-7"] == [model for model, _ in models_in({"data": rows})]
