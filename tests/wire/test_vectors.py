"""Recorded traffic of real providers through the chat wire: everything that comes out passes the strict checker."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.quirks import DEFAULT
from aihub_lite.wire.chat.request import parse_chat, upstream_body
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.chat.usage import usage_of
from aihub_lite.wire.faults import AnswerNonsense, StreamError
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.sse import DONE, EventSplitter
from aihub_lite.wire.upstream_error import error_of
from tests.support.checkers.chat import check_chat_answer, check_chat_stream
from tests.support.replay import CHAT_PROVIDERS, VECTORS, Vector, requires_vectors, vectors

PROVIDERS = (*CHAT_PROVIDERS, "ollama", "gemini", "fixtures")
STREAMS = [vector for vector in vectors("chat", PROVIDERS, streamed=True) if vector.status == 200]
ANSWERS = [vector for vector in vectors("chat", PROVIDERS, streamed=False) if vector.status == 200]
NO_CHAT_ANSWERS = frozenset({"5474ce1d8e7c", "d54621ad2e02", "03aab251e327", "d54465ceafb7", "70c51c9a3227"})
"""Filed under chat, but a transcription, a skill, a proxy's envelope, and two errors inside a 200."""

SMALL = 3000
"""Bytes up to which a whole stream is cut at every position; larger ones are cut so event by event."""

FAILED = b'data: {"error":{"message":"m","type":"new_api_error","code":null}}\n\n'
"""What the gateway ends a failed stream with."""

pytestmark = requires_vectors


def through(*pieces: bytes, include_usage: bool = True) -> tuple[bytes, ChatStream, StreamError | None]:
    """What the gateway would send for these upstream bytes, and how the stream stands."""
    splitter = EventSplitter(1 << 20)
    stream = ChatStream("asked-for", "r1", 1_700_000_000, include_usage)
    sent: list[bytes] = []
    try:
        for piece in pieces:
            for payload in splitter.feed(piece):
                sent += stream.push(payload)
        for payload in splitter.flush():
            sent += stream.push(payload)
        sent += stream.end()
    except StreamError as error:
        return b"".join(sent), stream, error
    return b"".join(sent), stream, None


def payloads(*pieces: bytes) -> list[bytes]:
    splitter = EventSplitter(1 << 20)
    return [payload for piece in pieces for payload in splitter.feed(piece)]


def completion_in(usage: dict[str, Any]) -> int:
    """All that was written: xAI and Google's compatible endpoint have their thoughts in the total alone."""
    named: int = usage.get("completion_tokens", 0)
    beyond_prompt: int = usage.get("total_tokens", 0) - usage["prompt_tokens"]
    return max(named, beyond_prompt)


@attrs.define
class NaiveReading:
    """What an upstream stream says, read naively."""

    content: str = ""
    reasoning: str = ""
    arguments: list[str] = attrs.field(factory=list)
    usage: tuple[int, int] | None = None

    @classmethod
    def of(cls, raw: bytes) -> NaiveReading:
        reading = cls()
        for line in raw.split(b"\n"):
            if line.startswith(b"data: {"):
                reading.add(msgspec.json.decode(line[6:]))
        return reading

    def add(self, chunk: dict[str, Any]) -> None:
        if usage := chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage"):
            self.usage = (usage["prompt_tokens"], completion_in(usage))
        for choice in chunk.get("choices", []) if "error" not in chunk else []:
            delta = choice.get("delta", {"content": choice.get("text")})
            content = delta.get("content") or ""
            parts: list[dict[str, Any]] = [{"text": content}] if isinstance(content, str) else content
            for part in parts:
                self.content += part.get("text", "")
                self.reasoning += "".join(inner["text"] for inner in part.get("thinking", []))
            self.reasoning += delta.get("reasoning_content") or delta.get("reasoning") or ""
            for call in delta.get("tool_calls") or []:
                if call.get("id") and (call.get("function") or {}).get("name"):
                    self.arguments.append("")
                self.arguments[-1] += call["function"].get("arguments") or ""


def ids(vector: Vector) -> str:
    return str(vector)


@pytest.mark.parametrize("vector", STREAMS, ids=ids)
@pytest.mark.parametrize("include_usage", [True, False])
def test_every_recorded_stream_comes_out_strict(vector: Vector, include_usage: bool) -> None:
    sent, stream, error = through(vector.body, include_usage=include_usage)

    if error is not None:
        assert error.message
        sent += FAILED
    checked = check_chat_stream(sent, include_usage=include_usage)
    if error is None:
        assert stream.finish_reason is not None
        assert stream.has_content
        assert "asked-for" == checked.model


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", STREAMS, ids=ids)
def test_a_cut_at_any_byte_of_a_recorded_stream_changes_no_event(vector: Vector) -> None:
    blocks = [block + b"\n\n" for block in vector.body.split(b"\n\n")]
    for block in blocks:
        raw = block + DONE
        expected = payloads(raw)
        for position in range(len(block) + 1):
            assert expected == payloads(raw[:position], raw[position:]), f"cut at {position} of {block!r}"


@pytest.mark.served  # every cut of every recording
@pytest.mark.parametrize("vector", [vector for vector in STREAMS if len(vector.body) <= SMALL], ids=ids)
def test_a_small_stream_cut_at_any_byte_comes_out_the_same(vector: Vector) -> None:
    expected = through(vector.body)[0]

    for position in range(len(vector.body)):
        assert expected == through(vector.body[:position], vector.body[position:])[0], f"cut at {position}"


@pytest.mark.parametrize("vector", STREAMS, ids=ids)
def test_a_stream_dribbled_byte_by_byte_comes_out_the_same(vector: Vector) -> None:
    dribbled = (vector.body[i : i + 1] for i in range(len(vector.body)))

    assert through(vector.body)[0] == through(*dribbled)[0]


@pytest.mark.parametrize("vector", STREAMS, ids=ids)
def test_nothing_a_recorded_stream_says_is_lost(vector: Vector) -> None:
    sent, stream, error = through(vector.body)

    checked = check_chat_stream(sent if error is None else sent + FAILED, include_usage=True)
    naive = NaiveReading.of(vector.body)
    assert naive.content == checked.content
    assert naive.reasoning == checked.reasoning
    assert naive.arguments == [call["function"]["arguments"] for call in checked.tool_calls]
    assert len("".join([naive.content, naive.reasoning, *naive.arguments]).encode()) == stream.relayed_bytes
    assert naive.usage == (stream.usage and (stream.usage.prompt_tokens, stream.usage.completion_tokens))


@pytest.mark.parametrize("vector", ANSWERS, ids=ids)
def test_every_recorded_answer_comes_out_strict(vector: Vector) -> None:
    if vector.id in NO_CHAT_ANSWERS:
        with pytest.raises(AnswerNonsense):
            answer_of(vector.body, "asked-for", "r1", 1_700_000_000)
        return
    answer = answer_of(vector.body, "asked-for", "r1", 1_700_000_000)
    checked = check_chat_answer(answer.body)
    upstream = msgspec.json.decode(vector.body)

    assert "asked-for" == checked.model
    assert upstream["usage"]["prompt_tokens"] == checked.usage["prompt_tokens"]
    assert completion_in(upstream["usage"]) == checked.usage["completion_tokens"]
    message = upstream["choices"][0].get("message", upstream["choices"][0])
    if isinstance(message.get("content"), str):
        assert message["content"] == checked.first.content
    assert (
        message.get("reasoning_content") or message.get("reasoning") or checked.first.reasoning
    ) == checked.first.reasoning
    assert len(message.get("tool_calls") or []) == len(checked.first.tool_calls)
    texts_of_message = (checked.first.content, checked.first.reasoning, checked.first.refusal)
    texts = [call["function"]["arguments"] for call in checked.first.tool_calls]
    legacy = [(checked.first.function_call or {}).get("arguments", "")]
    assert len("".join([*texts_of_message, *texts, *legacy]).encode()) == answer.text_bytes


def oracle_usages() -> list[tuple[dict[str, Any], list[tuple[int, int, int]]]]:
    """Usage bodies in a chat shape, with the splits (input, output, cached) that genai-prices' extractors make."""
    path = VECTORS / "usages.jsonl"
    usages = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        record = msgspec.json.decode(line)
        usage = record["body"].get("usage")
        if isinstance(usage, dict) and "prompt_tokens" in usage:
            splits = [
                tuple(entry["usage"].get(f"{kind}_tokens", 0) for kind in ("input", "output", "cache_read"))
                for entry in record["extracted"]
            ]
            usages.append((usage, splits))
    return usages


def test_usage_is_split_as_the_price_oracle_splits_it() -> None:
    """But for what only the total has (Google's compatible endpoint): the oracle overlooks it, and Google bills it."""
    cases = oracle_usages()

    assert len(cases) > 300
    for body, splits in cases:
        usage = usage_of(body)
        assert usage is not None
        in_total_alone = completion_in(body) - body.get("completion_tokens", 0)
        seen = usage.prompt_tokens, usage.completion_tokens - in_total_alone, usage.cache_read_tokens
        assert seen in splits, body


ERRORS = [vector for vector in vectors(None, (*PROVIDERS, "vertex", "anthropic")) if vector.status >= 400]


@pytest.mark.parametrize("vector", ERRORS, ids=ids)
def test_every_recorded_error_says_whose_fault_it_is(vector: Vector) -> None:
    error = error_of(vector.status, vector.body)

    expected = {"875526f870ff": "rate"}.get(vector.id, "auth" if vector.status == 401 else None)
    assert error.kind == expected if expected else error.kind in ("client", "model"), error
    assert not error.message.startswith("The upstream answered"), error
    assert error.code is not None


@pytest.mark.parametrize(
    "vector", [v for v in vectors("chat", PROVIDERS) if (v.request or {}).get("messages")], ids=ids
)
def test_every_recorded_request_survives_but_for_the_documented_changes(vector: Vector) -> None:
    assert vector.request is not None
    request = parse_chat(msgspec.json.encode(vector.request))
    sent = msgspec.json.decode(upstream_body(request, "upstream", DEFAULT))

    expected = {name: value for name, value in vector.request.items() if name not in ROUTING_FIELDS}
    expected["model"] = "upstream"
    expected.pop("stream_options", None)
    if vector.request.get("stream"):
        expected["stream_options"] = {**(vector.request.get("stream_options") or {}), "include_usage": True}
    assert expected == sent
    assert vector.request == request.body
