"""Conversations that are summed up: asked for, sealed, and read back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.responses.answer import compacted_answer
from aihub_lite.wire.responses.native import native_body
from aihub_lite.wire.responses.reasoning import seal_summary, unseal_summary
from aihub_lite.wire.responses.request import SUMMARISE, parse_compaction
from aihub_lite.wire.responses.state import ResponseState
from tests.support.checkers.responses import check_responses_stream
from tests.wire.responses.exchanges import chunk, events_of, messages, new_request, response_of, stream_of

HI = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
TRIGGER = {"type": "compaction_trigger"}
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
SEALED = {"type": "compaction", "encrypted_content": seal_summary("Did ü.")}
FOREIGN = {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAAAB"}


def test_a_trigger_asks_for_a_summary_in_words() -> None:
    """An upstream without summaries of its own answered the question before it, and Codex gave the session up."""
    form = {"format": {"type": "json_object"}}
    request = new_request(input=[HI, TRIGGER], tools=[TOOL], tool_choice="required", text=form)
    body = request.chat.body
    assert request.compacts
    assert ["hi", SUMMARISE] == [message["content"] for message in body["messages"]]
    assert ("none", False) == (body["tool_choice"], "response_format" in body)


def test_a_summary_asks_for_no_choice_where_there_are_no_tools() -> None:
    assert "tool_choice" not in new_request(input=[HI, TRIGGER]).chat.body


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_summary_is_one_sealed_item(stream: bool) -> None:
    request = new_request(input=[HI, TRIGGER])
    message = {"content": "Did ü.", "reasoning_content": "Hm."}
    response = stream_of(request, message).response if stream else response_of(request, message)
    (item,) = response["output"]
    assert ("compaction", "Did ü.") == (item["type"], unseal_summary(item["encrypted_content"]))
    assert ("completed", 7) == (response["status"], response["usage"]["input_tokens"])


def test_a_stream_without_a_summary_fails() -> None:
    events = events_of(new_request(input=[HI, TRIGGER]), [msgspec.json.encode(chunk({"content": " "}, "stop"))])
    checked = check_responses_stream(events)
    assert ["response.created", "response.failed"] == [kind for kind in checked.kinds if "in_progress" not in kind]
    assert "no summary" in checked.response["error"]["message"]


def test_a_whole_answer_without_a_summary_is_none() -> None:
    with pytest.raises(AnswerNonsense, match="no summary"):
        response_of(new_request(input=[HI, TRIGGER]), {"content": None, "refusal": "No."})


@pytest.mark.parametrize("kind", ["compaction", "compaction_summary"])
def test_a_summary_is_read_back_as_what_was_before(kind: str) -> None:
    said = [message["content"] for message in messages({**SEALED, "type": kind}, HI)]
    assert ["What came before was summed up as follows.\n\nDid ü.", "hi"] == said


@pytest.mark.parametrize("kind", ["compaction", "compaction_summary"])
def test_an_upstream_with_this_api_gets_a_summary_of_ours_as_a_message(kind: str) -> None:
    """It would be a 400, invalid_encrypted_content."""
    request = new_request(input=[{**SEALED, "type": kind}, HI, FOREIGN])
    items = msgspec.json.decode(native_body(request, "m"))["input"]
    assert ["message", "message", "compaction"] == [item["type"] for item in items]
    assert items[0]["content"][0]["text"].endswith("Did ü.")
    assert frozenset({"compaction"}) == request.kinds
    assert frozenset() == new_request(input=[SEALED, HI]).kinds


@pytest.mark.parametrize("item", [FOREIGN, {"type": "compaction"}, {**SEALED, "encrypted_content": "aihub-v1.x"}])
def test_a_summary_that_nobody_else_can_read_is_refused_rather_than_forgotten(item: dict[str, Any]) -> None:
    """The rest of the conversation was answered as if nothing had been before it."""
    with pytest.raises(InvalidRequest, match=r"'input\[0\]' is a summary that only the provider"):
        new_request(input=[item, HI]).check_translatable()


def compacted(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"model": "asked-for", "stream": True, **fields}
    request = parse_compaction(msgspec.json.encode(body), ResponseState("resp_r1"))
    assert "stream" not in request.content
    chat = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    answer: dict[str, Any] = msgspec.json.decode(compacted_answer(request, msgspec.json.encode(chat), "r1", 7).body)
    return answer


def test_a_compacted_history_is_what_the_user_said_and_the_summary() -> None:
    items = [HI, {"role": "assistant", "content": "yes"}, {"role": "user", "content": "go on"}, SEALED]
    answer = compacted({"content": "Did ü."}, input=items)
    first, second, summary = answer["output"]
    assert ("response.compaction", "resp_r1", 7) == (answer["object"], answer["id"], answer["created_at"])
    assert HI == {name: first[name] for name in HI}
    assert [{"type": "input_text", "text": "go on"}] == second["content"]
    assert ("compaction", "Did ü.") == (summary["type"], unseal_summary(summary["encrypted_content"]))
    assert answer["usage"]["total_tokens"] > 0
    assert 3 == len({item["id"] for item in answer["output"]})


def test_a_compacted_text_is_what_the_user_said() -> None:
    assert ["message", "compaction"] == [item["type"] for item in compacted({"content": "A"}, input="hi")["output"]]


def test_openai_at_its_own_address_xai_and_a_gateway_like_this_one_sum_up_by_themselves() -> None:
    assert [True, False] == [PROVIDERS["openai"].compacts(url) for url in (PROVIDERS["openai"].base_url, "http://a")]
    able = [name for name, provider in PROVIDERS.items() if provider.compacts(provider.base_url)]
    assert ["aihub-lite", "openai", "xai"] == sorted(able)
