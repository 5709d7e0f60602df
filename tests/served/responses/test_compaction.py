"""Codex' remote compaction in front of upstreams that have none."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.responses import CompactedResponse

from tests.served.messages import healthy as healthy_claude
from tests.served.responses import PATH, USAGE, message, response, streamed, whole
from tests.served.responses.conftest import NATIVE, Serve
from tests.support.canaries import ANSWER_CANARY
from tests.support.gateway import Gateway
from tests.support.rawclient import request as raw_request
from tests.support.upstream.answers import error_answer, json_answer
from tests.support.upstream.answers import healthy as healthy_chat
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
TRIGGER = {"type": "compaction_trigger"}


def either(request: Request) -> Script:
    """An upstream that answers in whichever of two formats it is asked."""
    if request.path.endswith("/messages"):
        return healthy_claude(request)
    return healthy_chat(request)


def said(request: Request) -> str:
    return str(request.json()["messages"])


@pytest.mark.parametrize("provider", ["openai", "anthropic", NATIVE])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_session_goes_on_after_its_history_was_summed_up(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str, stream: bool
) -> None:
    """Codex ended with "expected exactly one compaction output item, got 0"."""
    upstream.default = either
    model = serve((provider, upstream.url), upstream_model="claude-sonnet-4-5")
    ask = (lambda *args, **fields: streamed(*args, **fields).response) if stream else whole
    (summary,) = ask(gateway, model, input=[HELLO, TRIGGER])["output"]
    assert "compaction" == summary["type"]
    kept = {name: summary[name] for name in ("type", "encrypted_content")}
    assert "message" == ask(gateway, model, input=[HELLO, kept, HELLO])["output"][-1]["type"]
    if provider != NATIVE:
        assert "summed up as follows" in said(upstream.chats[-1])
        assert ANSWER_CANARY in said(upstream.chats[-1])


def test_the_sdk_compacts_and_goes_on(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """It was a 404, after which Codex gave the session up."""
    upstream.default = either
    model = serve(upstream.url)
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        compacted = client.responses.compact(model=model, input="hi")
        assert isinstance(compacted, CompactedResponse)
        assert ["message", "compaction"] == [item.type for item in compacted.output]
        items: Any = [*(item.to_dict(warnings=False) for item in compacted.output), HELLO]
        assert ANSWER_CANARY in client.responses.create(model=model, input=items).output_text
    assert compacted.usage.total_tokens > 0


def test_another_channel_sums_up_what_the_first_one_cannot(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = either
    with Upstream(error_answer(500, "broken")) as broken:
        model = serve(broken.url, ("anthropic", upstream.url))
        answer = gateway.post({"model": model, "input": [HELLO]}, f"{PATH}/compact")
    assert (200, "response.compaction") == (answer.status, answer.json()["object"])


@pytest.mark.parametrize(
    ("method", "key", "status"), [("GET", None, 405), ("POST", "sk-wrong", 401), ("POST", None, 400)]
)
def test_a_compaction_is_refused_as_any_other_request(
    gateway: Gateway, method: str, key: str | None, status: int
) -> None:
    assert status == raw_request(gateway.url, method, f"{PATH}/compact", gateway.headers(key), b"{}").status


@pytest.mark.parametrize("provider", ["xai", NATIVE])
def test_a_summary_of_an_upstreams_own_goes_back_to_it(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str
) -> None:
    """It was left out on the way, and the conversation began anew."""
    summary = {"id": "cmp_1", "type": "compaction", "encrypted_content": "of-its-own"}
    upstream.default = json_answer(200, response("completed", message()))
    whole(gateway, serve((provider, upstream.url)), input=[summary, HELLO])
    assert [summary, HELLO] == upstream.chats[-1].json()["input"]


def test_xai_sums_up_at_its_own_endpoint(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    summary = {"id": "cmp_1", "type": "compaction", "encrypted_content": "of-its-own"}
    document = {"id": "resp_1", "object": "response.compaction", "created_at": 1, "output": [summary], "usage": USAGE}
    upstream.default = json_answer(200, document)
    answer = gateway.post({"model": serve(("xai", upstream.url)), "input": [HELLO]}, f"{PATH}/compact")
    assert (200, [summary]) == (answer.status, answer.json()["output"])
    assert upstream.chats[-1].path.endswith("/responses/compact")
