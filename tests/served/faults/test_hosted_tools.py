"""Tools that a provider runs itself cost what it charges for them: on every surface, streamed and whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.served.faults.test_bills import (
    ASKED,
    MESSAGES,
    RESPONSES,
    anthropic_message,
    ask,
    on_every_surface,
    streamed_or_whole,
)
from tests.support.gateway import CHAT, Gateway
from tests.support.upstream.answers import chat_body, chat_chunk, chat_chunks, error_answer, json_answer, sse
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Reset, Script

TOKENS_NANO = (10 * 3 + 10 * 15) * 1000
"""What the tokens of these answers cost."""
CENT = 10_000_000
"""In nano-USD: a search at 10 USD per thousand."""
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "news"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result"}]}
NOT_FOUND = {**FOUND, "content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}}
TEXT = {"type": "text", "text": "Yes"}
COUNTS = {"input_tokens": 10, "output_tokens": 10}


def priced(gateway: Gateway, upstream: Upstream, provider: str = "anthropic", **rates: object) -> str:
    """A model with a price that is the operator's, and rates for what runs at its provider."""
    model = gateway.add_channel(upstream.url, provider=provider, cost="table")
    answer = gateway.admin("POST", "/prices", {"model": model, "input": 3, "output": 15, **rates})
    assert 200 == answer.status, answer.body
    return model


def shown(gateway: Gateway, record: Any) -> dict[str, Any]:
    """As the admin API shows it."""
    answer: dict[str, Any] = gateway.admin("GET", f"/records/{record.request_id}").json()
    return answer


def claude(content: list[Mapping[str, Any]], usage: Mapping[str, Any], *, streamed: bool) -> Script:
    """An answer of these blocks."""
    if not streamed:
        return json_answer(200, {**anthropic_message(), "content": content, "stop_reason": "end_turn", "usage": usage})
    return sse(
        *claude_begins(content),
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    )


def claude_begins(content: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events of these blocks, with all that counts only at the end left out."""
    start = {**anthropic_message(), "content": [], "usage": {"input_tokens": 10, "output_tokens": 1}}
    events: list[Mapping[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(content):
        begin = {**block, "text": ""} if block is TEXT else block
        events.append({"type": "content_block_start", "index": index, "content_block": begin})
        if block is TEXT:
            delta = {"type": "text_delta", "text": "Yes"}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    return events


@on_every_surface
@streamed_or_whole
def test_claude_s_searches_are_billed_and_told(gateway: Gateway, upstream: Upstream, path: str, streamed: bool) -> None:
    """Five searches of 0.01 USD each were free (K4)."""
    usage = {**COUNTS, "server_tool_use": {"web_search_requests": 5, "web_fetch_requests": 1}}
    upstream.default = claude([SEARCH, FOUND, TEXT], usage, streamed=streamed)

    record = ask(gateway, path, priced(gateway, upstream, web_search=10), streamed)

    told = shown(gateway, record)
    assert (TOKENS_NANO + 5 * CENT, "upstream") == (record.cost_nano, record.usage_source)
    assert ({"web_search": 5}, [], 10) == (told["hosted_calls"], told["hosted_unpriced"], told["rates"]["web_search"])
    assert [] == gateway.books.imbalances()


@pytest.mark.parametrize(("path", "name"), [(CHAT, "server_tool_use"), (MESSAGES, "server_tool_use")])
def test_clients_see_how_many_searches_there_were(gateway: Gateway, upstream: Upstream, path: str, name: str) -> None:
    told = {"web_search_requests": 5, "web_fetch_requests": 0}
    upstream.default = claude([TEXT], {**COUNTS, "server_tool_use": told}, streamed=False)
    model = priced(gateway, upstream, web_search=10)

    usage = gateway.post({"model": model, **ASKED[path]}, path).json()["usage"]

    assert 5 == usage[name]["web_search_requests"]


@on_every_surface
@streamed_or_whole
def test_searches_that_only_the_answer_shows_are_counted_but_those_that_failed(
    gateway: Gateway, upstream: Upstream, path: str, streamed: bool
) -> None:
    """An endpoint like Anthropic's need not say in its usage what it ran."""
    upstream.default = claude([SEARCH, FOUND, FOUND, NOT_FOUND, TEXT], COUNTS, streamed=streamed)

    record = ask(gateway, path, priced(gateway, upstream, web_search=10), streamed)

    assert (TOKENS_NANO + 2 * CENT, "upstream") == (record.cost_nano, record.usage_source)


@on_every_surface
@streamed_or_whole
def test_searches_of_an_answer_without_a_usage_are_counted(
    gateway: Gateway, upstream: Upstream, path: str, streamed: bool
) -> None:
    """Whole ones were free: only streams counted what they saw."""
    upstream.default = claude([SEARCH, FOUND, FOUND, NOT_FOUND, TEXT], {}, streamed=streamed)

    record = ask(gateway, path, priced(gateway, upstream, web_search=10), streamed)

    assert {"web_search": 2} == shown(gateway, record)["hosted_calls"]


@on_every_surface
@streamed_or_whole
@pytest.mark.parametrize(("said", "billed"), [(0, {}), (1, {"web_search": 1}), (None, {"web_search": 2})])
def test_the_usage_s_own_figure_counts_where_it_is_said(
    gateway: Gateway, upstream: Upstream, path: str, streamed: bool, said: int | None, billed: dict[str, int]
) -> None:
    """Results beside a 0 were billed when streamed, and not when whole; of a null it was the other way round."""
    usage = {**COUNTS, "server_tool_use": {"web_search_requests": said}}
    upstream.default = claude([SEARCH, FOUND, FOUND, TEXT], usage, streamed=streamed)

    record = ask(gateway, path, priced(gateway, upstream, web_search=10), streamed)

    assert billed == shown(gateway, record)["hosted_calls"]


@on_every_surface
def test_a_stream_that_breaks_off_costs_the_searches_that_were_seen(
    gateway: Gateway, upstream: Upstream, path: str
) -> None:
    upstream.default = sse(*claude_begins([SEARCH, FOUND, FOUND, TEXT]), done=False, end=[Reset()])
    model = priced(gateway, upstream, web_search=10)

    # Of an estimate no more is charged than was set aside.
    gateway.post({"model": model, "stream": True, **ASKED[path], "max_tokens": 4096}, path)

    (record,) = gateway.books.records(model)
    assert ("cut_off", "estimated", {"web_search": 2}) == (
        record.outcome,
        record.usage_source,
        shown(gateway, record)["hosted_calls"],
    )
    assert record.cost_nano > 2 * CENT


@streamed_or_whole
def test_what_nobody_has_a_rate_for_is_counted_and_marked(gateway: Gateway, upstream: Upstream, streamed: bool) -> None:
    usage = {**COUNTS, "server_tool_use": {"web_search_requests": 5}}
    upstream.default = claude([TEXT], usage, streamed=streamed)

    record = ask(gateway, MESSAGES, priced(gateway, upstream), streamed)

    told = shown(gateway, record)
    assert (TOKENS_NANO, {"web_search": 5}, ["web_search"]) == (
        record.cost_nano,
        told["hosted_calls"],
        told["hosted_unpriced"],
    )


def test_only_the_attempt_that_answers_is_billed(gateway: Gateway, upstream: Upstream) -> None:
    searched = {**COUNTS, "server_tool_use": {"web_search_requests": 1}}
    upstream.default = error_answer(500, "no")
    with Upstream(claude([TEXT], searched, streamed=False)) as second:
        model = gateway.add_channel(upstream.url, provider="anthropic", priority=10)
        gateway.add_channel(second.url, model, provider="anthropic")
        body = {"model": model, "input": 3, "output": 15, "web_search": 10, "request": 1}
        assert 200 == gateway.admin("POST", "/prices", body).status

        record = ask(gateway, MESSAGES, model, False)

    assert TOKENS_NANO + CENT + 1_000_000 == record.cost_nano
    assert {"web_search": 1, "request": 1} == shown(gateway, record)["hosted_calls"]


def test_an_answer_that_never_came_has_no_fee(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = error_answer(500, "no")
    model = priced(gateway, upstream, "openai", request=25)

    gateway.chat(model)

    (record,) = gateway.books.records(model)
    assert (0, {}) == (record.cost_nano, shown(gateway, record)["hosted_calls"])


ITEMS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], dict[str, int]]] = {
    "a search, and looks at what it found": (
        [
            {"type": "web_search_call", "status": "completed", "action": {"type": kind}}
            for kind in ("search", "open_page", "find_in_page")
        ],
        {},
        {"web_search": 1},
    ),
    "searches that came to nothing": (
        [{"type": "web_search_call", "status": status} for status in ("completed", "failed", "incomplete")],
        {},
        {"web_search": 1},
    ),
    "files": ([{"type": "file_search_call", "status": "completed"}] * 2, {}, {"file_search": 2}),
    "code that ran twice in one container, and once in another": (
        [{"type": "code_interpreter_call", "status": "completed", "container_id": name} for name in ("a", "a", "b")],
        {},
        {"code_session": 2},
    ),
    "a shell of the client's": ([{"type": "shell_call", "status": "completed"}], {}, {}),
    "searches that OpenAI does not bill": (
        [{"type": "web_search_call", "status": "completed", "action": {"type": "search"}}] * 3,
        {"tool_usage": {"web_search": {"num_requests": 1}}},
        {"web_search": 1},
    ),
    "xAI's own count": (
        [{"type": "web_search_call", "status": "completed"}] * 4,
        {"server_side_tool_usage_details": {"web_search_calls": 1, "x_search_calls": 2, "code_interpreter_calls": 1}},
        {"web_search": 3, "code_session": 1},
    ),
}


@streamed_or_whole
@pytest.mark.parametrize(("items", "said", "counts"), ITEMS.values(), ids=ITEMS)
def test_what_ran_for_a_response_is_billed(
    gateway: Gateway,
    upstream: Upstream,
    streamed: bool,
    items: list[dict[str, Any]],
    said: dict[str, Any],
    counts: dict[str, int],
) -> None:
    """Searches, files and containers of OpenAI's were free."""
    response, events = response_of(items, said)
    upstream.default = sse(*events) if streamed else json_answer(200, response)
    model = priced(gateway, upstream, "xai", web_search=10, file_search=2.5, code_session=30)

    record = ask(gateway, RESPONSES, model, streamed)

    fees = {"web_search": 10_000_000, "file_search": 2_500_000, "code_session": 30_000_000}
    assert TOKENS_NANO + sum(fees[kind] * count for kind, count in counts.items()) == record.cost_nano
    assert (counts, []) == tuple(shown(gateway, record)[name] for name in ("hosted_calls", "hosted_unpriced"))


def response_of(items: list[dict[str, Any]], said: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A response, and the events that tell it."""
    usage = {**COUNTS, "total_tokens": 20, **{name: said[name] for name in said if name != "tool_usage"}}
    text = {"type": "message", "id": "m1", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]}
    output = [{"id": f"i{place}", **item} for place, item in enumerate(items)]
    response = {"id": "r1", "object": "response", "status": "completed", "output": [*output, text], "usage": usage}
    response |= {name: said[name] for name in said if name == "tool_usage"}
    events = [{"type": "response.output_item.done", "output_index": at, "item": item} for at, item in enumerate(output)]
    last = {"type": "response.completed", "response": response}
    return response, [*events, {"type": "response.output_text.delta", "delta": "Yes"}, last]


def test_a_response_that_breaks_off_costs_what_had_run(gateway: Gateway, upstream: Upstream) -> None:
    _, events = response_of([{"type": "web_search_call", "status": "completed"}] * 2, {})
    upstream.default = sse(*events[:-1], done=False, end=[Reset()])
    model = priced(gateway, upstream, "xai", web_search=10)

    gateway.post({"model": model, "stream": True, **ASKED[RESPONSES]}, RESPONSES)

    (record,) = gateway.books.records(model)
    assert ("cut_off", {"web_search": 2}) == (record.outcome, shown(gateway, record)["hosted_calls"])
    assert record.cost_nano > 2 * CENT


@on_every_surface
@streamed_or_whole
@pytest.mark.parametrize(
    ("upstream_model", "searches"), [("gemini-2.5-flash", 1), ("gemini-3.5-flash", 2), ("gemini-flash-latest", 2)]
)
def test_gemini_bills_a_prompt_that_was_searched_for_or_each_query(
    gateway: Gateway, upstream: Upstream, path: str, streamed: bool, upstream_model: str, searches: int
) -> None:
    """Up to Gemini 2.5 a prompt is billed once; from Gemini 3 on each query, one that is empty or repeated not."""
    candidate = {
        "index": 0,
        "content": {"role": "model", "parts": [{"text": "Yes"}]},
        "finishReason": "STOP",
        "groundingMetadata": {"webSearchQueries": ["", "news", "weather", "news"]},
    }
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}
    answer = {"candidates": [candidate], "usageMetadata": usage}
    upstream.default = sse(answer, done=False) if streamed else json_answer(200, answer)
    model = gateway.add_channel(upstream.url, provider="gemini")
    gateway.admin("PATCH", f"/channels/{channel_of(gateway, model)}", {"models": [f"{model}={upstream_model}"]})
    body = {"model": model, "input": 3, "output": 15, "web_search": 10}
    assert 200 == gateway.admin("POST", "/prices", body).status

    record = ask(gateway, path, model, streamed)

    assert (TOKENS_NANO + searches * CENT, "upstream") == (record.cost_nano, record.usage_source)
    assert {"web_search": searches} == shown(gateway, record)["hosted_calls"]


def channel_of(gateway: Gateway, model: str) -> str:
    (channel,) = gateway.admin("GET", f"/models/{model}").json()["channels"]
    name: str = channel["channel_id"]
    return name


@on_every_surface
@streamed_or_whole
@pytest.mark.parametrize(
    ("said", "kind", "nano"),
    [
        ({"search_context_size": "low"}, "request_low", 5_000_000),
        ({"search_context_size": "medium"}, "request_medium", 12_000_000),
        ({"search_context_size": "high"}, "request", 12_000_000),
        ({}, "request", 12_000_000),
        ({"num_search_queries": 18, "search_context_size": "low"}, "web_search", 180_000_000),
    ],
)
def test_perplexity_s_fee_is_that_of_how_much_was_searched(
    gateway: Gateway,
    upstream: Upstream,
    path: str,
    streamed: bool,
    said: dict[str, Any],
    kind: str,
    nano: int,
) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20, **said}
    upstream.default = sse(*chat_chunks("Yes", usage)) if streamed else json_answer(200, chat_body("Yes", usage))
    model = priced(gateway, upstream, "openai", request=12, request_low=5, web_search=10)

    record = ask(gateway, path, model, streamed)

    counts = shown(gateway, record)["hosted_calls"]
    beside = 12_000_000 if kind == "web_search" else 0
    assert TOKENS_NANO + nano + beside == record.cost_nano
    assert 1 if kind != "web_search" else 18 == counts[kind]


@streamed_or_whole
def test_a_cost_that_the_upstream_states_has_its_fees_in_it(
    gateway: Gateway, upstream: Upstream, streamed: bool
) -> None:
    cost = {"request_cost": 0.005, "total_cost": 0.006}
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "search_context_size": "low", "cost": cost}
    upstream.default = sse(*chat_chunks("Yes", usage)) if streamed else json_answer(200, chat_body("Yes", usage))
    model = gateway.add_channel(upstream.url, provider="openai", cost="upstream")
    body = {"model": model, "input": 3, "output": 15, "request_low": 5}
    assert 200 == gateway.admin("POST", "/prices", body).status

    record = ask(gateway, CHAT, model, streamed)

    told = shown(gateway, record)
    assert (6_000_000, "upstream", {"request_low": 1}) == (record.cost_nano, told["billed_by"], told["hosted_calls"])
    assert 0.005 + TOKENS_NANO / 1e9 == pytest.approx(told["own_cost_usd"])


@on_every_surface
@streamed_or_whole
def test_searches_of_groq_s_systems_stand_in_their_messages(
    gateway: Gateway, upstream: Upstream, path: str, streamed: bool
) -> None:
    """A stream tells each of them twice, before it ran and after."""
    ran = [{"index": 0, "type": "search"}, {"index": 1, "type": "visit"}, {"index": 2, "type": "search"}]
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    body = chat_body("Yes", usage)
    body["choices"][0]["message"]["executed_tools"] = ran
    chunks = [chat_chunk({"executed_tools": [call]}) for call in (*ran, *ran)]
    upstream.default = sse(*chunks, *chat_chunks("Yes", usage)) if streamed else json_answer(200, body)

    record = ask(gateway, path, priced(gateway, upstream, "groq", web_search=10), streamed)

    assert (TOKENS_NANO + 2 * CENT, {"web_search": 2}) == (record.cost_nano, shown(gateway, record)["hosted_calls"])


@pytest.mark.parametrize(
    ("tool", "quota", "status"),
    [
        ({"type": "web_search_20250305", "name": "web_search", "max_uses": 2}, "0.03", 200),
        ({"type": "web_search_20250305", "name": "web_search", "max_uses": 4}, "0.03", 402),
        ({"type": "web_search_20250305", "name": "web_search"}, "0.03", 402),
        ({"type": "web_search_20250305", "name": "web_search"}, "0.06", 200),
        ({"name": "get_weather", "input_schema": {"type": "object"}}, "0.03", 200),
    ],
)
def test_searches_that_a_request_allows_are_set_aside(
    gateway: Gateway, upstream: Upstream, tool: dict[str, Any], quota: str, status: int
) -> None:
    upstream.default = claude([TEXT], COUNTS, streamed=False)
    model = priced(gateway, upstream, web_search=10)
    key = gateway.add_token(quota=quota)

    answer = gateway.post({"model": model, "tools": [tool], **ASKED[MESSAGES]}, MESSAGES, key)

    assert status == answer.status, answer.body
