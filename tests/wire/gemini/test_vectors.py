"""Recorded traffic of Gemini, of Vertex, and of chat clients, through this wire and back."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import msgspec
import pytest

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.request import parse_chat
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.gemini.answer import chat_of
from aihub_lite.wire.gemini.contents import DUMMY_SIGNATURE
from aihub_lite.wire.gemini.usage import usage_of
from aihub_lite.wire.sse import EventSplitter
from aihub_lite.wire.upstream_error import error_of
from tests.support.checkers.chat import CheckedChoice
from tests.support.replay import CHAT_PROVIDERS, VECTORS, Vector, requires_vectors, vectors
from tests.wire.gemini import gist
from tests.wire.gemini.gist import listed
from tests.wire.gemini.inverse import chat_request, has_counterpart
from tests.wire.gemini.wire import NEW, checked, completion_of, stream_of_bytes

PROVIDERS = ("gemini", "vertex", "fixtures")
ALL = vectors("generateContent", PROVIDERS)
ERRORS_IN_200 = frozenset({"921de1051025"})
"""Recorded as an answer with status 200, but holds an error."""
ANSWERS = [vector for vector in ALL if vector.status == 200 and not vector.streamed and vector.id not in ERRORS_IN_200]
STREAMS = [vector for vector in ALL if vector.status == 200 and vector.streamed]
REFUSALS = [vector for vector in ALL if vector.status != 200]
REQUESTS = [(vector, gist.camel(vector.request)) for vector in ALL if vector.request]
CHATS = [vector for vector in vectors("chat", (*CHAT_PROVIDERS, "ollama", "gemini")) if vector.request]

pytestmark = requires_vectors


def decoded(vector: Vector) -> list[dict[str, Any]]:
    """The recorded answer, read naively: one piece, or one per event."""
    if not vector.streamed:
        return listed(json.loads(vector.body))
    return [json.loads(line[6:]) for line in vector.body.decode().splitlines() if line.startswith("data: ")]


def recorded_speech(vector: Vector) -> tuple[str, str, list[tuple[str, Any]]]:
    """Text, thoughts and calls; calls that came in pieces only by name."""
    text = ""
    thought = ""
    calls: list[tuple[str, Any]] = []
    for answer in decoded(vector):
        for candidate in answer.get("candidates", []):
            for part in candidate.get("content", {}).get("parts", []):
                if part.get("thought"):
                    thought += part["text"]
                elif "name" in part.get("functionCall", {}):
                    call = part["functionCall"]
                    arguments = None
                    if "willContinue" not in call:
                        arguments = call.get("args") or {}
                    calls.append((call["name"], arguments))
                elif "text" in part:
                    text += part["text"]
    return text, thought, calls


def recorded_usage(vector: Vector) -> Usage | None:
    counted = [
        answer["usageMetadata"] for answer in decoded(vector) if "totalTokenCount" in answer.get("usageMetadata", {})
    ]
    if not counted:
        return None
    return usage_of(counted[-1])


def assert_says_all(vector: Vector, first: CheckedChoice, usage: dict[str, Any] | None) -> None:
    text, thought, calls = recorded_speech(vector)
    ran_code = "executableCode" in vector.body.decode() or "codeExecutionResult" in vector.body.decode()
    assert ran_code or text == first.content
    assert thought == first.reasoning
    assert len(calls) == len(first.tool_calls)
    for (name, args), call in zip(calls, first.tool_calls, strict=True):
        assert name == call["function"]["name"]
        arguments = json.loads(call["function"]["arguments"])
        assert arguments == args or args is None
    counted = recorded_usage(vector)
    assert usage is not None
    if counted is not None:
        assert (counted.prompt_tokens, counted.completion_tokens) == (
            usage["prompt_tokens"],
            usage["completion_tokens"],
        )
        assert counted.reasoning_tokens == usage["completion_tokens_details"]["reasoning_tokens"]
        assert counted.cache_read_tokens == usage["prompt_tokens_details"]["cached_tokens"]


@pytest.mark.parametrize("vector", ANSWERS, ids=str)
def test_every_recorded_answer_comes_out_strict_and_whole(vector: Vector) -> None:
    answer = completion_of(json.loads(vector.body))

    assert_says_all(vector, answer.first, answer.usage)


@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_every_recorded_stream_comes_out_strict_and_whole(vector: Vector) -> None:
    stream = stream_of_bytes(vector.body)

    assert stream.gemini.done
    assert stream.chat.finish_reason is not None
    assert_says_all(vector, stream.checked.first, stream.checked.usage)


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_stream_cut_at_any_byte_comes_out_the_same(vector: Vector) -> None:
    body = vector.body
    expected = stream_of_bytes(body).sent

    assert expected == stream_of_bytes(*(body[n : n + 1] for n in range(len(body)))).sent
    blocks = re.findall(rb".*?(?:\r?\n){2}", body, re.DOTALL)
    for block, following in itertools.pairwise([*blocks, b""]):
        whole = EventSplitter(1 << 22).feed(block + following)
        for position in range(len(block) + 1):
            splitter = EventSplitter(1 << 22)
            parts = splitter.feed(block[:position]) + splitter.feed(block[position:] + following)
            assert whole == parts, f"cut at {position} of {block!r}"


@pytest.mark.parametrize("vector", STREAMS, ids=str)
def test_a_stream_says_what_the_whole_answer_would(vector: Vector) -> None:
    whole = completion_of(decoded(vector))
    stream = stream_of_bytes(vector.body).checked

    for name in ("content", "reasoning", "refusal", "tool_calls", "finish_reason"):
        assert getattr(whole.first, name) == getattr(stream.first, name)
    assert whole.usage == stream.usage
    message = chat_of(decoded(vector))["choices"][0]["message"]
    details = [detail for name, value in stream.first.extras if name == "reasoning_details" for detail in value]
    assert message.get("reasoning_details", []) == details


@pytest.mark.parametrize("vector", ANSWERS, ids=str)
def test_a_whole_answer_streamed_says_the_same(vector: Vector) -> None:
    pieces = json.loads(vector.body)
    raw = b"".join(b"data: " + msgspec.json.encode(piece) + b"\n\n" for piece in listed(pieces))

    whole = completion_of(pieces)
    stream = stream_of_bytes(raw).checked

    for name in ("content", "reasoning", "refusal", "tool_calls", "finish_reason"):
        assert getattr(whole.first, name) == getattr(stream.first, name)


@pytest.mark.parametrize("vector", REFUSALS, ids=str)
def test_every_recorded_refusal_is_understood(vector: Vector) -> None:
    assert error_of(vector.status, vector.body).kind in ("client", "model")


def test_an_error_that_was_recorded_inside_a_200_is_no_answer() -> None:
    for vector in ALL:
        if vector.id in ERRORS_IN_200:
            with pytest.raises(AnswerNonsense) as raised:
                completion_of(json.loads(vector.body))
            assert raised.value.foreign is not None
            assert ("rate", 34.4) == (raised.value.foreign.kind, raised.value.foreign.retry_after)


def names_of(body: dict[str, Any]) -> list[tuple[str, Any]]:
    """Functions with their schemas, and the names of Gemini's own tools."""
    names: list[tuple[str, Any]] = []
    for tool in listed(body.get("tools", [])):
        for declaration in tool.get("functionDeclarations", ()):
            schema = declaration.get("parametersJsonSchema") or declaration.get("parameters")
            names.append((declaration["name"], schema and {**schema, "$schema": None}))
        names += [(name, value) for name, value in tool.items() if name != "functionDeclarations"]
    return sorted(names, key=str)


def signatures_of(body: dict[str, Any]) -> list[str]:
    """Of everything but thoughts, which go back only with a signature of their own."""
    parts = [part for content in body["contents"] for part in content["parts"] if not part.get("thought")]
    return [part["thoughtSignature"] for part in parts if part.get("thoughtSignature")]


def settings_of(body: dict[str, Any]) -> dict[str, Any]:
    """`generationConfig` and the function calling mode, without what is the default anyway."""
    settings = dict(body.get("generationConfig", {}))
    if settings.get("responseModalities") == ["TEXT"]:
        del settings["responseModalities"]
    if settings.get("candidateCount") == 1:
        del settings["candidateCount"]
    for name in ("responseSchema", "responseJsonSchema"):
        if schema := settings.pop(name, None):
            settings["schema"] = schema
    if calling := body.get("toolConfig", {}).get("functionCallingConfig"):
        settings["calling"] = calling
    if "safetySettings" in body:
        settings["safety"] = body["safetySettings"]
    return settings


@pytest.mark.parametrize("vector", [vector for vector, body in REQUESTS if has_counterpart(body)], ids=str)
def test_every_recorded_request_survives_chat(vector: Vector) -> None:
    body = gist.camel(vector.request)
    chat = parse_chat(msgspec.json.encode(chat_request(body)))

    translation = checked(chat, vector.model_in_path)

    assert gist.joined(gist.of_wire(body)) == gist.joined(gist.of_wire(translation.body))
    assert () == translation.dropped
    assert settings_of(body) == settings_of(translation.body)
    if not vector.model_in_path.startswith("gemini-1"):
        assert names_of(body) == names_of(translation.body)
    made_up = [signature for signature in signatures_of(translation.body) if signature != DUMMY_SIGNATURE]
    assert [signature for signature in signatures_of(body) if signature != DUMMY_SIGNATURE] == made_up


@pytest.mark.parametrize("vector", CHATS, ids=str)
def test_every_recorded_chat_request_can_be_asked_of_gemini(vector: Vector) -> None:
    assert vector.request is not None
    chat = parse_chat(msgspec.json.encode(vector.request))

    translation = checked(chat, NEW)

    checked(chat, "gemini-2.5-pro")
    checked(chat, "gemini-1.5-flash")
    assert msgspec.json.encode(translation.body) == msgspec.json.encode(checked(chat, NEW).body)
    assert gist.joined(gist.of_chat(vector.request["messages"])) == gist.joined(gist.of_wire(translation.body))


def test_usage_is_split_as_the_price_oracle_splits_it() -> None:
    checked = 0
    for line in (VECTORS / "usages.jsonl").read_bytes().splitlines():
        record = msgspec.json.decode(line)
        if (body := record["body"].get("usageMetadata")) is None:
            continue
        usage = usage_of(body)
        splits = [
            tuple(entry["usage"].get(name, 0) for name in ("input_tokens", "output_tokens", "cache_read_tokens"))
            for entry in record["extracted"]
        ]
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens, usage.cache_read_tokens) in splits, body
        checked += 1
    assert checked > 300


def test_hardly_a_vector_is_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of what was held against what; run with `-s` to see it."""
    rows = [(provider, [vector for vector in ALL if in_file(vector, provider)]) for provider in PROVIDERS]
    sent = [vector for vector in ALL if vector.request]
    skipped = [vector for vector, body in REQUESTS if not has_counterpart(body)]
    with capsys.disabled():
        print("\n{:<22}{:>8}{:>8}{:>8}  {}".format("generateContent", "vectors", "passed", "skipped", "reason"))
        for provider, recorded in rows:
            print(f"{provider + ' answers':<22}{len(recorded):>8}{len(recorded):>8}{0:>8}")
        reason = "the model's turn holds code that ran at Google's" if skipped else ""
        print(f"{'requests':<22}{len(sent):>8}{len(sent) - len(skipped):>8}{len(skipped):>8}  {reason}")
        print(f"{'chat requests':<22}{len(CHATS):>8}{len(CHATS):>8}{0:>8}")
    total = len(ALL) + len(sent) + len(CHATS)
    assert len(skipped) / total <= 0.02


def in_file(vector: Vector, provider: str) -> bool:
    return vector in vectors("generateContent", (provider,))
