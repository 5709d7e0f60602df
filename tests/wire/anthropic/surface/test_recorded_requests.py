"""Recorded requests of Anthropic's clients: into chat's words, back into Anthropic's, and what has become of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.surface.request import MessagesBody, parse_messages
from aihub_lite.wire.anthropic.surface.to_chat import ChatTranslation, chat_of
from aihub_lite.wire.chat.request import chat_request
from tests.support.replay import Vector, requires_vectors, vectors
from tests.support.upstream.claude import checked as to_anthropic
from tests.wire.anthropic.upstream.test_recorded_requests import expected, without_defaults
from tests.wire.gemini.wire import checked as to_gemini

pytestmark = requires_vectors

REQUESTS = [vector for vector in vectors("messages", ("anthropic", "fixtures")) if vector.request is not None]
UNSAYABLE = 4
"""Requests among them that name files at Anthropic."""

Fact = tuple[Any, ...]


def blocks_of(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


def text(block: Mapping[str, Any]) -> list[Fact]:
    if not block["text"].strip():
        return []
    return [("text", block["text"])]


def document(block: Mapping[str, Any]) -> list[Fact]:
    source = block["source"]
    if source["type"] == "text":
        return [("text", source["data"])]
    return [("document", source)]


def result(block: Mapping[str, Any]) -> list[Fact]:
    blocks = blocks_of(block.get("content") or "(no content)")
    inner_facts = [fact for inner in blocks for fact in facts_of(inner)]
    words = "\n\n".join(fact[1] for fact in inner_facts if fact[0] == "text") or "(no content)"
    if block.get("is_error") and not words.startswith("Error: "):
        words = f"Error: {words}"
    return [("result", block["tool_use_id"], words), *(fact for fact in inner_facts if fact[0] != "text")]


JUDGED: Mapping[str, Callable[[Mapping[str, Any]], list[Fact]]] = {
    # Said by chat as they are.
    "text": text,
    "image": lambda block: [("image", block["source"])],
    "tool_use": lambda block: [("call", block["id"], block["name"], block["input"])],
    "thinking": lambda block: [("thinking", block["thinking"], block["signature"])],
    "redacted_thinking": lambda block: [("hidden", block["data"])],
    # A result that failed says so in words; one that is empty says that; media follow it.
    "tool_result": result,
    # A document of text is text: few chat upstreams take any other than PDF.
    "document": document,
    # A summary of what was forgotten is what the assistant said.
    "compaction": lambda block: [("text", block["content"])],
    # Every tool is there from the start, so nothing is added or removed, and a found one is named.
    "tool_reference": lambda block: [("text", block["tool_name"])],
    "tool_addition": lambda block: [],
    # What ran at Anthropic means nothing elsewhere; what the assistant said of it stays.
    "server_tool_use": lambda block: [],
    "mcp_tool_use": lambda block: [],
}
"""What is left of a block, by its type: the list of differences, judged."""


def facts_of(block: Mapping[str, Any]) -> list[Fact]:
    kind = block["type"]
    if kind not in JUDGED and kind.endswith("_tool_result"):
        return []
    return JUDGED[kind](block)


def facts(messages: list[dict[str, Any]]) -> list[Fact]:
    """What a conversation says, however its texts are cut; where a turn's texts stand among its calls is lost."""
    all_facts: list[Fact] = []
    for message in messages:
        turn_facts = [fact for block in blocks_of(message["content"]) for fact in facts_of(block)]
        between = "" if message["role"] == "assistant" else "\n\n"
        words = between.join(fact[1] for fact in turn_facts if fact[0] == "text").strip()
        all_facts += [(message["role"], *fact) for fact in turn_facts if fact[0] != "text"]
        if words:
            all_facts.append((message["role"], words))
    return all_facts


def tools_in(body: Mapping[str, Any]) -> list[Fact]:
    """The client's own tools."""
    tools = [tool for tool in body.get("tools") or () if "input_schema" in tool]
    return [(tool["name"], tool.get("description"), tool["input_schema"]) for tool in tools]


def choice_in(body: Mapping[str, Any]) -> Any:
    """How a tool is chosen, where there is one of the client's own and it is not what happens anyway."""
    choice = without_defaults(body.get("tool_choice") or {"type": "auto"})
    if choice == {"type": "auto"} or not tools_in(body):
        return None
    return choice


def marks_in(body: Mapping[str, Any]) -> int:
    return msgspec.json.encode([body["messages"], body.get("system"), body.get("tools")]).count(b'"cache_control"')


def translated(vector: Vector) -> ChatTranslation:
    assert vector.request is not None
    return chat_of(vector.request, marks=True)


@pytest.mark.parametrize("vector", [each for each in REQUESTS if not translated(each).unsayable], ids=str)
def test_a_recorded_request_says_the_same_after_the_way_through_chat(vector: Vector) -> None:
    assert vector.request is not None
    wanted = expected(vector.request)
    body_again = to_anthropic(chat_request(translated(vector).body), vector.request["model"]).body

    assert facts(wanted["messages"]) == facts(body_again["messages"])
    assert tools_in(wanted) == tools_in(body_again)
    assert choice_in(wanted) == choice_in(body_again)
    assert marks_in(wanted) == marks_in(body_again)
    assert wanted.get("system") == body_again.get("system")
    for name in ("max_tokens", "stop_sequences", "stream"):
        assert wanted.get(name) == body_again.get(name)
    formats = [(body.get("output_config") or {}).get("format", {}).get("type") for body in (wanted, body_again)]
    assert formats[0] == formats[1]


def test_four_recorded_requests_can_only_be_asked_of_anthropic() -> None:
    assert UNSAYABLE == sum(bool(translated(vector).unsayable) for vector in REQUESTS)


@pytest.mark.parametrize("vector", REQUESTS, ids=str)
def test_a_recorded_request_is_unchanged_by_reading_it(vector: Vector) -> None:
    before = msgspec.json.encode(vector.request)
    request = parse_messages(MessagesBody(before))
    assert before == msgspec.json.encode(request.body)
    assert request.prompt_estimate > 0


@pytest.mark.parametrize("vector", REQUESTS, ids=str)
def test_a_recorded_request_can_be_asked_of_gemini_unless_a_url_forbids_it(vector: Vector) -> None:
    request = parse_messages(MessagesBody(msgspec.json.encode(vector.request)))
    try:
        body_again = to_gemini(request.chat, "gemini-3-pro")
    except InvalidRequest as refused:
        assert "https" in refused.message or "url" in refused.message.lower()
    else:
        assert body_again.body["contents"]
