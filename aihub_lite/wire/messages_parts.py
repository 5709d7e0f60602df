"""Content blocks of Anthropic Messages as chat messages and their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_parts import Block, keep_mark
from aihub_lite.wire.anthropic_thinking import KINDS
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.messages_thoughts import reasoning_of
from aihub_lite.wire.messages_tools import short_name, upstream_id

NOTHING = "(no content)"
"""Stands where a chat upstream wants text and there is none; Claude Code's own words for that."""
BILLING = "x-anthropic-billing-header"
"""Begins a system block of Claude Code's that is for Anthropic alone, and changes with every request."""
SERVERS = frozenset({"server_tool_use", "mcp_tool_use", "container_upload"})
"""Blocks of an assistant that only Anthropic can do something with, besides whatever ends with `_tool_result`."""
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
        """Only the first such thing is told."""
        self.unsayable = self.unsayable or f"'{at}' {what}."


def system_of(content: object, at: str, reading: Reading) -> list[dict[str, Any]]:
    """The system message, if there is any text; raises InvalidRequest."""
    parts = []
    for block, where in blocks_of(content, at):
        kind = block["type"]
        if kind == "text":
            text = _string(block, "text", where)
            if text and not text.startswith(BILLING):
                parts.append(_text(text, block, reading))
        elif kind in TOOL_CHANGES:
            reading.dropped.append(f"messages.{kind}")
        else:
            raise InvalidRequest(f"'{where}.type' must be text.")
    return [{"role": "system", "content": joined(parts)}] if parts else []


def user_messages(content: object, at: str, reading: Reading) -> list[dict[str, Any]]:
    """Results of tools first, since they must follow their calls; then what else the user said, with their images."""
    results: list[dict[str, Any]] = []
    shown: list[Block] = []
    parts: list[Block] = []
    for block, where in blocks_of(content, at):
        if block["type"] == "tool_result":
            results.append(_result(block, where, shown, reading))
        else:
            parts += _parts(block, where, reading)
    if parts or shown or not results:
        return [*results, {"role": "user", "content": joined([*shown, *parts]) or NOTHING}]
    return results


def assistant_message(content: object, at: str, reading: Reading) -> list[dict[str, Any]]:
    """One message, or none where nothing is left of it."""
    blocks = blocks_of(content, at)
    texts: list[Block] = []
    calls: list[dict[str, Any]] = []
    for block, where in blocks:
        kind = block["type"]
        if kind == "text":
            texts += _parts(block, where, reading)
        elif kind == "tool_use":
            calls.append(_call(block, where))
        elif kind == "compaction":
            text = block.get("content")
            texts += [_text(text, block, reading)] if isinstance(text, str) and text else []
        elif kind in SERVERS or kind.endswith("_tool_result"):
            reading.dropped.append(f"messages.{kind if kind in SERVERS else 'tool_result'}")
        elif kind not in KINDS:
            reading.cannot(where, f"is nothing that this model takes of an assistant: {kind[:40]!r}")
    if not texts and not calls:
        return []
    marked = any("cache_control" in part for part in texts)
    message: dict[str, Any] = {"role": "assistant"}
    # In one piece, as it was said: Gemini's signatures count its characters.
    message["content"] = texts if marked else "".join(part["text"] for part in texts) or None
    message |= reasoning_of([block for block, _ in blocks])
    return [message | {"tool_calls": calls}] if calls else [message]


def blocks_of(content: object, at: str) -> list[tuple[Block, str]]:
    """Blocks, each with its place; a string is one of text. Raises InvalidRequest."""
    if isinstance(content, str):
        return [({"type": "text", "text": content}, at)]
    if not isinstance(content, list):
        raise InvalidRequest(f"'{at}' must be a string or a list of content blocks.")
    found = []
    for position, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise InvalidRequest(f"'{at}[{position}]' must be an object with a type.")
        found.append((block, f"{at}[{position}]"))
    return found


def joined(parts: list[Block]) -> list[Block] | str:
    """Parts as content: one string where all are plain text."""
    if all(part.keys() == {"type", "text"} for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _parts(block: Block, at: str, reading: Reading) -> list[Block]:
    make = MAKERS.get(block["type"])
    if make is None:
        reading.cannot(at, f"is nothing that this model takes: {block['type'][:40]!r}")
        return []
    return make(block, at, reading)


def _text(text: str, block: Mapping[str, Any], reading: Reading) -> Block:
    part: Block = {"type": "text", "text": text}
    if reading.marks:
        keep_mark(part, block)
    return part


def _of_text(block: Block, at: str, reading: Reading) -> list[Block]:
    text = _string(block, "text", at)
    return [_text(text, block, reading)] if text else []


def _image(block: Block, at: str, reading: Reading) -> list[Block]:
    source = _source(block, at)
    if source["type"] == "base64":
        media_type, data = _string(source, "media_type", f"{at}.source"), _string(source, "data", f"{at}.source")
        url = f"data:{media_type};base64,{data}"
    elif source["type"] == "url":
        url = _string(source, "url", f"{at}.source")
    else:
        reading.cannot(at, "is an image that only its own provider holds")
        return []
    part: Block = {"type": "image_url", "image_url": {"url": url}}
    if reading.marks:
        keep_mark(part, block)
    return [part]


def _document(block: Block, at: str, reading: Reading) -> list[Block]:
    source, title = _source(block, at), block.get("title")
    kind, where = source["type"], f"{at}.source"
    if kind == "text":
        text = _string(source, "data", where)
        return [_text(f"{title}\n\n{text}" if isinstance(title, str) and title else text, block, reading)]
    if kind == "content":
        inner = blocks_of(source.get("content"), f"{where}.content")
        return [part for each, place in inner for part in _parts(each, place, reading)]
    if kind == "base64":
        media_type, data = _string(source, "media_type", where), _string(source, "data", where)
        file = {"file_data": f"data:{media_type};base64,{data}"}
    elif kind == "url":
        file = {"file_data": _string(source, "url", where)}
    else:
        reading.cannot(at, "is a document that only its own provider holds")
        return []
    part: Block = {"type": "file", "file": {"filename": title if isinstance(title, str) and title else "document.pdf"}}
    part["file"] |= file
    if reading.marks:
        keep_mark(part, block)
    return [part]


def _search_result(block: Block, at: str, reading: Reading) -> list[Block]:
    heads = [text for name in ("title", "source") if isinstance(text := block.get(name), str) and text]
    inner = blocks_of(block.get("content"), f"{at}.content")
    texts = [each["text"] for each, _ in inner if isinstance(each.get("text"), str)]
    return [_text("\n".join([*heads, *texts]) or NOTHING, block, reading)]


def _tool_change(block: Block, at: str, reading: Reading) -> list[Block]:
    reading.dropped.append(f"messages.{block['type']}")
    return []


def _tool_reference(block: Block, at: str, reading: Reading) -> list[Block]:
    """What a search for tools found; chat upstreams have all of them from the start."""
    return [_text(_string(block, "tool_name", at), block, reading)]


MAKERS: Mapping[str, Callable[[Block, str, Reading], list[Block]]] = {
    "text": _of_text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_reference": _tool_reference,
    **dict.fromkeys(TOOL_CHANGES, _tool_change),
}
"""What is made of a user's block, by its type."""


def _result(block: Block, at: str, shown: list[Block], reading: Reading) -> dict[str, Any]:
    """A message of a tool, which most chat upstreams let hold text alone: what else it has is `shown` afterwards."""
    call_id = _string(block, "tool_use_id", at)
    content = block.get("content")
    inner = blocks_of(content, f"{at}.content") if content is not None else []
    parts = [part for each, where in inner for part in _parts(each, where, reading)]
    texts = [part for part in parts if part["type"] == "text"]
    shown += [part for part in parts if part["type"] != "text"]
    if not texts:
        texts = [{"type": "text", "text": NOTHING}]
    if block.get("is_error") is True:
        texts[0] = {**texts[0], "text": f"Error: {texts[0]['text']}"}
    if reading.marks:
        keep_mark(texts[-1], block)
    return {"role": "tool", "tool_call_id": upstream_id(call_id), "content": joined(texts)}


def _call(block: Block, at: str) -> dict[str, Any]:
    call_id, name, given = _string(block, "id", at), _string(block, "name", at), block.get("input", {})
    if not isinstance(given, dict):
        raise InvalidRequest(f"'{at}.input' must be an object.")
    function = {"name": short_name(name), "arguments": encode(given).decode()}
    return {"id": upstream_id(call_id), "type": "function", "function": function}


def _source(block: Block, at: str) -> dict[str, Any]:
    source = block.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("type"), str):
        raise InvalidRequest(f"'{at}.source' must be an object with a type.")
    return source


def _string(holder: Mapping[str, Any], name: str, at: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"'{at}.{name}' must be a string.")
    return value
