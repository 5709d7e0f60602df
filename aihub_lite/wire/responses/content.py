"""Content of Responses items as content of chat messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.shapes import ContentPart
from aihub_lite.wire.json_types import JsonObject, JsonView

NativeOnly = Callable[[str], None]
"""Takes the reason why no chat upstream can have a request; one that speaks Responses itself still may."""
TEXTS: Mapping[str, str] = {
    "input_text": "text",
    "output_text": "text",
    "text": "text",
    "summary_text": "text",
    "reasoning_text": "text",
    "refusal": "refusal",
}
"""Parts that are text, and the field that holds it."""
PARAGRAPHS = "\n\n"


def parts_of(content: object, where: str, native_only: NativeOnly) -> list[ContentPart]:
    """Chat parts; raises InvalidRequest that names `where`. A kind of part that is not known is left out, and so is
    one that `native_only` was called for."""
    if content is None:
        return []
    if isinstance(content, str):
        content = [content]
    if not isinstance(content, list):
        raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
    parts = [_part(part, f"{where}[{position}]", native_only) for position, part in enumerate(content)]
    return [part for part in parts if part is not None]


def text_of(content: object, where: str, native_only: NativeOnly, between: str = "") -> str:
    """The text of some content, all that others than users say."""
    return between.join(part["text"] for part in parts_of(content, where, native_only) if part["type"] == "text")


def joined(parts: list[ContentPart]) -> str | list[ContentPart]:
    """Content of a message: a string where it is nothing but text, which every upstream takes."""
    if all(part["type"] == "text" for part in parts):
        return PARAGRAPHS.join(part["text"] for part in parts)
    return parts


def _part(part: object, where: str, native_only: NativeOnly) -> ContentPart | None:
    if isinstance(part, str):
        return _text(part)
    if not isinstance(part, dict):
        raise InvalidRequest(f"'{where}' must be an object.")
    kind = part.get("type")
    if not isinstance(kind, str):
        raise InvalidRequest(f"'{where}.type' must be a string.")
    if kind in TEXTS:
        text = part.get(TEXTS[kind])
        if not isinstance(text, str):
            raise InvalidRequest(f"'{where}.{TEXTS[kind]}' must be a string.")
        return _text(text)
    if kind in MEDIA:
        return MEDIA[kind](part, where, native_only)
    return None


def _text(text: str) -> ContentPart | None:
    """None for an empty text, which some upstreams refuse."""
    if not text:
        return None
    return {"type": "text", "text": text}


def _image(part: JsonView, where: str, native_only: NativeOnly) -> ContentPart | None:
    url = part.get("image_url")
    if isinstance(url, dict):  # chat's own form
        url = url.get("url")
    if url is None and part.get("file_id"):
        native_only(f"'{where}' is an image that only its own provider holds.")
        return None
    if not isinstance(url, str) or not url:
        raise InvalidRequest(f"'{where}.image_url' must be a URL or a data URL.")
    image: JsonObject = {"url": url}
    detail = part.get("detail")
    if detail == "original":  # which chat does not know
        detail = "high"
    if isinstance(detail, str):
        image["detail"] = detail
    return {"type": "image_url", "image_url": image}


def _file(part: JsonView, where: str, native_only: NativeOnly) -> ContentPart | None:
    holder = part.get("file")
    if not isinstance(holder, dict):
        holder = part
    data = holder.get("file_data")
    url = holder.get("file_url")
    name = holder.get("filename")
    file: JsonObject = {}
    if isinstance(data, str) and data:
        file["file_data"] = data
    elif isinstance(url, str) and url:
        file["file_id"] = url  # where the translation to Gemini reads an address; chat has no field for one
    elif holder.get("file_id"):
        native_only(f"'{where}' is a file that only its own provider holds.")
        return None
    else:
        raise InvalidRequest(f"'{where}' must hold 'file_data'.")
    if isinstance(name, str) and name:
        file["filename"] = name
    return {"type": "file", "file": file}


def _audio(part: JsonView, where: str, _: NativeOnly) -> ContentPart:
    audio = part.get("input_audio")
    if not isinstance(audio, dict):
        raise InvalidRequest(f"'{where}.input_audio' must be an object.")
    return {"type": "input_audio", "input_audio": audio}


MEDIA: Mapping[str, Callable[[JsonView, str, NativeOnly], ContentPart | None]] = {
    "input_image": _image,
    "image_url": _image,
    "input_file": _file,
    "file": _file,
    "input_audio": _audio,
}
