"""Channels at Bedrock as an operator makes them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.bedrock import CLAUDE
from tests.support.gateway import Gateway, unique
from tests.support.rawclient import Answer

FRANKFURT = "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"


def make(gateway: Gateway, **fields: Any) -> Answer:
    """A channel whose models are named, so that nobody is asked."""
    return gateway.admin(
        "POST", "/channels", {"name": unique("aws"), "provider": "bedrock", "models": [CLAUDE], **fields}
    )


def test_a_region_stands_for_its_address(gateway: Gateway) -> None:
    made = make(gateway, region="eu-central-1", keys=["profile:work"]).json()
    assert (FRANKFURT, ["profile:work"]) == (made["base_url"], [key["hint"] for key in made["keys"]])


def test_without_a_key_it_has_what_the_machine_has(gateway: Gateway) -> None:
    made = make(gateway, region="eu-central-1").json()
    assert [("application default", None)] == [(key["hint"], key["disabled"]) for key in made["keys"]]


@pytest.mark.parametrize("region", ["Frankfurt", "eu-central-1.evil.example"])
def test_a_channel_nowhere_is_refused(gateway: Gateway, region: str) -> None:
    answer = make(gateway, keys=["profile:work"], region=region)
    assert (400, True) == (answer.status, "region: must be a region of AWS" in answer.json()["error"]["message"])


def test_two_addresses_are_one_too_many(gateway: Gateway) -> None:
    answer = make(gateway, keys=["profile:work"], region="us-west-2", base_url=FRANKFURT)
    assert (400, "region: say either a region or a base URL") == (answer.status, answer.json()["error"]["message"])


def test_a_channel_without_a_region_is_told_how_to_say_it(gateway: Gateway) -> None:
    answer = make(gateway, keys=["profile:work"])
    assert (400, True) == (answer.status, "AWS_REGION" in answer.json()["error"]["message"])


@pytest.mark.parametrize(
    ("base_url", "moved"),
    [
        (FRANKFURT, "https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1"),
        ("https://bedrock-mantle.eu-central-1.api.aws/v1", "https://bedrock-mantle.us-west-2.api.aws/v1"),
    ],
)
def test_a_channel_can_move(gateway: Gateway, base_url: str, moved: str) -> None:
    made = make(gateway, base_url=base_url, keys=["profile:work"]).json()
    changed = gateway.admin("PATCH", f"/channels/{made['id']}", {"region": "us-west-2"})
    assert (200, moved) == (changed.status, changed.json().get("base_url"))


def test_a_profile_is_for_clouds_alone(gateway: Gateway) -> None:
    answer = make(gateway, provider="openai", keys=["profile:work"])
    assert (400, True) == (answer.status, answer.json()["error"]["message"].startswith("keys: "))
