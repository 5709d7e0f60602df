"""Channels that offer models by patterns, through a running gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.gateway import Gateway, unique
from tests.support.upstream.answers import error_answer, healthy, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script


def listed(gateway: Gateway, key: str | None = None) -> set[str]:
    return {row["id"] for row in gateway.get("/v1/models", key).json()["data"]}


def listing(*models: str) -> Callable[[Request], Script]:
    """A healthy upstream that lists these models, as often as it is asked."""

    def answer(received: Request) -> Script:
        if received.method == "GET":
            return models_list(*models)
        return healthy(received)

    return answer


def add(gateway: Gateway, url: str, *models: str, **fields: Any) -> str:
    """A channel of these models; its name."""
    name = unique("channel")
    gateway.add_channel(url, "-", name=name, models=[*models], **fields)
    return name


def test_a_name_that_fits_goes_upstream_as_the_pattern_says(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    add(gateway, upstream.url, f"{family}-*=vendor/*")
    assert 200 == gateway.chat(f"{family}-large").status
    (record,) = gateway.books.records(f"{family}-large")
    assert ("vendor/large", "vendor/large") == (upstream.chats[0].json()["model"], record.upstream_model)


def test_the_list_has_what_is_known_to_match_and_no_pattern(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    upstream.default = listing(f"{family}-a", f"{family}-b", "other")
    name = add(gateway, upstream.url, f"{family}-*", f"{family}-exact")
    known = {model for model in listed(gateway) if model.startswith(family)}
    assert {f"{family}-a", f"{family}-b", f"{family}-exact"} == known
    shown = gateway.admin("GET", f"/channels/{name}").json()
    assert ([f"{family}-exact", f"{family}-*"], [f"{family}-a", f"{family}-b"]) == (shown["models"], shown["matching"])
    gateway.chat(f"{family}-c")
    assert f"{family}-c" not in listed(gateway)


def test_a_name_that_merely_fits_is_a_model_where_the_upstream_lists_it_or_lists_nothing(
    gateway: Gateway, upstream: Upstream
) -> None:
    """Whatever a client made up was answered as a model that is there."""
    family = unique("family")
    upstream.default = listing(f"{family}-a")
    add(gateway, upstream.url, f"{family}-*")
    aliased = unique("alias")
    gateway.admin("POST", "/aliases", {"alias": aliased, "model": f"{family}-made-up"})
    asked = [f"{family}-a", f"{family}-made-up", f"openai/{family}-made-up", aliased]
    assert [200, 404, 404, 200] == [gateway.get(f"/v1/models/{name}").status for name in asked]
    assert 200 == gateway.chat(f"{family}-made-up").status
    unlisted = unique("family")
    with Upstream(lambda request: error_answer(404, "no") if request.method == "GET" else healthy(request)) as silent:
        add(gateway, silent.url, f"{unlisted}-*")
        assert 200 == gateway.get(f"/v1/models/{unlisted}-x").status
        # Another channel may have what the first one does not list.
        add(gateway, silent.url, f"{family}-*")
        assert 200 == gateway.get(f"/v1/models/{family}-made-up").status


def test_patterns_need_no_list(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    upstream.enqueue(error_answer(404, "no"))
    add(gateway, upstream.url, f"{family}-*")
    assert 200 == gateway.chat(f"{family}-a").status


def test_a_tokens_models_hold_for_what_patterns_offer(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    add(gateway, upstream.url, f"{family}-*")
    key = gateway.add_token(models=[f"{family}-a*"])
    statuses = [gateway.chat(model, key).status for model in (f"{family}-ab", f"{family}-b", f"openai/{family}-b")]
    assert [200, 403, 403] == statuses


def test_a_model_of_a_pattern_is_billed_at_the_tables_price(gateway: Gateway, upstream: Upstream) -> None:
    """Nobody knew beforehand that it would be asked for."""
    family = unique("family")
    add(gateway, upstream.url, f"{family}/*=*")
    key = gateway.add_token(quota="1")
    answer = gateway.chat(f"{family}/gpt-4o-mini", key)
    assert 200 == answer.status, answer.body
    (record,) = gateway.books.records(f"{family}/gpt-4o-mini")
    assert record.cost_nano > 0


def test_an_operators_price_and_alias_are_of_the_concrete_name(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    add(gateway, upstream.url, f"{family}-*")
    gateway.set_price(f"{family}-a", "1000", "0")
    alias = unique("alias")
    assert 200 == gateway.admin("POST", "/aliases", {"alias": alias, "model": f"{family}-a"}).status
    assert (200, 200) == (gateway.chat(alias).status, gateway.chat(f"{family}-b").status)
    (record,) = gateway.books.records(f"{family}-a")
    assert (10 * 1_000_000, True) == (record.cost_nano, alias in listed(gateway))


def test_an_exact_name_beats_a_pattern_until_it_is_disabled(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    add(gateway, upstream.url, f"{family}-*=pattern/*", priority=9)
    exact = add(gateway, upstream.url, f"{family}-a=exact")
    gateway.chat(f"{family}-a")
    gateway.admin("POST", f"/channels/{exact}/disable")
    gateway.chat(f"{family}-a")
    assert ["exact", "pattern/a"] == [request.json()["model"] for request in upstream.chats]


def test_a_route_and_a_request_of_a_pattern_can_be_explained(gateway: Gateway, upstream: Upstream) -> None:
    family = unique("family")
    name = add(gateway, upstream.url, f"{family}-*=vendor/*")
    explained = gateway.admin("GET", f"/route?model={family}-x").json()
    assert [(name, "vendor/x", 1)] == [
        (row["channel"], row["upstream_model"], row["place"]) for row in explained["channels"]
    ]
    shown = gateway.admin("GET", f"/channels/{name}/sent?model={family}-x").json()["requests"]
    assert '"model":"vendor/x"' in shown[0]["body"]
    assert gateway.admin("POST", f"/channels/{name}/test", {"model": f"{family}-x"}).json()["ok"]
    gateway.admin("POST", f"/channels/{name}/disable")
    assert 404 == gateway.admin("GET", f"/channels/{name}/sent?model=other").status
    explained = gateway.admin("GET", f"/route?model={family}-x").json()
    assert [(name, None)] == [(row["channel"], row["place"]) for row in explained["channels"]]


@pytest.mark.parametrize("models", [["a**"], ["*=x"], ["*", "*=v/*"]])
def test_what_is_no_pattern_is_refused(gateway: Gateway, upstream: Upstream, models: list[str]) -> None:
    body = {"name": unique("channel"), "base_url": upstream.url, "keys": ["k"], "models": models}
    assert 400 == gateway.admin("POST", "/channels", body).status
