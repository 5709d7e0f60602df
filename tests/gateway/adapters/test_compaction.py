"""Whose way of summing up a conversation is taken."""

from __future__ import annotations

import attrs
import msgspec
import pytest

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext
from aihub_lite.gateway.adapters.recall import ResponsesBody
from aihub_lite.gateway.adapters.responses import COMPACTION
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.responses.state import ResponseState
from tests.storage.facts import CHANNEL
from tests.support.clock import ManualClock

BODY = msgspec.json.encode({"model": "asked-for", "input": "hi", "stream": True})
OPENAI = PROVIDERS["openai"].base_url


def adapter(base_url: str, context: AttemptContext) -> Adapter:
    channel = attrs.evolve(CHANNEL, provider="openai", base_url=base_url)
    lane = Lane(Candidate(channel, "gpt-5", UNPRICED), NO_KEY, "")
    return COMPACTION.adapter(COMPACTION.parse(ResponsesBody(BODY, ResponseState("resp_r1"))), lane, context)


@pytest.fixture
def context() -> AttemptContext:
    return AttemptContext("r1", ManualClock())


def test_openai_is_asked_at_its_own_endpoint(context: AttemptContext) -> None:
    native = adapter(OPENAI, context)
    sent = native.send()
    assert isinstance(sent.body, bytes)
    assert f"{OPENAI}/responses/compact" == sent.url
    assert {"model": "gpt-5", "input": "hi"} == msgspec.json.decode(sent.body)
    summary = {"id": "cmp_1", "type": "compaction", "encrypted_content": "gAAAAAB"}
    usage = {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}
    data = {"id": "resp_1", "object": "response.compaction", "created_at": 1, "output": [summary], "usage": usage}
    answer = native.answer(msgspec.json.encode(data), "application/json")
    assert [summary] == msgspec.json.decode(answer.body)["output"]
    assert answer.usage is not None
    assert 9 == answer.usage.prompt_tokens


def test_who_turned_out_to_have_none_is_asked_in_words(context: AttemptContext) -> None:
    assert adapter(OPENAI, context).rephrase()
    assert f"{OPENAI}/chat/completions" == adapter(OPENAI, context).send().url


def test_another_server_is_asked_in_words(context: AttemptContext) -> None:
    assert "http://elsewhere.test/v1/chat/completions" == adapter("http://elsewhere.test/v1", context).send().url
