"""Content of Responses items as content of chat messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aihub_lite.errors import InvalidRequest

Part = dict[str, Any]
Cannot = Callable[[str], None]
"""Takes the reason why no chat upstream can have a request; one that speaks Responses itself still may."""
TEXTS: Mapping[str, str] = {
    "input_text": "text",
    "output_text": "text",
    "text": "text",
    "summary_text": "text",
    "reasoning_text": "text",
    "refusal": "refusal",
}
"""Parts that are text, and where it stands."""
PARAGRAPHS = "\n\n"


def parts_of(content: object, where: str, cannot: Cannot) -> list[Part]:
    """Chat parts; raises InvalidRequest that names `where`. A kind of part that is not known is left out, and so is
    one that `cannot` has been told of."""
    if content is None:
        return []
    if isinstance(content, str):
        return [_text(content)] if content else []
    if not isinstance(content, list):
        raise InvalidRequest(f"'{where}' must be a string or a list of parts.")
    found = [_part(part, f"{where}[{position}]", cannot) for position, part in enumerate(content)]
    return [part for part in found if part is not None]


def text_of(content: object, where: str, cannot: Cannot, between: str = "") -> str:
    """The text of some content, all that others than users say."""
    return between.join(part["text"] for part in parts_of(content, where, cannot) if part["type"] == "text")


def joined(parts: list[Part]) -> str | list[Part]:
    """Content of a message: a string where it is nothing but text, which every upstream takes."""
    if all(part["type"] == "text" for part in parts):
        return PARAGRAPHS.join(part["text"] for part in parts)
    return parts


def _text(text: str) -> Part:
    return {"type": "text", "text": text}


def _part(part: object, where: str, cannot: Cannot) -> Part | None:
    if isinstance(part, str):
        return _text(part) if part else None
    if not isinstance(part, dict):
        raise InvalidRequest(f"'{where}' must be an object.")
    kind = part.get("type")
    if not isinstance(kind, str):
        raise InvalidRequest(f"'{where}.type' must be a string.")
    if kind in TEXTS:
        text = part.get(TEXTS[kind])
        if not isinstance(text, str):
            raise InvalidRequest(f"'{where}.{TEXTS[kind]}' must be a string.")
        return _text(text) if text else None
    make = MADE.get(kind)
    return make(part, where, cannot) if make is not None else None


def _image(part: Mapping[str, Any], where: str, cannot: Cannot) -> Part | None:
    url = part.get("image_url")
    if isinstance(url, dict):  # chat's own form
        url = url.get("url")
    if url is None and part.get("file_id"):
        cannot(f"'{where}' is an image that only its own provider holds.")
        return None
    if not isinstance(url, str) or not url:
        raise InvalidRequest(f"'{where}.image_url' must be a URL or a data URL.")
    image = {"url": url}
    if isinstance(detail := part.get("detail"), str):
        image["detail"] = "high" if detail == "original" else detail
    return {"type": "image_url", "image_url": image}


def _file(part: Mapping[str, Any], where: str, cannot: Cannot) -> Part | None:
    holder = part.get("file")
    given: Mapping[str, Any] = holder if isinstance(holder, dict) else part
    data, url, name = given.get("file_data"), given.get("file_url"), given.get("filename")
    file: dict[str, Any] = {}
    if isinstance(data, str) and data:
        file["file_data"] = data
    elif isinstance(url, str) and url:
        file["file_id"] = url  # where Gemini's wire reads an address; chat has no place for one
    elif given.get("file_id"):
        cannot(f"'{where}' is a file that only its own provider holds.")
        return None
    else:
        raise InvalidRequest(f"'{where}' must hold 'file_data'.")
    if isinstance(name, str) and name:
        file["filename"] = name
    return {"type": "file", "file": file}


def _audio(part: Mapping[str, Any], where: str, _: Cannot) -> Part:
    audio = part.get("input_audio")
    if not isinstance(audio, dict):
        raise InvalidRequest(f"'{where}.input_audio' must be an object.")
    return {"type": "input_audio", "input_audio": audio}


MADE: Mapping[str, Callable[[Mapping[str, Any], str, Cannot], Part | None]] = {
    "input_image": _image,
    "image_url": _image,
    "input_file": _file,
    "file": _file,
    "input_audio": _audio,
}
