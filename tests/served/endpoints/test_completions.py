"""Completions from before chat, and fill-in-the-middle: streamed, metered and cut like chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from tests.endpoints import COMPLETIONS, ENVELOPE, FIM, WRITTEN, Endpoint
from tests.support import rawclient
from tests.support.answers import json_answer, sse
from tests.support.gateway import Gateway, eventually
from tests.support.rawclient import Stream
from tests.support.scripted import Upstream
from tests.support.steps import Close, Hang

Serve = Callable[..., str]
both = pytest.mark.parametrize("endpoint", [COMPLETIONS, FIM], ids=["completions", "fim"])


def chunk(text: str, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {
        **ENVELOPE,
        "object": "text_completion",
        "choices": [{"index": index, "text": text, "finish_reason": finish}],
    }


def delta(text: str, finish: str | None = None) -> dict[str, Any]:
    """As Mistral streams fill-in-the-middle."""
    return {
        **ENVELOPE,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
    }


USAGE = {**ENVELOPE, "object": "text_completion", "choices": [], "usage": WRITTEN}
HEALTHY = [chunk("one "), chunk("two"), chunk("", "stop"), USAGE]


@contextmanager
def streaming(gateway: Gateway, endpoint: Endpoint, model: str, **more: Any) -> Iterator[Stream]:
    headers, body = gateway.headers(), endpoint.body(model, stream=True, **more)
    with rawclient.stream(gateway.url, endpoint.path, headers, body) as stream:
        yield stream


def said(stream: Stream) -> list[Any]:
    payloads = rawclient.payloads(stream.events())
    return [each.decode() if each == b"[DONE]" else msgspec.json.decode(each) for each in payloads]


@both
def test_a_stream_ends_otherwise_than_it_came(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(*HEALTHY)
    model = serve(upstream.url)
    with streaming(gateway, endpoint, model) as stream:
        *chunks, last = said(stream)
    assert ("[DONE]", ["one ", "two", ""]) == (last, [each["choices"][0]["text"] for each in chunks])
    assert {model} == {each["model"] for each in chunks}
    assert stream.clean
    assert "text/event-stream; charset=utf-8" == stream.head.header("content-type")


@both
@pytest.mark.parametrize("asked", [True, False])
def test_usage_is_asked_for_and_shown_by_the_wrong_party(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, asked: bool
) -> None:
    upstream.default = sse(*HEALTHY)
    model = serve(upstream.url)
    with streaming(
        gateway, endpoint, model, **({"stream_options": {"include_usage": True}} if asked else {})
    ) as stream:
        *chunks, _ = said(stream)
    assert {"include_usage": True} == upstream.chats[0].json()["stream_options"]
    shown = [each["usage"]["total_tokens"] for each in chunks if each.get("usage")]
    assert ([15] if asked else []) == shown
    (record,) = gateway.books.records(model)
    assert ("upstream", 10, 5, True) == (
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
        bool(record.streamed),
    )


def test_fill_in_the_middle_streams_in_deltas_that_nobody_counts(
    gateway: Gateway, serve: Serve, upstream: Upstream
) -> None:
    upstream.default = sse(delta("a" * 20), delta("b" * 20, "stop"), done=False)
    model = serve(upstream.url)
    with streaming(gateway, FIM, model) as stream:
        *chunks, last = said(stream)
    (record,) = gateway.books.records(model)
    assert ("[DONE]", 2) == (last, len(chunks))
    assert ("ok", "estimated", 10) == (record.outcome, record.usage_source, record.completion_tokens)


@both
def test_a_stream_that_breaks_off_ends_well(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(chunk("x" * 40), done=False, end=[Close()])
    model = serve(upstream.url)
    with streaming(gateway, endpoint, model) as stream:
        *_, last = said(stream)
    (record,) = gateway.books.records(model)
    assert "upstream_error" == last["error"]["code"]
    assert ("cut_off", "estimated", 10) == (record.outcome, record.usage_source, record.completion_tokens)
    assert record.charge_nano == record.prompt_tokens * 10_000 + 10 * 20_000


@both
def test_two_choices_are_over_when_one_is(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(chunk("a"), chunk("b", index=1), chunk("", "stop"), done=False, end=[Close()])
    with streaming(gateway, endpoint, serve(upstream.url), n=2) as stream:
        *_, last = said(stream)
    assert "upstream_error" == last["error"]["code"]


@both
def test_a_client_that_leaves_gets_its_text_for_free(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = sse(chunk("x" * 40), done=False, end=[Hang()])
    model = serve(upstream.url)
    with streaming(gateway, endpoint, model) as stream:
        next(stream.events())
    upstream.wait_closed()
    eventually(lambda: bool(gateway.books.records(model)), lambda: "no record")
    (record,) = gateway.books.records(model)
    assert ("client_gone", 10) == (record.outcome, record.completion_tokens)


@both
def test_a_stream_that_never_begins_is_not_tried_elsewhere(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    with Upstream(sse({"error": {"message": "overloaded", "code": 503}}, done=False)) as broken:
        upstream.default = sse(*HEALTHY)
        with streaming(gateway, endpoint, serve(broken.url, upstream.url)) as stream:
            assert "[DONE]" == said(stream)[-1]


@both
def test_asking_for_a_stream_puts_a_channel_out(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint
) -> None:
    upstream.default = endpoint.answer
    model = serve(upstream.url)
    answers = [endpoint.ask(gateway, model, stream=True) for _ in range(6)]
    assert [502] * 6 == [answer.status for answer in answers]
    assert 6 == len(upstream.chats)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"stream": "yes"}, "stream"),
        ({"n": 0}, "n"),
        ({"n": 10**9}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"stream": True, "stream_options": []}, "stream_options"),
    ],
    ids=str,
)
@both
def test_a_wrong_field_is_sent(
    gateway: Gateway, serve: Serve, upstream: Upstream, endpoint: Endpoint, fields: dict[str, Any], word: str
) -> None:
    answer = endpoint.ask(gateway, serve(upstream.url), **fields)
    assert (400, True, []) == (answer.status, f"'{word}'" in answer.error["message"], upstream.chats)


@pytest.mark.parametrize(
    ("prompt", "held"),
    [("x" * 40, 10 + 20), (["x" * 40] * 3, 30 + 60), ([1, 2, 3], 3 + 20), ([[1, 2], [3]], 3 + 40)],
    ids=["text", "texts", "tokens", "lists of tokens"],
)
def test_a_prompt_is_held_for_at_another_price_than_it_may_cost(
    gateway: Gateway, serve: Serve, upstream: Upstream, prompt: object, held: int
) -> None:
    """1 USD per million of either: a thousand nano-USD a token; each prompt may be answered by 20 tokens."""
    model = serve(upstream.url, price={"input": "1", "output": "1"})
    upstream.default = COMPLETIONS.answer
    quota = f"{held * 1000 / 10**9:.9f}"
    short = f"{(held * 1000 - 1) / 10**9:.9f}"
    statuses = [
        COMPLETIONS.ask(gateway, model, key=gateway.add_token(quota=each), prompt=prompt).status
        for each in (short, quota)
    ]
    assert [402, 200] == statuses


def test_a_completion_without_usage_shows_none(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = json_answer(
        200, {**ENVELOPE, "choices": [{"index": 0, "text": "x" * 40, "finish_reason": "stop"}]}
    )
    model = serve(upstream.url)
    answer = COMPLETIONS.ask(gateway, model, prompt="x" * 40)
    (record,) = gateway.books.records(model)
    assert (20, "estimated", 10, 10) == (
        answer.json()["usage"]["total_tokens"],
        record.usage_source,
        record.prompt_tokens,
        record.completion_tokens,
    )
