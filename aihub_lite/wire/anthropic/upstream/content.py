"""Content of chat messages as content blocks of Anthropic Messages: text, images, documents."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import cast

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.blocks import Block, keep_mark, without_nulls
from aihub_lite.wire.anthropic.thinking import THINKING
from aihub_lite.wire.json_types import JsonView

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

IMAGE_NAMES = (".jpg", ".jpeg", ".png", ".gif", ".webp")
"""Ends of addresses of images."""

SYSTEM_NATIVE = frozenset({"tool_addition", "tool_removal"})
"""Anthropic's own blocks that a client may put into a later system message as they are."""
USER_NATIVE = SYSTEM_NATIVE | {"image", "document", "search_result", "container_upload", "tool_reference"}
"""The same for a user or tool message."""
ASSISTANT_NATIVE = frozenset({"server_tool_use", "mcp_tool_use", "compaction", "container_upload"})
"""The same for an assistant message, besides whatever ends with `_tool_result`."""

DATA_URL = re.compile(r"data:([^;,]*)(?:;[^;,]*?)*?(;base64)?,", re.IGNORECASE)
MAX_HEAD = 200
"""Characters before the data of a data URL in which its type is looked for; what follows may be megabytes."""


def blocks_of(content: object, where: str) -> list[Block]:
    """Blocks of a user's or tool's content, without empty text, which is a 400 upstream; raises InvalidRequest."""
    return [block for part, at in _parts(content, where) if (block := _user_block(part, at)) is not None]


def assistant_blocks(content: object, where: str) -> list[Block]:
    """The same for an assistant's content, which has no media; thinking in it is left to `with_thinking`."""
    return [block for part, at in _parts(content, where) if (block := _assistant_block(part, at)) is not None]


def text_block(part: JsonView, at: str) -> Block | None:
    """A text block with its cache mark and citations; None for nothing but white space."""
    text = part.get("text")
    if text is not None and not isinstance(text, str):
        raise InvalidRequest(f"'{at}.text' must be a string.")
    if not text or text.isspace():
        return None
    block: Block = {"type": "text", "text": text}
    if len(part) > 2:  # type and text: the usual part ends here
        citations = part.get("citations")
        if isinstance(citations, list) and citations:
            block["citations"] = citations
        keep_mark(block, part)
    return block


def _parts(content: object, where: str) -> list[tuple[JsonView, str]]:
    """Each part with its place; a string is one of text."""
    if content is None:
        return []
    if isinstance(content, str):
        return [({"type": "text", "text": content}, where)]
    if not isinstance(content, list):
        raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
    parts: list[tuple[JsonView, str]] = []
    for position, part in enumerate(content):
        at = f"{where}[{position}]"
        if isinstance(part, str):
            parts.append(({"type": "text", "text": part}, at))
        elif isinstance(part, dict):
            parts.append((part, at))
        else:
            raise InvalidRequest(f"'{at}' must be an object.")
    return parts


def _assistant_block(part: JsonView, at: str) -> Block | None:
    kind = part.get("type")
    if kind in ("text", "output_text"):
        return text_block(part, at)
    if kind == "refusal":
        return text_block({"text": part.get("refusal")}, at)
    if kind == "reasoning":
        return None
    if kind in THINKING:
        return cast("Block", dict(part))
    if isinstance(kind, str) and (kind in ASSISTANT_NATIVE or kind.endswith("_tool_result")):
        # Inside are Anthropic's own words, nulls and all: they go back as they came.
        return cast("Block", {name: value for name, value in part.items() if value is not None})
    raise InvalidRequest(f"'{at}' has a type that an assistant message cannot have on this model.")


def _user_block(part: JsonView, at: str) -> Block | None:
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text"):
        return text_block(part, at)
    block: Block
    if isinstance(kind, str) and kind in USER_NATIVE:
        block = without_nulls(part)
        return block
    if not isinstance(kind, str) or kind not in MEDIA:
        raise InvalidRequest(f"'{at}' has a type that this model does not take: {str(kind)[:40]!r}.")
    block = MEDIA[kind](part, at)
    keep_mark(block, part)
    return block


def _image(part: JsonView, at: str) -> Block:
    """`{image_url: {url}}`, or the URL itself as the Responses API has it."""
    url = part.get("image_url")
    if isinstance(url, dict):
        url = url.get("url")
    if not isinstance(url, str) or not url:
        raise InvalidRequest(f"'{at}.image_url.url' must be a string.")
    scheme = url[:8].lower()
    if scheme.startswith("data:"):
        block = _media(*_data_url(url, at), at)
        if block["source"]["type"] == "text":
            raise InvalidRequest(f"'{at}' is not an image.")
        return block
    if not scheme.startswith("https://"):
        raise InvalidRequest(f"'{at}.image_url.url' must be an https or a data URL: this model takes no other.")
    # What is behind a URL is only told by the end of its path.
    kind = "document" if url.split("?")[0].lower().endswith(".pdf") else "image"
    return {"type": kind, "source": {"type": "url", "url": url}}


def _document(part: JsonView, at: str) -> Block:
    """Mistral's `{document_url: url}`: an image that is a document."""
    block = _image({"image_url": part.get("document_url")}, at)
    if block["source"]["type"] == "url":
        block["type"] = "document"
    name = part.get("document_name")
    if isinstance(name, str) and block["type"] == "document":
        block["title"] = name
    return block


def _file(part: JsonView, at: str) -> Block:
    """`{file: {file_data, filename}}` or `{file: {file_id}}`, the inner fields also outside as the Responses API has
    them; the data is a data URL or bare base64. Each of them, or `file_url`, may be the address of a file."""
    file = part.get("file")
    if not isinstance(file, dict):
        file = part
    name = file.get("filename")
    block = _file_block(file, at)
    if block["type"] == "document":
        extra = {"title": name, "citations": part.get("citations"), "context": part.get("context")}
        block |= without_nulls(extra)
    return block


def _address_in(file: JsonView) -> str:
    """Where a file is, if that is all there is of it; empty for none."""
    for name in ("file_data", "file_url", "file_id"):
        value = file.get(name)
        if isinstance(value, str) and value[:8].lower() == "https://":
            return value
    return ""


def _located(url: str) -> Block:
    """A file that Anthropic fetches itself: a document, unless its address says that it is an image."""
    kind = "document"
    if url.split("?", maxsplit=1)[0].lower().endswith(IMAGE_NAMES):
        kind = "image"
    return {"type": kind, "source": {"type": "url", "url": url}}


def _file_block(file: JsonView, at: str) -> Block:
    url = _address_in(file)
    if url:
        return _located(url)
    data = file.get("file_data")
    file_id = file.get("file_id")
    if isinstance(data, str) and data:
        media_type = ""
        if data[:5].lower() == "data:":
            media_type, data = _data_url(data, at)
        return _media(media_type or _type_by_name(file.get("filename")), data, at)
    if isinstance(file_id, str) and file_id.startswith("file_"):
        return {"type": "document", "source": {"type": "file", "file_id": file_id}}
    raise InvalidRequest(f"'{at}.file' must hold 'file_data', or a 'file_id' that this model's provider made.")


def _data_url(url: str, at: str) -> tuple[str, str]:
    """Type without parameters, and base64."""
    head = DATA_URL.match(url, 0, MAX_HEAD)
    if head is None or head[2] is None:
        raise InvalidRequest(f"'{at}' holds a data URL that is not base64.")
    return head[1].strip().lower(), url[head.end() :]


def _media(media_type: str, data: str, at: str) -> Block:
    """`media_type` is what the client calls it."""
    media_type = _sniffed_type(data) or SPELLINGS.get(media_type, media_type)
    if media_type in IMAGES:
        return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}
    if media_type == PDF:
        return {"type": "document", "source": {"type": "base64", "media_type": PDF, "data": data}}
    if media_type.startswith("text/") or media_type in ("application/json", "application/xml"):
        text = _text(data, at)
        return {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}}
    raise InvalidRequest(f"'{at}' has a media type that this model does not take: {media_type[:60] or 'none'!r}.")


def _sniffed_type(data: str) -> str | None:
    for start, media_type in SNIFFED:
        if data.startswith(start):
            return media_type
    return None


def _text(data: str, at: str) -> str:
    try:
        # Not strict: line breaks inside are let pass.
        return base64.b64decode(data, validate=False).decode()
    except (binascii.Error, ValueError):
        raise InvalidRequest(f"'{at}' is not base64 of UTF-8 text.") from None


def _type_by_name(name: object) -> str:
    if isinstance(name, str) and name.lower().endswith(TEXT_NAMES):
        return "text/plain"
    return PDF


MEDIA: Mapping[str, Callable[[JsonView, str], Block]] = {
    "image_url": _image,
    "input_image": _image,
    "document_url": _document,
    "file": _file,
    "input_file": _file,
}
"""What is made of a part, by its type."""
