"""Content blocks of Anthropic Messages as chat messages and their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import keep_mark
from aihub_lite.wire.anthropic.prefix import BILLING
from aihub_lite.wire.anthropic.surface.thinking import extras_of, reasoning_of
from aihub_lite.wire.anthropic.surface.tools import upstream_call_id
from aihub_lite.wire.anthropic.thinking import THINKING
from aihub_lite.wire.chat.names import short_name
from aihub_lite.wire.chat.shapes import ContentPart, Function, ToolCall
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView

NOTHING = "(no content)"
"""Stands where a chat upstream wants text and there is none; Claude Code's own words for that."""
SERVERS = frozenset({"server_tool_use", "mcp_tool_use", "container_upload"})
"""Blocks of an assistant that only Anthropic can do something with, besides whatever ends with `_tool_result`."""
PlacedBlock = tuple[JsonView, str]
"""A block, and how a refusal names it."""
TOOL_CHANGES = frozenset({"tool_addition", "tool_removal"})


@attrs.define
class Reading:
    """What is noticed while a request is read."""

    marks: bool = False
    """Whether cache marks are kept, for upstreams that know them; else texts are joined, as more upstreams take it."""
    dropped: list[str] = attrs.field(factory=list)
    """Names of what was left out."""
    unsayable: str = ""
    """Why no chat upstream can have this request, if that is so: Anthropic may still take it as it is."""

    def cannot(self, at: str, what: str) -> None:
        """Only the first such thing is named."""
        self.unsayable = self.unsayable or f"'{at}' {what}."


def system_of(blocks: list[PlacedBlock], reading: Reading) -> list[JsonObject]:
    """The system message, if there is any text; raises InvalidRequest."""
    parts: list[ContentPart] = []
    for block, where in blocks:
        kind = block["type"]
        if kind == "text":
            text = _string(block, "text", where)
            if text and not text.startswith(BILLING):
                parts.append(_text_part(text, block, reading))
        elif kind in TOOL_CHANGES:
            reading.dropped.append(f"messages.{kind}")
        else:
            raise InvalidRequest(f"'{where}.type' must be text.")
    if not parts:
        return []
    return [{"role": "system", "content": join_parts(parts)}]


def user_messages(blocks: list[PlacedBlock], reading: Reading) -> list[JsonObject]:
    """Results of tools first, since they must follow their calls; then what else the user said, with their images."""
    results: list[JsonObject] = []
    media: list[ContentPart] = []
    parts: list[ContentPart] = []
    for block, where in blocks:
        if block["type"] == "tool_result":
            result, result_media = _result(block, where, reading)
            results.append(result)
            media += result_media
        else:
            parts += _user_parts(block, where, reading)
    if parts or media or not results:
        return [*results, {"role": "user", "content": join_parts([*media, *parts]) or NOTHING}]
    return results


def assistant_message(blocks: list[PlacedBlock], reading: Reading) -> list[JsonObject]:
    """One message, or none where nothing is left of it."""
    texts: list[ContentPart] = []
    calls: list[ToolCall] = []
    extras = extras_of([block for block, _ in blocks])
    for block, where in blocks:
        if block["type"] == "tool_use":
            calls.append(_call(block, where, reading, extras))
        else:
            texts += _assistant_parts(block, where, reading)
    if not texts and not calls:
        return []
    message: JsonObject = {"role": "assistant", "content": _assistant_content(texts)}
    message |= reasoning_of([block for block, _ in blocks])
    if "" in extras:
        message["extra_content"] = extras[""]
    if calls:
        message["tool_calls"] = calls
    return [message]


def _assistant_content(texts: list[ContentPart]) -> list[ContentPart] | str | None:
    if any("cache_control" in part for part in texts):
        return texts
    # In one piece, as it was said: Gemini's signatures count its characters.
    return "".join(part["text"] for part in texts) or None


def blocks_of(content: object, at: str) -> list[PlacedBlock]:
    """The blocks of some content; a string is one of text. Raises InvalidRequest."""
    if isinstance(content, str):
        return [({"type": "text", "text": content}, at)]
    if not isinstance(content, list):
        raise InvalidRequest(f"'{at}' must be a string or a list of content blocks.")
    blocks: list[PlacedBlock] = []
    for position, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise InvalidRequest(f"'{at}[{position}]' must be an object with a type.")
        blocks.append((block, f"{at}[{position}]"))
    return blocks


def join_parts(parts: list[ContentPart]) -> list[ContentPart] | str:
    """Parts as content: one string where all are plain text."""
    if all(part.keys() == {"type", "text"} for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _user_parts(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    make = USER_MAKERS.get(block["type"])
    if make is not None:
        return make(block, at, reading)
    reading.cannot(at, f"is nothing that this model takes: {block['type'][:40]!r}")
    return []


def _assistant_parts(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    kind = block["type"]
    make = ASSISTANT_MAKERS.get(kind)
    if make is not None:
        return make(block, at, reading)
    if kind.endswith("_tool_result"):
        reading.dropped.append("messages.tool_result")
    else:
        reading.cannot(at, f"is nothing that this model takes of an assistant: {kind[:40]!r}")
    return []


def _text_part(text: str, block: JsonView, reading: Reading) -> ContentPart:
    part: ContentPart = {"type": "text", "text": text}
    if reading.marks:
        keep_mark(part, block)
    return part


def _marked(part: ContentPart, block: JsonView, reading: Reading) -> ContentPart:
    if reading.marks:
        keep_mark(part, block)
    return part


def _text(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    text = _string(block, "text", at)
    if not text:
        return []
    return [_text_part(text, block, reading)]


def _image(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    source = _source(block, at)
    if source["type"] == "base64":
        url = _data_url(source, at)
    elif source["type"] == "url":
        url = _string(source, "url", f"{at}.source")
    else:
        reading.cannot(at, "is an image that only its own provider holds")
        return []
    return [_marked({"type": "image_url", "image_url": {"url": url}}, block, reading)]


def _document(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    source = _source(block, at)
    where = f"{at}.source"
    title = block.get("title")
    if not isinstance(title, str):
        title = ""
    if source["type"] == "text":
        text = _string(source, "data", where)
        if title:
            text = f"{title}\n\n{text}"
        return [_text_part(text, block, reading)]
    if source["type"] == "content":
        inner = blocks_of(source.get("content"), f"{where}.content")
        return [part for block, place in inner for part in _user_parts(block, place, reading)]
    if source["type"] == "base64":
        data = _data_url(source, at)
    elif source["type"] == "url":
        data = _string(source, "url", where)
    else:
        reading.cannot(at, "is a document that only its own provider holds")
        return []
    file = {"filename": title or "document.pdf", "file_data": data}
    return [_marked({"type": "file", "file": file}, block, reading)]


def _search_result(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    lines = [line for name in ("title", "source") if isinstance(line := block.get(name), str) and line]
    inner = blocks_of(block.get("content"), f"{at}.content")
    lines += [text for block, _ in inner if isinstance(text := block.get("text"), str)]
    return [_text_part("\n".join(lines) or NOTHING, block, reading)]


def _tool_reference(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    """What a search for tools found; chat upstreams have all of them from the start."""
    return [_text_part(_string(block, "tool_name", at), block, reading)]


def _compaction(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    """A summary of what was forgotten is what the assistant said."""
    text = block.get("content")
    if not isinstance(text, str) or not text:
        return []
    return [_text_part(text, block, reading)]


def _left_out(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    reading.dropped.append(f"messages.{block['type']}")
    return []


def _thinking(block: JsonView, at: str, reading: Reading) -> list[ContentPart]:
    """No part of the content: `reasoning_of` reads it."""
    return []


Maker = Callable[[JsonView, str, Reading], list[ContentPart]]
USER_MAKERS: Mapping[str, Maker] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_reference": _tool_reference,
    **dict.fromkeys(TOOL_CHANGES, _left_out),
}
"""What is made of a user's block, by its type."""
ASSISTANT_MAKERS: Mapping[str, Maker] = {
    "text": _text,
    "compaction": _compaction,
    **dict.fromkeys(THINKING, _thinking),
    **dict.fromkeys(SERVERS, _left_out),
}
"""What is made of an assistant's block, by its type; calls of tools are no parts."""


def _result(block: JsonView, at: str, reading: Reading) -> tuple[JsonObject, list[ContentPart]]:
    """A message of a tool, which most chat upstreams let hold text alone; and what else it has, to be shown later."""
    call_id = _string(block, "tool_use_id", at)
    content = block.get("content")
    inner: list[PlacedBlock] = []
    if content is not None:
        inner = blocks_of(content, f"{at}.content")
    parts = [part for block, where in inner for part in _user_parts(block, where, reading)]
    texts = [part for part in parts if part["type"] == "text"]
    media = [part for part in parts if part["type"] != "text"]
    if not texts:
        texts = [{"type": "text", "text": NOTHING}]
    if block.get("is_error") is True:
        texts[0] = {**texts[0], "text": f"Error: {texts[0]['text']}"}
    if reading.marks:
        keep_mark(texts[-1], block)
    return {"role": "tool", "tool_call_id": upstream_call_id(call_id), "content": join_parts(texts)}, media


def _call(block: JsonView, at: str, reading: Reading, extras: Mapping[str, JsonObject]) -> ToolCall:
    call_id = _string(block, "id", at)
    name = _string(block, "name", at)
    tool_input = block.get("input", {})
    if not isinstance(tool_input, dict):
        raise InvalidRequest(f"'{at}.input' must be an object.")
    function: Function = {"name": short_name(name), "arguments": encode(tool_input).decode()}
    call: ToolCall = {"id": upstream_call_id(call_id), "type": "function", "function": function}
    if call_id in extras:
        call["extra_content"] = extras[call_id]
    if reading.marks:  # OpenRouter takes it there, as recorded traffic of fantasy shows
        keep_mark(call, block)
    return call


def _source(block: JsonView, at: str) -> JsonView:
    source = block.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str):
        raise InvalidRequest(f"'{at}.source' must be an object with a type.")
    return source


def _data_url(source: JsonView, at: str) -> str:
    media_type = _string(source, "media_type", f"{at}.source")
    data = _string(source, "data", f"{at}.source")
    return f"data:{media_type};base64,{data}"


def _string(holder: JsonView, name: str, at: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"'{at}.{name}' must be a string.")
    return value
