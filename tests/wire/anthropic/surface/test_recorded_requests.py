"""Recorded requests of Anthropic's clients: into chat's words, back into Anthropic's, and what has become of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat_request import chat_request
from aihub_lite.wire.messages_asked import Posted, parse_messages
from aihub_lite.wire.messages_request import Spoken, chat_of
from tests.support.claude import checked as to_anthropic
from tests.support.replay import Vector, requires_vectors, vectors
from tests.wire.anthropic.test_recorded_requests import expected
from tests.wire.gemini.wire import checked as to_gemini

pytestmark = requires_vectors

REQUESTS = [vector for vector in vectors("messages", ("anthropic", "fixtures")) if vector.request is not None]
UNSAYABLE = 4
"""Requests among them that name files at Anthropic."""

Fact = tuple[Any, ...]


def text(block: Mapping[str, Any]) -> list[Fact]:
    return [("text", block["text"])] if block["text"].strip() else []


def document(block: Mapping[str, Any]) -> list[Fact]:
    source = block["source"]
    return [("text", source["data"])] if source["type"] == "text" else [("document", source)]


def result(block: Mapping[str, Any]) -> list[Fact]:
    content = block.get("content") or "(no content)"
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said = [fact for inner in blocks for fact in facts_of(inner)]
    words = "\n\n".join(fact[1] for fact in said if fact[0] == "text") or "(no content)"
    if block.get("is_error") and not words.startswith("Error: "):
        words = f"Error: {words}"
    return [("result", block["tool_use_id"], words), *(fact for fact in said if fact[0] != "text")]


JUDGED: Mapping[str, Callable[[Mapping[str, Any]], list[Fact]]] = {
    # Told by chat as they are.
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
    found: list[Fact] = []
    for message in messages:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        said = [fact for block in blocks for fact in facts_of(block)]
        between = "" if message["role"] == "assistant" else "\n\n"
        words = between.join(fact[1] for fact in said if fact[0] == "text").strip()
        others = [(message["role"], *fact) for fact in said if fact[0] != "text"]
        found += [*others, *([(message["role"], words)] if words else [])]
    return found


def tools_in(body: Mapping[str, Any]) -> list[Fact]:
    """The client's own tools."""
    tools = [tool for tool in body.get("tools") or () if "input_schema" in tool]
    return [(tool["name"], tool.get("description"), tool["input_schema"]) for tool in tools]


def choice_in(body: Mapping[str, Any]) -> Any:
    """How a tool is chosen, where there is one of the client's own and it is not what happens anyway."""
    choice = body.get("tool_choice") if tools_in(body) else None
    return None if choice == {"type": "auto"} else choice


def marks_in(body: Mapping[str, Any]) -> int:
    return msgspec.json.encode([body["messages"], body.get("system"), body.get("tools")]).count(b'"cache_control"')


def spoken(vector: Vector) -> Spoken:
    assert vector.request is not None
    return chat_of(vector.request, marks=True)


@pytest.mark.parametrize("vector", [each for each in REQUESTS if not spoken(each).unsayable], ids=str)
def test_a_recorded_request_says_something_else_after_the_way_through_chat(vector: Vector) -> None:
    assert vector.request is not None
    wanted = expected(vector.request)
    made = to_anthropic(chat_request(spoken(vector).chat), vector.request["model"]).body

    assert facts(wanted["messages"]) == facts(made["messages"])
    assert tools_in(wanted) == tools_in(made)
    assert choice_in(wanted) == choice_in(made)
    assert marks_in(wanted) == marks_in(made)
    assert wanted.get("system") == made.get("system")
    for name in ("max_tokens", "stop_sequences", "stream"):
        assert wanted.get(name) == made.get(name)
    formats = [(body.get("output_config") or {}).get("format", {}).get("type") for body in (wanted, made)]
    assert formats[0] == formats[1]


def test_more_of_the_recorded_requests_can_only_be_asked_of_anthropic() -> None:
    assert UNSAYABLE == sum(bool(spoken(vector).unsayable) for vector in REQUESTS)


@pytest.mark.parametrize("vector", REQUESTS, ids=str)
def test_a_recorded_request_is_changed_while_it_is_read(vector: Vector) -> None:
    before = msgspec.json.encode(vector.request)
    asked = parse_messages(Posted(before))
    assert before == msgspec.json.encode(asked.body)
    assert asked.prompt_estimate > 0


@pytest.mark.parametrize("vector", REQUESTS, ids=str)
def test_a_recorded_request_cannot_be_asked_of_gemini(vector: Vector) -> None:
    asked = parse_messages(Posted(msgspec.json.encode(vector.request)))
    try:
        made = to_gemini(asked.chat, "gemini-3-pro")
    except InvalidRequest as refused:
        assert "https" in refused.message or "url" in refused.message.lower()
    else:
        assert made.body["contents"]
