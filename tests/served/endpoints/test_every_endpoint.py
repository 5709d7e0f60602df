"""What every endpoint has in common with chat: the line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.served.endpoints import ALL, Endpoint
from tests.support.forms import content_type, parts_of
from tests.support.gateway import Gateway, unique
from tests.support.rawclient import request
from tests.support.upstream.answers import body_answer, error_answer, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream, refused
from tests.support.upstream.steps import Step

pytestmark = pytest.mark.extended

Serve = Callable[..., str]
every = pytest.mark.parametrize("endpoint", ALL, ids=[each.name for each in ALL])


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """A table of endpoints, all set up alike: those with a file of their own are tried behind a restart there."""
    return False


def model_sent(received: Request) -> str:
    """The model's name in what an upstream got."""
    kind = received.header("content-type") or ""
    if kind.startswith("application/json"):
        return str(received.json()["model"])
    return parts_of(kind, received.body)["model"][1].decode()


@every
def test_an_answer_comes_through(gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint) -> None:
    upstream.default = endpoint.answer
    answer = endpoint.ask(gateway, serve(upstream.url))
    assert (200, True) == (answer.status, endpoint.answered in answer.body), answer.body
    assert answer.header("x-request-id")


@every
def test_an_upstream_is_asked_for_its_own_model_at_the_endpoints_path(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = endpoint.answer
    endpoint.ask(gateway, serve(upstream.url))
    (received,) = upstream.chats
    assert (endpoint.path, "upstream-model") == (received.path, model_sent(received))
    assert str(len(received.body)) == received.header("content-length")


@every
def test_what_a_client_says_is_passed_on(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    """Fields that the gateway does not know as well; those that send requests elsewhere are dropped."""
    upstream.default = endpoint.answer
    endpoint.ask(gateway, serve(upstream.url), new_field="kept", api_base="http://elsewhere.example")
    (received,) = upstream.chats
    sent = received.body.decode("latin-1")
    assert (True, False) == ("new_field" in sent, "elsewhere" in sent)
    for name, value in endpoint.fields.items():
        assert name in sent
        assert str(value) in sent or not isinstance(value, str)


@every
def test_every_request_is_in_the_books(gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint) -> None:
    upstream.default = endpoint.answer
    model = serve(upstream.url)
    endpoint.ask(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("ok", endpoint.name, 200) == (record.outcome, record.surface, record.status)
    assert record.charge_nano > 0 or endpoint.name in ("transcriptions", "translations", "rerank")


@every
@pytest.mark.parametrize("prefix", ["openai/", ""])
def test_a_model_answers_to_every_name_it_has(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, prefix: str
) -> None:
    upstream.default = endpoint.answer
    model = serve(upstream.url)
    alias = unique("alias")
    gateway.admin("POST", "/aliases", {"alias": alias, "model": model})
    assert [200, 200] == [endpoint.ask(gateway, prefix + name).status for name in (model, alias)]


@every
@pytest.mark.parametrize(
    "failure",
    [error_answer(500, "broken"), error_answer(429, "slow down"), body_answer(200, b"<html>Hi</html>", "text/html")],
    ids=["500", "429", "HTML"],
)
def test_one_broken_channel_is_stood_in_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, failure: list[Step]
) -> None:
    """The second attempt sends the whole body again."""
    with Upstream(failure) as broken:
        upstream.default = endpoint.answer
        answer = endpoint.ask(gateway, serve(broken.url, upstream.url))
        (first,), (second,) = broken.chats, upstream.chats
    assert (200, first.body) == (answer.status, second.body)


@every
@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"<html>nothing here</html>"), (405, b'{"detail":"Method Not Allowed"}'), (501, b"<html>not built</html>")],
    ids=["404", "405", "501"],
)
def test_an_upstream_without_the_endpoint_is_stood_in_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, status: int, body: bytes
) -> None:
    with Upstream(body_answer(status, body, "text/html")) as without:
        upstream.default = endpoint.answer
        model = serve(without.url, upstream.url)
        assert 200 == endpoint.ask(gateway, model).status
    (record,) = gateway.books.records(model)
    assert ["unsuited", ""] == [attempt["fault"] for attempt in record.tries]


@every
@pytest.mark.parametrize(
    "refusal",
    [
        body_answer(200, b"<html>a web console</html>", "text/html"),
        body_answer(404, b"<html>nothing here</html>", "text/html"),
        error_answer(403, "Your organization must be verified to use the model."),
        error_answer(401, "You have insufficient permissions for this operation. Missing scopes: model.request."),
    ],
    ids=["200 HTML", "404", "403", "401"],
)
def test_a_channel_that_lacks_the_endpoint_can_still_chat(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, refusal: list[Step]
) -> None:
    model = serve(upstream.url)
    upstream.enqueue(*[refusal] * 6)
    assert {404, 502} >= {endpoint.ask(gateway, model).status for _ in range(6)}
    assert 200 == gateway.chat(model).status


@every
def test_a_key_that_is_refused_is_not_used_again(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = error_answer(401, "Incorrect API key provided", "invalid_api_key")
    model = serve(upstream.url)
    assert [502, 503] == [endpoint.ask(gateway, model).status for _ in range(2)]
    assert 1 == len(upstream.chats)


@every
@pytest.mark.parametrize(
    "body", [b"<html>nothing here</html>", b'{"detail":"Not Found"}', b"404 page not found\n", b"", b"{}"]
)
def test_an_endpoint_that_no_upstream_has_is_named_as_the_reason(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, body: bytes
) -> None:
    """Embeddings of a model for chat were answered `Not Found`, or with a number."""
    upstream.default = body_answer(404, body, "text/html")
    answer = endpoint.ask(gateway, serve(upstream.url))
    assert (404, "application/json") == (answer.status, answer.header("content-type"))
    assert "no such endpoint, or not for this model" in answer.error["message"]


@every
def test_an_upstreams_own_reason_is_passed_on(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = error_answer(501, "this model does not do that", "unsupported")
    answer = endpoint.ask(gateway, serve(upstream.url))
    assert (404, "this model does not do that") == (answer.status, answer.error["message"])


@every
def test_a_channel_that_speaks_another_wire_is_not_asked(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = error_answer(404, "nothing here")
    model = serve(upstream.url, provider="anthropic")
    answer = endpoint.ask(gateway, model)
    assert (503, "model_not_found", "false") == (
        answer.status,
        answer.error["code"],
        answer.header("x-should-retry"),
    )
    why = f"none of those that offer it has {endpoint.path}."
    assert f"No available channel for model {model} under group default: {why}" == answer.error["message"]
    assert ([], []) == (
        [received for received in upstream.requests if received.method == "POST"],
        gateway.books.records(model),
    )


@every
def test_a_channel_without_the_endpoint_gives_way_to_one_that_has_it(
    gateway: Gateway, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = endpoint.answer
    model = gateway.add_channel(upstream.url, unique("model"), provider="anthropic", priority=50)
    gateway.add_channel(upstream.url, model, priority=1)
    assert 200 == endpoint.ask(gateway, model).status


@every
def test_a_spent_quota_lets_no_request_through(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    model = serve(
        upstream.url,
        price={"input": "10", "output": "20", "image": "1", "minute": "1", "characters": "9", "search": "1"},
    )
    answer = endpoint.ask(gateway, model, key=gateway.add_token(quota="0.000000001"))
    assert (402, "insufficient_user_quota") == (answer.status, answer.error["code"])
    assert [] == upstream.requests


@every
def test_a_token_uses_no_model_that_it_may_not(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    answer = endpoint.ask(gateway, serve(upstream.url), key=gateway.add_token(models=["other-*"]))
    assert (403, "model_not_allowed", []) == (answer.status, answer.error["code"], upstream.requests)


@every
def test_limits_count_every_endpoint(gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint) -> None:
    upstream.default = endpoint.answer
    model = serve(upstream.url)
    key = gateway.add_token(rpm=1)
    answers = [endpoint.ask(gateway, model, key=key) for _ in range(2)]
    assert [200, 429] == [answer.status for answer in answers]
    assert ["0", "0"] == [answer.header("x-ratelimit-remaining-requests") for answer in answers]


@every
def test_an_unknown_model_is_answered_as_on_chat(gateway: Gateway, endpoint: Endpoint) -> None:
    answer = endpoint.ask(gateway, "no-such-model")
    assert (503, "model_not_found") == (answer.status, answer.error["code"])


@every
def test_a_wrong_method_is_405(gateway: Gateway, endpoint: Endpoint) -> None:
    answer = request(gateway.url, "GET", endpoint.path, gateway.headers())
    assert (405, "method_not_allowed", "POST") == (answer.status, answer.error["code"], answer.header("allow"))


@every
def test_a_wrong_key_is_401(gateway: Gateway, endpoint: Endpoint) -> None:
    answer = endpoint.ask(gateway, "m", key="sk-wrong")
    assert (401, "invalid_api_key") == (answer.status, answer.error["code"])


@every
def test_a_request_without_a_model_is_refused(gateway: Gateway, endpoint: Endpoint) -> None:
    answer = endpoint.ask(gateway, " ")
    assert (400, "invalid_request", True) == (answer.status, answer.error["code"], "'model'" in answer.error["message"])


@every
def test_a_body_of_another_kind_is_the_clients_fault(gateway: Gateway, endpoint: Endpoint) -> None:
    kinds = ["application/json", content_type(), "text/plain", ""]
    answers = [gateway.post(b"{]", endpoint.path, **{"content-type": kind}) for kind in kinds]
    assert [(400, "invalid_request")] * 4 == [(answer.status, answer.error["code"]) for answer in answers]


@every
def test_a_clients_own_fault_comes_back_in_the_upstreams_words(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = error_answer(400, "that voice is unknown", "invalid_voice")
    answer = endpoint.ask(gateway, serve(upstream.url))
    assert (400, "invalid_voice", "that voice is unknown") == (
        answer.status,
        answer.error["code"],
        answer.error["message"],
    )
    assert 1 == len(upstream.chats)


@every
def test_an_error_inside_a_200_is_an_error(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = json_answer(200, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}})
    answer = endpoint.ask(gateway, serve(upstream.url))
    assert (429, "rate_limit_exceeded") == (answer.status, answer.error["code"])


@every
def test_an_answer_with_nothing_in_it_is_a_free_502(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    model = serve(upstream.url)
    for answer in (json_answer(200, {}), json_answer(200, []), body_answer(200, b"", "application/json")):
        upstream.default = answer
        assert 502 == endpoint.ask(gateway, model).status
    assert [0, 0, 0] == [record.charge_nano for record in gateway.books.records(model)]


@every
def test_an_upstream_that_is_down_costs_nothing(gateway: Gateway, serve: Serve, endpoint: Endpoint) -> None:
    with refused() as url:
        model = serve(url)
        assert 502 == endpoint.ask(gateway, model).status
    (record,) = gateway.books.records(model)
    assert ("error", 0) == (record.outcome, record.charge_nano)
