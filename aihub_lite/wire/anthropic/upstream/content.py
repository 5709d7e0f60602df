"""Content of chat messages as content blocks of Anthropic Messages: text, images, documents."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from aihub_lite.errors import InvalidRequest

Block = dict[str, Any]

IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"
SPELLINGS: Mapping[str, str] = {"image/jpg": "image/jpeg", "application/x-pdf": PDF}
SNIFFED: tuple[tuple[str, str], ...] = (
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi0", PDF),
)
"""How the base64 of a file begins: clients often name the wrong type, which is a 400 upstream."""
TEXT_NAMES = (".txt", ".md", ".csv", ".tsv", ".json", ".xml", ".html", ".log", ".yaml", ".yml", ".py", ".js", ".ts")
"""Ends of file names that say text where no type is named."""

SYSTEM_NATIVE = frozenset({"tool_addition", "tool_removal"})
"""Anthropic's own blocks that a client may put into a later system message as they are."""
USER_NATIVE = SYSTEM_NATIVE | {"image", "document", "search_result", "container_upload", "tool_reference"}
"""The same for a user or tool message."""
ASSISTANT_NATIVE = frozenset({"server_tool_use", "mcp_tool_use", "compaction", "container_upload"})
"""The same for an assistant message, besides whatever ends with `_tool_result`."""

DATA_URL = re.compile(r"data:([^;,]*)(?:;[^;,]*?)*?(;base64)?,", re.IGNORECASE)


def blocks_of(content: object, where: str) -> list[Block]:
    """Blocks of a user's or tool's content, without empty text, which is a 400 upstream; raises InvalidRequest."""
    return [block for part, at in _parts(content, where) if (block := _block(part, at)) is not None]


def assistant_blocks(content: object, where: str) -> list[Block]:
    """The same for an assistant's content, which has no media; thinking in it is left to `anthropic_thinking`."""
    blocks = []
    for part, at in _parts(content, where):
        kind = part.get("type")
        if kind in ("text", "output_text"):
            block = text_block(part, at)
        elif kind == "refusal":
            block = text_block({"text": part.get("refusal")}, at)
        elif isinstance(kind, str) and (kind in ASSISTANT_NATIVE or kind.endswith("_tool_result")):
            # Inside are Anthropic's own words, nulls and all: they go back as they came.
            block = {name: value for name, value in part.items() if value is not None}
        elif kind in ("thinking", "redacted_thinking"):
            block = dict(part)
        elif kind == "reasoning":
            continue
        else:
            raise InvalidRequest(f"'{at}' has a type that an assistant message cannot have on this model.")
        if block is not None:
            blocks.append(block)
    return blocks


def text_block(part: Mapping[str, Any], at: str) -> Block | None:
    """A text block with its cache mark and citations; None for nothing but white space."""
    text = part.get("text")
    if text is not None and not isinstance(text, str):
        raise InvalidRequest(f"'{at}.text' must be a string.")
    if not text or text.isspace():
        return None
    block: Block = {"type": "text", "text": text}
    if len(part) > 2:  # type and text: the usual part ends here
        if isinstance(citations := part.get("citations"), list) and citations:
            block["citations"] = citations
        keep_mark(block, part)
    return block


def keep_mark(block: Block, part: Mapping[str, Any]) -> None:
    """Take over the cache mark; an absent one stays absent, since a null is a 400."""
    if isinstance(mark := part.get("cache_control"), dict):
        block["cache_control"] = without_nulls(mark)


def without_nulls(value: Any) -> Any:
    """The same JSON without object members that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _parts(content: object, where: str) -> list[tuple[Mapping[str, Any], str]]:
    if content is None:
        return []
    if isinstance(content, str):
        return [({"type": "text", "text": content}, where)]
    if not isinstance(content, list):
        raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
    parts: list[tuple[Mapping[str, Any], str]] = []
    for position, given in enumerate(content):
        part = {"type": "text", "text": given} if isinstance(given, str) else given
        if not isinstance(part, dict):
            raise InvalidRequest(f"'{where}[{position}]' must be an object.")
        parts.append((part, f"{where}[{position}]"))
    return parts


def _block(part: Mapping[str, Any], at: str) -> Block | None:
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text"):
        return text_block(part, at)
    if isinstance(kind, str) and kind in USER_NATIVE:
        return without_nulls(part)  # type: ignore[no-any-return]
    make = MEDIA.get(kind) if isinstance(kind, str) else None
    if make is None:
        raise InvalidRequest(f"'{at}' has a type that this model does not take: {str(kind)[:40]!r}.")
    block = make(part, at)
    keep_mark(block, part)
    return block


def _image(part: Mapping[str, Any], at: str) -> Block:
    """`{image_url: {url}}`, or the URL itself as the Responses API has it."""
    holder = part.get("image_url")
    url = holder.get("url") if isinstance(holder, dict) else holder
    if not isinstance(url, str) or not url:
        raise InvalidRequest(f"'{at}.image_url.url' must be a string.")
    scheme = url[:8].lower()
    if scheme.startswith("data:"):
        media_type, data = _data_url(url, at)
        block = _media(media_type, data, at)
        if block["type"] == "document" and block["source"]["type"] == "text":
            raise InvalidRequest(f"'{at}' is not an image.")
        return block
    if scheme.startswith("https://"):
        kind = "document" if url.split("?")[0].lower().endswith(".pdf") else "image"
        return {"type": kind, "source": {"type": "url", "url": url}}
    raise InvalidRequest(f"'{at}.image_url.url' must be an https or a data URL: this model takes no other.")


def _document(part: Mapping[str, Any], at: str) -> Block:
    """Mistral's `{document_url: url}`: an image that is a document."""
    block = _image({"image_url": part.get("document_url")}, at)
    if block["source"]["type"] == "url":
        block["type"] = "document"
    if isinstance(name := part.get("document_name"), str) and block["type"] == "document":
        block["title"] = name
    return block


def _file(part: Mapping[str, Any], at: str) -> Block:
    """`{file: {file_data, filename}}` or `{file: {file_id}}`; the data is a data URL or bare base64."""
    holder = part.get("file")
    file = holder if isinstance(holder, dict) else part
    data, file_id, name = file.get("file_data"), file.get("file_id"), file.get("filename")
    if isinstance(data, str) and data:
        media_type, data = _data_url(data, at) if data[:5].lower() == "data:" else ("", data)
        block = _media(media_type or _type_by_name(name), data, at)
    elif isinstance(file_id, str) and file_id.startswith("file_"):
        block = {"type": "document", "source": {"type": "file", "file_id": file_id}}
    else:
        raise InvalidRequest(f"'{at}.file' must hold 'file_data', or a 'file_id' that this model's provider made.")
    if block["type"] == "document":
        extra = {"title": name, "citations": part.get("citations"), "context": part.get("context")}
        block |= without_nulls(extra)
    return block


def _data_url(url: str, at: str) -> tuple[str, str]:
    """Type without parameters, and base64."""
    head = DATA_URL.match(url, 0, 200)
    if head is None or head[2] is None:
        raise InvalidRequest(f"'{at}' holds a data URL that is not base64.")
    return head[1].strip().lower(), url[head.end() :]


def _media(media_type: str, data: str, at: str) -> Block:
    found = next((kind for start, kind in SNIFFED if data.startswith(start)), SPELLINGS.get(media_type, media_type))
    if found in IMAGES:
        return {"type": "image", "source": {"type": "base64", "media_type": found, "data": data}}
    if found == PDF:
        return {"type": "document", "source": {"type": "base64", "media_type": PDF, "data": data}}
    if found.startswith("text/") or found in ("application/json", "application/xml"):
        source = {"type": "text", "media_type": "text/plain", "data": _text(data, at)}
        return {"type": "document", "source": source}
    raise InvalidRequest(f"'{at}' has a media type that this model does not take: {found[:60] or 'none'!r}.")


def _text(data: str, at: str) -> str:
    try:
        return base64.b64decode(data, validate=False).decode()
    except (binascii.Error, ValueError):
        raise InvalidRequest(f"'{at}' is not base64 of UTF-8 text.") from None


def _type_by_name(name: object) -> str:
    return "text/plain" if isinstance(name, str) and name.lower().endswith(TEXT_NAMES) else PDF


MEDIA: Mapping[str, Callable[[Mapping[str, Any], str], Block]] = {
    "image_url": _image,
    "input_image": _image,
    "document_url": _document,
    "file": _file,
    "input_file": _file,
}
"""What is made of a part, by its type."""
