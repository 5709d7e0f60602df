"""A named route on every surface: the next model answers where the first one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.served.endpoints import ALL, Endpoint
from tests.support.gateway import Gateway, unique
from tests.support.rawclient import Answer
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream

Serve = Callable[..., str]
SAID = [{"role": "user", "content": "Hi"}]
CONVERSATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"messages": SAID}),
    "messages": ("/v1/messages", {"messages": SAID, "max_tokens": 9}),
    "responses": ("/v1/responses", {"input": "Hi"}),
}


@pytest.fixture
def broken() -> Iterator[Upstream]:
    """An upstream that answers nothing but 500."""
    with Upstream(error_answer(500, "broken")) as server:
        yield server


def route(gateway: Gateway, *models: str, **fields: object) -> str:
    """A route over these models, by its name."""
    name = unique("route")
    made = gateway.admin("POST", "/routes", {"name": name, "steps": [{"model": model} for model in models], **fields})
    assert 201 == made.status, made.body
    return name


def check(gateway: Gateway, answer: Answer, name: str, first: str, second: str) -> None:
    """That the second model answered, under both names, and is what the request cost."""
    assert (200, second) == (answer.status, answer.header("x-aihub-model")), answer.body
    record = gateway.admin("GET", f"/records/{answer.header('x-request-id')}").json()
    assert (second, name, "ok") == (record["model"], record["asked"], record["outcome"])
    assert [first, second] == [attempt["model"] for attempt in record["attempts"]]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("surface", CONVERSATIONS)
def test_a_conversation_is_answered_by_the_next_model_in_the_name_of_the_route(
    gateway: Gateway, serve: Serve, upstream: Upstream, broken: Upstream, surface: str, stream: bool
) -> None:
    first = serve(broken.url)
    second = serve(upstream.url)
    name = route(gateway, first, second)
    path, body = CONVERSATIONS[surface]
    answer = gateway.post({"model": name, "stream": stream, **body}, path)
    check(gateway, answer, name, first, second)
    assert f'"model":"{name}"'.encode() in answer.body.replace(b'": "', b'":"')
    assert second.encode() not in answer.body


@pytest.mark.parametrize("endpoint", ALL, ids=[each.name for each in ALL])
def test_every_endpoint_goes_on_to_the_next_model(
    gateway: Gateway, serve: Serve, upstream: Upstream, broken: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = endpoint.answer
    first = serve(broken.url)
    second = serve(upstream.url)
    name = route(gateway, first, second)
    answer = endpoint.ask(gateway, name)
    check(gateway, answer, name, first, second)
    assert endpoint.answered in answer.body


def test_a_route_is_listed_among_the_models_of_those_who_may_use_any_of_it(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    model = serve(upstream.url)
    name = route(gateway, model, "not-offered")
    gone = route(gateway, "not-offered")
    keys = {
        models: gateway.admin("POST", "/tokens", {"name": unique("token"), "models": [models]}).json()["key"]
        for models in (name, model, "other")
    }
    for models, listed in ((name, [name]), (model, [model, name]), ("other", [])):
        answer = gateway.get("/v1/models", key=keys[models]).json()
        assert sorted(listed) == sorted(row["id"] for row in answer["data"])
    assert 200 == gateway.get(f"/v1/models/{name}", key=keys[model]).status
    assert 404 == gateway.get(f"/v1/models/{gone}", key=keys[model]).status
    assert 404 == gateway.get(f"/v1/models/{name}", key=keys["other"]).status


def test_a_route_without_a_model_that_is_offered_is_refused_like_a_model_that_is_not(gateway: Gateway) -> None:
    answer = gateway.chat(route(gateway, "not-offered"))
    assert (503, "model_not_found") == (answer.status, answer.json()["error"]["code"])
    assert "no channel offers it" in answer.json()["error"]["message"]
    asked = {"model": route(gateway, "not-offered"), "messages": SAID, "max_tokens": 9}
    assert 404 == gateway.post(asked, "/v1/messages").status


def test_what_was_asked_for_is_summed_by_its_own_name(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url)
    name = route(gateway, model)
    for asked in (name, name, model):
        assert 200 == gateway.chat(asked).status
    members = gateway.admin("GET", "/statistics?span=24h&by=asked").json()["members"]
    assert {name: 2} == {member["name"]: member["requests"] for member in members if member["name"] in (name, model)}


@pytest.mark.parametrize(
    "body",
    [
        {"steps": []},
        {"steps": [{"model": "a", "tags": "x"}]},
        {"steps": [{"model": "a", "below_budget": 101}]},
        {"steps": [{"model": "a", "hours": "now"}]},
        {"steps": [{"model": "a"}], "on": ["never"]},
        {"steps": [{"model": "a"}], "patience": 0},
        {"steps": [{"model": "ä"}]},
        {"steps": "a"},
    ],
)
def test_a_route_that_makes_no_sense_is_refused_with_the_field(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = gateway.admin("POST", "/routes", {"name": unique("route"), **body})
    assert (400, "invalid_request") == (answer.status, answer.json()["error"]["code"])
    assert answer.json()["error"]["message"].split(":")[0].split(".")[0] in ("steps", "on", "patience")


def test_a_patch_changes_what_it_names(gateway: Gateway) -> None:
    name = route(gateway, "a", "b", patience=3)
    for change, expected in (
        ({"steps": [{"model": "b"}]}, (["b"], ["down", "rate", "quota", "context", "slow"], 3)),
        ({"patience": None}, (["b"], ["down", "rate", "quota", "context"], None)),
        ({"on": ["content"]}, (["b"], ["content"], None)),
        ({"patience": 2}, (["b"], ["content", "slow"], 2)),
        ({"on": None}, (["b"], ["down", "rate", "quota", "context", "slow"], 2)),
        ({"on": ["rate"]}, (["b"], ["rate"], None)),
    ):
        changed = gateway.admin("PATCH", f"/routes/{name}", change).json()
        assert expected == ([step["model"] for step in changed["steps"]], changed["on"], changed["patience"])
    assert 404 == gateway.admin("PATCH", "/routes/nothing", {}).status


def test_a_browser_may_read_which_model_answered(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    name = route(gateway, serve(upstream.url))
    answer = gateway.post({"model": name, "messages": SAID}, origin="https://app.example")
    assert "x-aihub-model" in (answer.header("access-control-expose-headers") or "")
