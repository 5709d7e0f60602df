"""Recorded traffic of Anthropic, Gemini and Vertex through a running gateway: it comes out as chat, whole and counted.

Every recording meets the strict checker, OpenAI's own SDK and the ledger; where the price project has an opinion on its
usage, the split and the price are held against that. A table says how many there were of each.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs
import msgspec
import openai
import pytest

from tests.served.chat.conftest import Playing
from tests.served.chat.oracle import NAMES, USAGE, Opinion, opinion_on
from tests.served.replay.conftest import NO_CHAT_ANSWERS
from tests.support.books import Record
from tests.support.checkers.chat import CheckedAnswer, CheckedStream, check_chat_answer, check_chat_stream
from tests.support.gateway import Gateway, chat_body
from tests.support.replay import Vector, played, requires_vectors, vectors

pytestmark = [requires_vectors, pytest.mark.extended]

ENDPOINTS = {"anthropic": "messages", "gemini": "generateContent", "openai": "chat"}
"""What recordings of a wire are filed under; chat ones are played by a channel of type `openai`."""
RECORDED = {
    "anthropic": ("anthropic", "anthropic"),
    "gemini": ("gemini", "gemini"),
    "vertex": ("vertex", "gemini"),
    "fixtures, messages": ("fixtures", "anthropic"),
    "fixtures, generateContent": ("fixtures", "gemini"),
    "fixtures, chat": ("fixtures", "openai"),
    "gemini, chat": ("gemini", "openai"),
}
"""Rows of the table: the file, and the wire."""
ANY_MODEL = {"anthropic": "claude-sonnet-4-5", "gemini": "gemini-2.5-pro", "openai": "gpt-5"}
"""Upstream, where nobody has an opinion on the usage of another one."""
NO_ANSWERS = frozenset({"8abe345b5ffa", "22709704c7c7", "921de1051025"}) | NO_CHAT_ANSWERS
"""With status 200 all the same: a skill, a version of one, and an error. What comes out is an error each time."""
FREE = {"service_tier"}
"""Passed on with words that OpenAI has not: Groq's `on_demand`."""
PIECES = 100
"""In which a stream is sent a second time: cut within lines, and across events where they are short."""
Seen = CheckedAnswer | CheckedStream
"""What a client has of an answer."""


@attrs.frozen
class Played:
    """One recording, and what came of it."""

    vector: Vector
    opinion: Opinion | None
    request_id: str
    seen: Seen


@attrs.define
class Row:
    """One row of the table."""

    recordings: list[Vector]
    played: list[Played] = attrs.field(factory=list)
    refusals: int = 0
    failures: list[tuple[str, str]] = attrs.field(factory=list)


def recorded(name: str) -> list[Vector]:
    provider, wire = RECORDED[name]
    return vectors(ENDPOINTS[wire], [provider])


def usage_body(vector: Vector, wire: str) -> Any:
    """The usage that a recording ends with, read naively."""
    usage: dict[str, Any] = {}
    for event in events_of(vector):
        part = event.get(USAGE.get(wire, "")) or event.get("message", {}).get("usage") or {}
        if wire == "anthropic":
            usage |= part
        elif "totalTokenCount" in part:
            usage = part
    return usage


def events_of(vector: Vector) -> list[dict[str, Any]]:
    """Of a stream its events; a whole answer is one, or several in an array."""
    if vector.streamed:
        payloads = [line[5:].strip() for line in vector.body.splitlines() if line.startswith(b"data:")]
        return [msgspec.json.decode(payload) for payload in payloads if payload != b"[DONE]"]
    value = msgspec.json.decode(vector.body)
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", RECORDED)
def test_every_recording_comes_out_as_chat_and_is_booked_as_it_says(
    playing: Playing, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = Row(recorded(name))
    play(playing, row, RECORDED[name][1])
    compared = compare_with_books(playing, row, RECORDED[name][1])
    with capsys.disabled():
        show(name, row, compared)
    assert [] == row.failures, row.failures
    assert len(row.recordings) == len(row.played) + row.refusals, "recordings were skipped"


def play(playing: Playing, row: Row, wire: str) -> None:
    """Every recording in turn; what is wrong with one is kept in the row, so that all are seen."""
    answered = [vector for vector in row.recordings if vector.status == 200 and vector.id not in NO_ANSWERS]
    believed = {vector.id: opinion_on(wire, usage_body(vector, wire)) for vector in answered}
    upstream_models = [opinion.model for opinion in believed.values() if opinion and opinion.model]
    models = playing.serve(wire, [ANY_MODEL[wire], *upstream_models])
    client = openai.OpenAI(base_url=f"{playing.gateway.url}/v1", api_key=playing.gateway.key, max_retries=0)
    with client:
        for vector in row.recordings:
            try:
                if vector.id not in believed:
                    check_refusal(playing, vector, wire)
                    row.refusals += 1
                else:
                    opinion = believed[vector.id]
                    model = models[opinion.model if opinion and opinion.model else ANY_MODEL[wire]]
                    row.played.append(Played(vector, opinion, *checked(playing, client, vector, model)))
            except (AssertionError, openai.OpenAIError, ValueError) as error:
                row.failures.append((str(vector), f"{type(error).__name__}: {error}"[:500]))


def checked(playing: Playing, client: openai.OpenAI, vector: Vector, model: str) -> tuple[str, Seen]:
    """The request's id, and what a client has of the answer; raises AssertionError."""
    gateway = playing.gateway
    playing.play(played(vector))
    if not vector.streamed:
        answer = gateway.chat(model)
        assert 200 == answer.status, answer.body
        whole = check_chat_answer(answer.body)
        check_with_sdk(client, model, whole)
        return str(answer.header("x-request-id")), whole
    request_id, stream = streamed(gateway, model)
    step = len(vector.body) // PIECES + 1
    playing.play(played(vector, range(step, len(vector.body), step)))
    cut = streamed(gateway, model)[1]
    assert content_of(stream) == content_of(cut), "where the stream is cut changes what it says"
    check_with_sdk(client, model, stream)
    return request_id, stream


def streamed(gateway: Gateway, model: str) -> tuple[str, CheckedStream]:
    with gateway.stream(model, stream_options={"include_usage": True}) as stream:
        raw = b"".join(event.data for event in stream.events())
    seen = check_chat_stream(raw, include_usage=True)
    assert seen.done, seen.error
    return str(stream.head.header("x-request-id")), seen


def content_of(stream: CheckedStream) -> tuple[Any, ...]:
    """Without what is made anew for every request: ids of calls of answers that have none."""
    choices = {
        index: (choice.content, choice.reasoning, choice.refusal, choice.finish_reason, len(choice.tool_calls))
        for index, choice in stream.choices.items()
    }
    return choices, stream.usage


def check_with_sdk(client: openai.OpenAI, model: str, seen: Seen) -> None:
    """OpenAI's own client reads the same, and its types hold all of it."""
    messages: Any = chat_body(model)["messages"]
    if isinstance(seen, CheckedAnswer):
        answer = client.chat.completions.create(model=model, messages=messages)
        type(answer).model_validate(answer.model_dump(exclude=FREE))
        message = answer.choices[0].message
        content = message.content or ""
        calls = len(message.tool_calls or ())
        usage = answer.usage
    else:
        content = ""
        calls = 0
        usage = None
        with client.chat.completions.create(
            model=model, messages=messages, stream=True, stream_options={"include_usage": True}
        ) as stream:
            for chunk in stream:
                type(chunk).model_validate(chunk.model_dump(exclude=FREE))
                usage = chunk.usage or usage
                for choice in chunk.choices[:1]:
                    content += choice.delta.content or ""
                    calls += sum(bool(call.id) for call in choice.delta.tool_calls or ())
    assert usage is not None
    assert seen.usage is not None
    assert (seen.first.content, len(seen.first.tool_calls)) == (content, calls)
    assert (seen.usage["prompt_tokens"], seen.usage["completion_tokens"]) == (
        usage.prompt_tokens,
        usage.completion_tokens,
    )


def check_refusal(playing: Playing, vector: Vector, wire: str) -> None:
    """A channel of its own, since a refusal may rest it."""
    (model,) = playing.serve(wire, [ANY_MODEL[wire]]).values()
    playing.play(played(vector))
    answer = playing.gateway.chat(model)
    assert 400 <= answer.status < 600, answer.status
    assert {"code", "message", "type", "param"} == set(answer.error)
    assert answer.error["message"].strip()


def compare_with_books(playing: Playing, row: Row, wire: str) -> Counter[str]:
    """What was booked against what the client was told, and against the price project's opinion; counts the latter."""
    booked = playing.booked()
    compared = Counter[str]()
    for recording in row.played:
        record = booked[recording.request_id]
        opinion = recording.opinion
        usage = recording.seen.usage or {}
        if booked_tokens(record)[:2] != (usage.get("prompt_tokens"), usage.get("completion_tokens")):
            row.failures.append((str(recording.vector), f"told {usage}, booked {record.row}"))
        if opinion is None:
            continue
        compared["usage"] += 1
        if booked_tokens(record) != opinion.counts:
            row.failures.append(
                (str(recording.vector), f"{NAMES}: booked {booked_tokens(record)}, not {opinion.counts}")
            )
        if opinion.nano is not None:
            compared["cost"] += 1
            cost = opinion.cost_nano(wire, record.searches)
            if record.cost_nano != cost:
                row.failures.append((str(recording.vector), f"costs {record.cost_nano}, not {cost} nano-USD"))
    return compared


def booked_tokens(record: Record) -> tuple[int, ...]:
    """Counts of tokens, in the order of `NAMES`."""
    return record.prompt_tokens, record.completion_tokens, record.cache_read_tokens, record.cache_write_tokens


def show(name: str, row: Row, compared: Counter[str]) -> None:
    """One line of the table, its head before the first."""
    heads = ("vectors", "answers", "refusals", "failed", "skipped", "usage", "cost")
    skipped = len(row.recordings) - len(row.played) - row.refusals - len(row.failures)
    if name == next(iter(RECORDED)):
        print(f"\n{'through the gateway':26}" + "".join(f"{head:>9}" for head in heads))
    counts = (len(row.recordings), len(row.played), row.refusals, len(row.failures), skipped)
    print(f"{name:26}" + "".join(f"{count:9}" for count in (*counts, compared["usage"], compared["cost"])))
