"""Images: made and changed, by the piece and by the token, whole and bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from tests.served.endpoints import EDITS, IMAGES, PICTURED, Endpoint
from tests.support import rawclient
from tests.support.forms import content_type, field, form, parts_of
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import Stream
from tests.support.upstream.answers import json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Hang

Serve = Callable[..., str]
both = pytest.mark.parametrize("endpoint", [IMAGES, EDITS], ids=["made", "changed"])
BY_THE_IMAGE = {"image": "0.040000001"}
ONE_IMAGE = 40_000_001


def images_answer(count: int, usage: object = None) -> Any:
    data = [{"url": f"https://images.example/{number}"} for number in range(count)]
    return json_answer(200, {"created": 1_700_000_000, "data": data, **({"usage": usage} if usage else {})})


def partial(index: int = 0) -> bytes:
    return named("image_generation.partial_image", {"b64_json": "cGFydA==", "partial_image_index": index})


def completed(usage: object = PICTURED) -> bytes:
    return named("image_generation.completed", {"b64_json": "d2hvbGU=", "usage": usage})


def named(kind: str, fields: dict[str, Any]) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode({"type": kind, **fields}) + b"\n\n"


@contextmanager
def streaming(gateway: Gateway, endpoint: Endpoint, model: str, **more: Any) -> Iterator[Stream]:
    kind = {"content-type": content_type() if endpoint.file else "application/json"}
    stream = "true" if endpoint.file else True
    body = endpoint.body(model, stream=stream, partial_images=2, **more)
    with rawclient.stream(gateway.url, endpoint.path, gateway.headers(more=kind), body) as answer:
        yield answer


@both
@pytest.mark.parametrize("count", [1, 3])
def test_images_cost_what_each_of_them_does(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, count: int
) -> None:
    upstream.default = images_answer(count)
    model = serve(upstream.url, price=BY_THE_IMAGE)
    assert 200 == endpoint.ask(gateway, model, n=count).status
    (record,) = gateway.books.records(model)
    assert ("upstream", count, "image", count * ONE_IMAGE) == (
        record.usage_source,
        record.units,
        record.unit,
        record.charge_nano,
    )


def test_an_image_has_its_price_in_the_list_of_models(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    model = serve(upstream.url, price=BY_THE_IMAGE)
    answer = rawclient.request(gateway.url, "GET", f"/v1/models/{model}", gateway.headers())
    assert {"prompt": "0", "completion": "0", "image": "0.040000001"} == answer.json()["pricing"]


@both
def test_fewer_images_than_asked_cost_what_came(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = images_answer(1)
    model = serve(upstream.url, price=BY_THE_IMAGE)
    endpoint.ask(gateway, model, n=4)
    (record,) = gateway.books.records(model)
    assert ONE_IMAGE == record.charge_nano


@both
def test_images_are_held_for_at_the_price_of_all(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = images_answer(3)
    model = serve(upstream.url, price={"image": "0.04"})
    statuses = [
        endpoint.ask(gateway, model, key=gateway.add_token(quota=quota), n=3).status for quota in ("0.1199", "0.12")
    ]
    assert [402, 200] == statuses


@both
def test_tokens_of_an_image_are_charged(gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint) -> None:
    upstream.default = endpoint.answer
    model = serve(upstream.url)
    endpoint.ask(gateway, model)
    (record,) = gateway.books.records(model)
    assert ("upstream", 10, 5, 10 * 10_000 + 5 * 20_000) == (
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
        record.charge_nano,
    )


IN_AND_OUT = {"input_tokens": 310, "output_tokens": 4170, "total_tokens": 4480}
PAINTED = {"input": "5", "output": "10", "image_input": "8", "image_output": "32"}


@pytest.mark.parametrize(
    ("endpoint", "details", "nano"),
    [
        (IMAGES, {}, 310 * 5000 + 4170 * 32_000),
        (IMAGES, {"input_tokens_details": {"text_tokens": 310, "image_tokens": 0}}, 310 * 5000 + 4170 * 32_000),
        (EDITS, {}, 310 * 8000 + 4170 * 32_000),
        (EDITS, {"input_tokens_details": {"text_tokens": 310}}, 310 * 5000 + 4170 * 32_000),
        (
            EDITS,
            {
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 300},
                "output_tokens_details": {"text_tokens": 10, "image_tokens": 4160},
            },
            10 * 5000 + 300 * 8000 + 10 * 10_000 + 4160 * 32_000,
        ),
    ],
    ids=["untold", "told of the prompt", "changed, untold", "changed, told of text", "told"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tokens_of_an_image_have_their_own_price(
    gateway: Gateway,
    serve: Serve,
    upstream: Upstream,
    endpoint: Endpoint,
    details: dict[str, Any],
    nano: int,
    streamed: bool,
) -> None:
    """Where nobody says what they are, those made are pictures, and as many of the prompt as pictures take."""
    usage = IN_AND_OUT | details
    upstream.default = sse(completed(usage), done=False) if streamed else images_answer(1, usage)
    model = serve(upstream.url, price=PAINTED)
    if streamed:
        with streaming(gateway, endpoint, model) as stream:
            assert 1 == len(list(stream.events()))
    else:
        assert 200 == endpoint.ask(gateway, model).status
    (record,) = gateway.books.records(model)
    assert ("upstream", nano) == (record.usage_source, record.charge_nano)


def test_half_an_image_costs_what_images_do(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(partial(), done=False, end=[Close()])
    model = serve(upstream.url, price=PAINTED)
    with streaming(gateway, IMAGES, model, quality="low") as stream:
        list(stream.events())
    (record,) = gateway.books.records(model)
    assert ("cut_off", record.prompt_tokens * 5000 + 408 * 32_000) == (record.outcome, record.charge_nano)


def test_images_are_held_for_at_their_own_price(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = images_answer(1, IN_AND_OUT)
    model = serve(upstream.url, price={"input": "0", "output": "0", "image_output": "100"})
    statuses = [
        IMAGES.ask(gateway, model, key=gateway.add_token(quota=quota), quality="low").status
        for quota in ("0.0407", "0.0408")
    ]
    assert [402, 200] == statuses


@both
def test_a_streamed_image_comes_with_its_parts(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(partial(0), partial(1), completed(), done=False)
    model = serve(upstream.url, price=BY_THE_IMAGE)
    with streaming(gateway, endpoint, model) as stream:
        events = [event.data for event in stream.events()]
    assert [partial(0), partial(1), completed()] == events
    assert stream.clean
    (record,) = gateway.books.records(model)
    assert ("upstream", 1, 5, ONE_IMAGE) == (
        record.usage_source,
        record.units,
        record.completion_tokens,
        record.charge_nano,
    )


@both
def test_a_second_streamed_image_is_waited_for(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(completed(), partial(), completed(), done=False)
    model = serve(upstream.url, price=BY_THE_IMAGE)
    with streaming(gateway, endpoint, model, n=2) as stream:
        assert 3 == len(list(stream.events()))
    (record,) = gateway.books.records(model)
    assert ("ok", 2, 2 * ONE_IMAGE) == (record.outcome, record.units, record.charge_nano)


@both
def test_half_an_image_ends_in_an_error_and_is_charged(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(partial(), done=False, end=[Close()])
    model = serve(upstream.url, price=BY_THE_IMAGE)
    with streaming(gateway, endpoint, model) as stream:
        *_, last = [event.json() for event in stream.events()]
    (record,) = gateway.books.records(model)
    assert ("upstream_error", "cut_off", ONE_IMAGE) == (last["error"]["code"], record.outcome, record.charge_nano)


@both
@pytest.mark.parametrize(("count", "charged"), [(1, 1), (4, 2)])
def test_a_client_that_leaves_pays_for_images_that_were_begun(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, count: int, charged: int
) -> None:
    """One was there and another under way: both are charged, and those not begun are not."""
    upstream.default = sse(*([completed()] if count > 1 else []), partial(), done=False, end=[Hang()])
    model = serve(upstream.url, price=BY_THE_IMAGE)
    with streaming(gateway, endpoint, model, n=count) as stream:
        events = stream.events()
        for _ in range(charged):
            next(events)
    upstream.wait_closed()
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no record")
    (record,) = gateway.books.records(model)
    assert ("client_gone", charged * ONE_IMAGE) == (record.outcome, record.charge_nano)


@both
@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"prompt": ""}, "prompt"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": "x"}, "n"),
        ({"stream": "maybe"}, "stream"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named_and_not_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, fields: dict[str, Any], word: str
) -> None:
    answer = endpoint.ask(gateway, serve(upstream.url), **fields)
    assert (400, True, []) == (answer.status, f"'{word}'" in answer.error["message"], upstream.chats)


def test_an_edit_without_an_image_is_refused(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    body = form(field("model", serve(upstream.url)), field("prompt", "x"))
    answer = gateway.post(body, EDITS.path, **{"content-type": content_type()})
    assert (400, True, []) == (answer.status, "'image'" in answer.error["message"], upstream.chats)


def test_several_images_arrive_as_several(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = EDITS.answer
    images = [field("image[]", bytes([number]) * 100, f"{number}.png", "image/png") for number in range(3)]
    parts = [
        field("model", serve(upstream.url)),
        field("prompt", "x"),
        *images,
        field("mask", b"m", "m.png", "image/png"),
    ]
    assert 200 == gateway.post(form(*parts), EDITS.path, **{"content-type": content_type()}).status
    (received,) = upstream.chats
    for image in images:
        assert image in received.body
    assert ("m.png", b"m") == parts_of(received.header("content-type") or "", received.body)["mask"]


def test_an_edit_in_json_is_passed_on(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = EDITS.answer
    body = {"model": serve(upstream.url), "prompt": "x", "images": [{"image_url": "https://images.example/1"}]}
    assert 200 == gateway.post(body, EDITS.path).status
    assert body["images"] == upstream.chats[0].json()["images"]
