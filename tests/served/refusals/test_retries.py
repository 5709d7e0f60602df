"""Whether a client is told to ask again: not where it has to change something first, on every surface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.served.refusals import BODIES, each_surface
from tests.support.gateway import CHAT, Gateway
from tests.support.process import SCALED
from tests.support.rawclient import Answer, request
from tests.support.upstream.answers import error_answer
from tests.support.upstream.scripted import Upstream


@pytest.fixture(scope="module")
def behind_a_restart() -> bool:
    """A table of refusals, all set up alike: what is unknown or disabled is tried behind a restart in its own file."""
    return False


@pytest.fixture(scope="module")
def gateway_settings() -> Mapping[str, object]:
    """A limit on bodies that a test can reach."""
    return {**SCALED, "max_body_bytes": 100_000}


def ask(gateway: Gateway, path: str, model: str, key: str | None = None, **fields: Any) -> Answer:
    return gateway.post({"model": model, **BODIES[path], **fields}, path, key)


def priced(gateway: Gateway, upstream: Upstream) -> str:
    model = gateway.add_channel(upstream.url)
    gateway.set_price(model)
    return model


def told(answer: Answer) -> tuple[int, str | None]:
    """The status, and what the official SDKs obey."""
    return answer.status, answer.header("x-should-retry")


@each_surface
def test_a_wrong_key_is_not_to_be_tried_again(gateway: Gateway, path: str) -> None:
    """Claude Code with a mistyped key was silent for over 90 s, and says what is wrong in 6 s with the header."""
    assert (401, "false") == told(ask(gateway, path, "demo", "sk-mistyped"))


@each_surface
def test_a_spent_quota_is_not_to_be_tried_again(gateway: Gateway, upstream: Upstream, path: str) -> None:
    model = priced(gateway, upstream)
    gateway.admin("POST", "/prices", {"model": model, "input": "10", "output": "20", "image": "1"})
    assert (402, "false") == told(ask(gateway, path, model, gateway.add_token(quota="0.000000001")))


@each_surface
def test_a_model_that_is_not_allowed_is_not_to_be_tried_again(gateway: Gateway, path: str) -> None:
    assert (403, "false") == told(ask(gateway, path, "demo", gateway.add_token(models=["other"])))


@each_surface
@pytest.mark.parametrize("body", [b"{]", b"[]", b'{"model": ""}', b"x" * 100_001])
def test_what_cannot_be_read_is_not_to_be_tried_again(gateway: Gateway, path: str, body: bytes) -> None:
    status, should_retry = told(gateway.post(body, path))
    assert (True, "false") == (status in (400, 413), should_retry)


@each_surface
@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_the_upstream_finds_wrong_with_a_request_is_not_to_be_tried_again(
    gateway: Gateway, upstream: Upstream, path: str, status: int
) -> None:
    upstream.default = error_answer(status, "that cannot be done", "refused")
    assert "false" == ask(gateway, path, priced(gateway, upstream)).header("x-should-retry")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", CHAT, 405),
        ("GET", "/v1/messages", 405),
        ("GET", "/v1/nothing", 404),
        ("POST", "/nothing/at/all", 404),
        ("GET", "/v1/responses/resp_1", 404),
        ("GET", "/v1/models/no-such-model", 404),
        ("GET", "/v1/models?" + "x" * 10_000, 414),
    ],
)
def test_a_wrong_address_is_not_to_be_tried_again(gateway: Gateway, method: str, path: str, status: int) -> None:
    assert (status, "false") == told(request(gateway.url, method, path, gateway.headers()))


@each_surface
def test_a_limit_is_to_be_tried_again(gateway: Gateway, upstream: Upstream, path: str) -> None:
    """SDKs wait for as long as `Retry-After` says: `x-should-retry: false` would end that."""
    upstream.default = error_answer(400, "no")
    model, key = priced(gateway, upstream), gateway.add_token(rpm=1)
    ask(gateway, path, model, key)
    answer = ask(gateway, path, model, key)
    assert (429, None) == told(answer)
    assert 1 <= int(answer.header("retry-after") or 0) <= 60


@each_surface
@pytest.mark.parametrize("status", [500, 503, 529])
def test_an_upstream_in_trouble_may_be_tried_again(
    gateway: Gateway, upstream: Upstream, path: str, status: int
) -> None:
    upstream.default = error_answer(status, "engine died")
    assert (502, None) == told(ask(gateway, path, priced(gateway, upstream)))


def test_a_stream_is_refused_as_a_whole_answer_is(gateway: Gateway) -> None:
    for path in (CHAT, "/v1/messages", "/v1/responses"):
        assert (401, "false") == told(ask(gateway, path, "demo", "sk-mistyped", stream=True))
