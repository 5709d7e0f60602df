"""Groups in a base URL: `/proxy/GROUP/v1` asks within one, for tokens that may."""

from __future__ import annotations

import pytest

from tests.support import rawclient
from tests.support.gateway import Gateway, chat_body, unique
from tests.support.rawclient import Answer
from tests.support.upstream.scripted import Upstream

PATHS = ("/proxy/{}/v1/chat/completions", "/proxy/{}/chat/completions", "/proxy/{}/v1/v1//chat/completions/")


def ask(gateway: Gateway, path: str, key: str, model: str) -> Answer:
    return gateway.post(chat_body(model), path, key)


@pytest.mark.parametrize("path", PATHS)
def test_a_token_is_served_below_its_own_group_as_without(gateway: Gateway, upstream: Upstream, path: str) -> None:
    group = unique("pool")
    model = gateway.add_channel(upstream.url, group=group)
    key = gateway.add_token(group=group)
    assert [200, 200] == [
        ask(gateway, each, key, model).status for each in (path.format(group), "/v1/chat/completions")
    ]


def test_a_token_of_another_group_is_no_key_there(gateway: Gateway, upstream: Upstream) -> None:
    group = unique("pool")
    model = gateway.add_channel(upstream.url, group=group)
    key = gateway.add_token()
    refused = [ask(gateway, PATHS[0].format(name), key, model) for name in (group, "nowhere")]
    assert [(401, "invalid_api_key")] * 2 == [(each.status, each.json()["error"]["code"]) for each in refused]


def test_a_token_of_every_group_is_served_by_the_one_that_its_path_names(gateway: Gateway, upstream: Upstream) -> None:
    model = unique("model")
    groups = [unique("pool"), unique("pool")]
    for group in groups:
        gateway.add_channel(upstream.url, model, group=group, models=[f"{model}={group}"])
    key = gateway.add_token(group="*")
    asked = []
    for group in groups:
        assert 200 == ask(gateway, PATHS[0].format(group), key, model).status
        asked.append(upstream.chats[-1].json()["model"])
    assert groups == asked
    assert 200 == ask(gateway, "/v1/chat/completions", key, model).status


def test_a_group_has_its_own_list_of_models(gateway: Gateway, upstream: Upstream) -> None:
    groups = [unique("pool"), unique("pool")]
    models = [gateway.add_channel(upstream.url, group=group) for group in groups]
    key = gateway.add_token(group="*")
    listed = [
        [model["id"] for model in gateway.get(f"/proxy/{group}/v1/models", key=key).json()["data"]] for group in groups
    ]
    assert [[models[0]], [models[1]]] == [[id_ for id_ in each if id_ in models] for each in listed]


@pytest.mark.parametrize("path", ["/proxy/default/console", "/proxy/default/api/admin/status", "/proxy/default/readyz"])
def test_the_gateways_own_paths_are_not_there_below_a_group(gateway: Gateway, path: str) -> None:
    answer = rawclient.request(gateway.url, "GET", path, {"authorization": f"Bearer {gateway.admin_key}"})
    assert (404, "not_found") == (answer.status, answer.json()["error"]["code"])


def test_what_is_asked_below_a_group_counts_in_the_tokens_limits_and_its_books(
    gateway: Gateway, upstream: Upstream
) -> None:
    group = unique("pool")
    model = gateway.add_channel(upstream.url, group=group)
    key = gateway.add_token(group="*", rpm=1)
    statuses = [ask(gateway, PATHS[0].format(group), key, model).status for _ in range(2)]
    assert [200, 429] == statuses
    assert [model] == [record.model for record in gateway.books.records(model)]
