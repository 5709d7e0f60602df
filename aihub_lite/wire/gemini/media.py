"""Images, audio, video and files of chat messages as Gemini's `inlineData` and `fileData`, and back.

Gemini fetches public https URLs itself, as well as files uploaded to it and `gs://` paths.
"""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.gemini.shapes import Part
from aihub_lite.wire.json_types import JsonView, dict_at

MIME_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "wav": "audio/wav",
    "mp3": "audio/mp3",
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/opus",
    "m4a": "audio/m4a",
    "pcm16": "audio/pcm",
    "mp4": "video/mp4",
    "mov": "video/mov",
    "mpeg": "video/mpeg",
    "mpg": "video/mpg",
    "avi": "video/avi",
    "webm": "video/webm",
    "wmv": "video/wmv",
    "3gp": "video/3gpp",
    "pdf": "application/pdf",
    "json": "application/json",
    "txt": "text/plain",
    "md": "text/md",
    "csv": "text/csv",
    "html": "text/html",
    "xml": "text/xml",
    "css": "text/css",
    "rtf": "text/rtf",
    "py": "text/x-python",
    "js": "text/javascript",
}
"""By file name extension, spelled as Gemini's documentation does."""

RESOLUTIONS: Mapping[str, str] = {"low": "MEDIA_RESOLUTION_LOW", "high": "MEDIA_RESOLUTION_HIGH"}
"""`mediaResolution` by an image's `detail`; `auto` is for the model to choose."""

LOCATED: Mapping[str, str] = {"video_url": "video/mp4", "audio_url": "audio/mp3", "document_url": "application/pdf"}
"""Parts of other chat dialects (Z.ai, vLLM, Mistral) that hold a URL, with the MIME type of most."""
REMOTE = ("https://", "http://", "gs://")
FILES_API = "https://generativelanguage.googleapis.com/v1beta/"


def media_part(part: JsonView, where: str, *, resolution: bool) -> Part | None:
    """A media part of a message; None for a part of another type. `where` names it in the InvalidRequest."""
    kind = part.get("type")
    if kind in ("image_url", "input_image"):
        return _image(part, where, resolution=resolution)
    if kind == "input_audio":
        return _audio(dict_at(part, "input_audio"), where)
    if kind in ("file", "input_file"):
        return _file(dict_at(part, "file"), where)
    if isinstance(kind, str) and kind in LOCATED:
        return _located(_url(part.get(kind), f"{where}.{kind}"), LOCATED[kind], where)
    return None


def data_url(blob: JsonView) -> str:
    """What the model drew, as clients show it."""
    return f"data:{blob.get('mimeType') or 'application/octet-stream'};base64,{blob.get('data') or ''}"


def _image(part: JsonView, where: str, *, resolution: bool) -> Part:
    image = _located(_url(part.get("image_url"), f"{where}.image_url"), "image/jpeg", where)
    detail = dict_at(part, "image_url").get("detail")
    if resolution and isinstance(detail, str) and detail in RESOLUTIONS:
        image["mediaResolution"] = {"level": RESOLUTIONS[detail]}
    return image


def _audio(audio: JsonView, where: str) -> Part:
    data = audio.get("data")
    if not isinstance(data, str) or not data:
        raise InvalidRequest(f"'{where}.input_audio.data' must be base64 text.")
    if data.startswith("data:"):
        return _inline(data, where)
    extension = audio.get("format")
    if not isinstance(extension, str) or not extension:
        extension = "wav"
    extension = extension.lower()
    return {"inlineData": {"mimeType": MIME_TYPES.get(extension, f"audio/{extension}"), "data": data}}


def _file(file: JsonView, where: str) -> Part:
    """By what it holds, or by where it is; its MIME type is what it says, else that of its name, else PDF."""
    data = file.get("file_data")
    file_id = file.get("file_id")
    mime_type = file.get("format") or _mime_of(file.get("filename")) or "application/pdf"
    if not isinstance(mime_type, str):
        raise InvalidRequest(f"'{where}.file.format' must be a MIME type.")
    if isinstance(data, str) and data:
        if data.startswith(("data:", *REMOTE)):
            return _located(data, mime_type, where)
        return {"inlineData": {"mimeType": mime_type, "data": data}}
    if isinstance(file_id, str) and file_id.startswith("files/"):
        return {"fileData": {"fileUri": FILES_API + file_id, "mimeType": mime_type}}
    if isinstance(file_id, str) and file_id.startswith(REMOTE):
        return _located(file_id, mime_type, where)
    raise InvalidRequest(f"'{where}.file' must hold 'file_data', or a 'file_id' of the Gemini Files API.")


def _url(value: object, where: str) -> str:
    """Some clients put the URL itself where OpenAI has an object around it."""
    url = value
    if isinstance(value, dict):
        url = value.get("url")
    if not isinstance(url, str) or not url:
        raise InvalidRequest(f"'{where}' must hold a URL.")
    return url


def _located(url: str, default: str, where: str) -> Part:
    """A part for a URL; `default` is the MIME type where neither the URL nor the name in it has one."""
    if url.startswith("data:"):
        return _inline(url, where)
    if url.startswith(REMOTE):
        return {"fileData": {"fileUri": url, "mimeType": _mime_of(url) or default}}
    raise InvalidRequest(f"'{where}' must be a data URL or an https URL.")


def _inline(url: str, where: str) -> Part:
    head, comma, data = url.partition(",")
    mime_type, *parameters = head.removeprefix("data:").split(";")
    if not comma or not data or "base64" not in parameters:
        raise InvalidRequest(f"'{where}' holds a data URL that is not base64.")
    return {"inlineData": {"mimeType": mime_type or "application/octet-stream", "data": data}}


def _mime_of(name: object) -> str | None:
    """By the extension of a file's name, or of the path of a URL."""
    if not isinstance(name, str):
        return None
    path = name.partition("?")[0].partition("#")[0]
    return MIME_TYPES.get(path.rpartition("/")[2].rpartition(".")[2].lower())
