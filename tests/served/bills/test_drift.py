"""A channel whose upstream reports more tokens than its answers have is named; one that counts as others do is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aihub_lite.domain.usage import DRIFT_WINDOW
from tests.cli.terminal import Terminal
from tests.served import messages, responses
from tests.support.canaries import ANSWER_CANARY
from tests.support.gateway import CHAT, Gateway, chat_body, unique
from tests.support.upstream.answers import chat_answer, chat_stream, json_answer, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

TEXT = f"""The well behind the house is older than the house ({ANSWER_CANARY}). Nobody knows who dug it, and nobody has
asked for a long time; it gives cold water in August, which is all that anybody wants of it. My grandfather used to say
that a well is a promise which the ground has made, and that you should not let it down too often. So we draw two
buckets in the morning, one for the kitchen and one for the garden, and leave the rest to the frogs."""
HONEST = 102
"""Tokens: one for each word and each mark, as tokenizers of 2024 and later have it of plain English."""
PROMPT = 20
WAYS = [
    pytest.param(*way, streamed, id=f"{way[0]} from {way[1]}, {'streamed' if streamed else 'whole'}")
    for way in (
        ("chat", "openai"),
        ("messages", "openai"),
        ("messages", "anthropic"),
        ("responses", "openai"),
        ("responses", "openrouter"),
    )
    for streamed in (False, True)
]
BODIES: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "chat": (CHAT, chat_body),
    "messages": (messages.PATH, messages.request),
    "responses": (responses.PATH, responses.request),
}


def writer(completion: int, text: str = TEXT, **details: Any) -> Callable[[Request], Script]:
    """An upstream of any wire, that says how many tokens its text has."""

    def answer(request: Request) -> Script:
        if request.method == "GET":
            return models_list("upstream-model")
        streamed = bool(request.json().get("stream"))
        if request.path.endswith("/messages"):
            return claude_script(completion, text, streamed=streamed)
        if request.path.endswith("/responses"):
            return responses_script(completion, text, streamed=streamed)
        counts = {"prompt_tokens": PROMPT, "completion_tokens": completion, "total_tokens": PROMPT + completion}
        if streamed:
            return chat_stream(text, counts | details)
        return chat_answer(text, counts | details)

    return answer


def claude_script(completion: int, text: str, *, streamed: bool) -> Script:
    usage = {"input_tokens": PROMPT, "output_tokens": completion}
    if not streamed:
        return json_answer(200, messages.claude_message({"type": "text", "text": text}, usage=usage))
    events = messages.claude_events(messages.text_block(text))
    return messages.claude_stream(*({**event, "usage": usage} if "usage" in event else event for event in events))


def responses_script(completion: int, text: str, *, streamed: bool) -> Script:
    usage = {**responses.USAGE, "output_tokens": completion, "total_tokens": 10 + completion}
    whole = responses.response("completed", responses.message(text), usage=usage)
    if not streamed:
        return json_answer(200, whole)
    events = responses.native_events(text)
    return responses.native_stream(*events[:-1], {**events[-1], "response": whole})


def channel_of(gateway: Gateway, upstream: Upstream, provider: str = "openai") -> tuple[str, str]:
    """A channel of its own: its name, and the model that it serves."""
    name = unique("drifting")
    return name, gateway.add_channel(upstream.url, name=name, provider=provider)


def ask(gateway: Gateway, surface: str, model: str, *, times: int = DRIFT_WINDOW, **fields: Any) -> None:
    path, body = BODIES[surface]
    for _ in range(times):
        answer = gateway.post(body(model, **fields), path)
        assert 200 == answer.status, answer.body


def named(gateway: Gateway, name: str) -> list[str]:
    """The drifts for which a channel needs attention."""
    items = gateway.admin("GET", "/overview").json()["attention"]
    return [item["detail"] for item in items if item["kind"] == "drift" and item["subject"] == name]


def drift_of(gateway: Gateway, name: str) -> Any:
    return gateway.admin("GET", f"/channels/{name}").json()["drift"]


@pytest.mark.parametrize(("surface", "provider", "streamed"), WAYS)
def test_who_reports_twice_the_tokens_is_named(
    gateway: Gateway, upstream: Upstream, surface: str, provider: str, streamed: bool
) -> None:
    upstream.default = writer(2 * HONEST)
    name, model = channel_of(gateway, upstream, provider)
    ask(gateway, surface, model, stream=streamed)
    (drift,) = named(gateway, name)
    assert 1.8 < float(drift) < 2.4


@pytest.mark.parametrize(("surface", "provider", "streamed"), WAYS)
def test_who_reports_as_many_as_there_are_is_not_named(
    gateway: Gateway, upstream: Upstream, surface: str, provider: str, streamed: bool
) -> None:
    upstream.default = writer(HONEST)
    name, model = channel_of(gateway, upstream, provider)
    ask(gateway, surface, model, stream=streamed)
    assert [] == named(gateway, name)
    assert 0.9 < drift_of(gateway, name) < 1.2


def test_a_channel_is_named_after_a_restart_too(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = writer(2 * HONEST)
    name, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model)
    before = drift_of(gateway, name)
    gateway.restart()
    assert [f"{before:.2f}"] == named(gateway, name)


def test_nothing_is_said_of_fewer_than_fifty_answers(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = writer(2 * HONEST)
    name, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model, times=DRIFT_WINDOW - 1)
    assert ([], None) == (named(gateway, name), drift_of(gateway, name))


def test_a_channel_that_mends_its_ways_is_named_no_longer(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = writer(2 * HONEST)
    name, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model)
    upstream.default = writer(HONEST)
    ask(gateway, "chat", model, times=DRIFT_WINDOW // 2 + 1)
    assert [] == named(gateway, name)


def test_a_channel_that_fails_over_answers_for_itself(gateway: Gateway, upstream: Upstream) -> None:
    """The drift is that of the channel which gave the answer, not of the one that was asked before it."""
    name, model = channel_of(gateway, upstream)
    with Upstream(writer(2 * HONEST)) as second:
        gateway.add_channel(second.url, model, name=f"{name}-second", priority=-1)
        upstream.default = lambda _: json_answer(429, {"error": {"message": "slow down"}})
        ask(gateway, "chat", model)
        assert [] == named(gateway, name)
        assert 1 == len(named(gateway, f"{name}-second"))


def test_a_record_says_how_far_its_answer_drifts(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = writer(2 * HONEST)
    _, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model, times=1)
    (record,) = gateway.admin("GET", f"/records?model={model}").json()["records"]
    assert 1.8 < record["drift"] < 2.4
    assert record["drift"] == gateway.admin("GET", f"/records/{record['request_id']}").json()["drift"]


THOUGHT: dict[str, Any] = {"completion_tokens_details": {"reasoning_tokens": 4000}}


@pytest.mark.parametrize(
    ("completion", "fields", "why"),
    [
        (4000, {"reasoning_effort": "high"}, "reasoning that is not told apart"),
        (4000, {"web_search_options": {}}, "searches of the provider's own"),
        (4000, {"prediction": {"type": "content", "content": "x"}}, "a text that was foretold in vain"),
        (4000, {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "a tool of the provider's own"),
    ],
)
def test_tokens_that_nobody_can_see_are_no_drift(
    gateway: Gateway, upstream: Upstream, completion: int, fields: dict[str, Any], why: str
) -> None:
    upstream.default = writer(completion)
    _, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model, times=1, **fields)
    (record,) = gateway.admin("GET", f"/records?model={model}").json()["records"]
    assert None is record["drift"], why


def test_reasoning_that_is_told_apart_is_no_drift(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = writer(4000 + HONEST, **THOUGHT)
    _, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model, times=1)
    (record,) = gateway.admin("GET", f"/records?model={model}").json()["records"]
    assert 0.9 < record["drift"] < 1.2


def test_claude_that_was_let_think_and_did_not_has_a_drift(gateway: Gateway, upstream: Upstream) -> None:
    upstream.default = writer(2 * HONEST)
    _, model = channel_of(gateway, upstream, "anthropic")
    thinking = {"type": "enabled", "budget_tokens": 1024}
    for streamed in (False, True):
        ask(gateway, "messages", model, times=1, stream=streamed, max_tokens=2000, thinking=thinking)
    records = gateway.admin("GET", f"/records?model={model}").json()["records"]
    assert [True, True] == [1.8 < record["drift"] < 2.4 for record in records]


def test_a_long_prompt_is_no_drift(gateway: Gateway, upstream: Upstream) -> None:
    """Of a prompt, a provider counts what nobody sees: its own instructions, pages that it found."""
    upstream.default = writer(HONEST, prompt_tokens=90_000, total_tokens=90_000 + HONEST)
    _, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model, times=1)
    (record,) = gateway.admin("GET", f"/records?model={model}").json()["records"]
    assert 0.9 < record["drift"] < 1.2


def test_commands_show_the_drift(
    gateway: Gateway, upstream: Upstream, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.default = writer(2 * HONEST)
    name, model = channel_of(gateway, upstream)
    ask(gateway, "chat", model)
    terminal = Terminal(gateway.home.directory, capsys, monkeypatch)
    drift = f"{drift_of(gateway, name)}"
    (row,) = (line for line in terminal.ok("channel", "list").stdout.splitlines() if line.startswith(f"{name} "))
    assert drift in row.split()
    assert ["drift", drift] in [line.split() for line in terminal.ok("channel", "show", name).stdout.splitlines()]
