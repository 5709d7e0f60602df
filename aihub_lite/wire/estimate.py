"""Tokens from bytes, without a tokenizer: for holds, and for answers whose upstream reports no usage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from aihub_lite.domain.modal import MODALITIES, Modal, Modality

BYTES_PER_TOKEN = 4
"""English prose has about 4.3 bytes a token, code and JSON 3.3, Chinese 3.5, in the tokenizers of 2024 and later."""
MESSAGE_TOKENS = 4
"""What role and separators of a message cost."""
IMAGE_TOKENS = 1000
"""Between Gemini's 258 and Claude's 1600; how many an image takes depends on a size that base64 hides."""
AUDIO_TOKENS = 1000
FILE_TOKENS = 3000
"""A short PDF."""

PART_TOKENS: Mapping[str, int] = {
    "image_url": IMAGE_TOKENS,
    "input_image": IMAGE_TOKENS,
    "image": IMAGE_TOKENS,
    "input_audio": AUDIO_TOKENS,
    "audio_url": AUDIO_TOKENS,
    "video_url": FILE_TOKENS,
    "file": FILE_TOKENS,
    "input_file": FILE_TOKENS,
    "document": FILE_TOKENS,
}

PART_KINDS: Mapping[str, Modality] = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
}
"""What those parts are that may have rates of their own; of a file nobody knows."""

_encode = msgspec.json.Encoder().encode


def byte_count(text: str) -> int:
    """UTF-8 bytes of a text, without encoding it where that can be avoided."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def tokens_in(text: str | int) -> int:
    """Tokens of a text, or of that many UTF-8 bytes; rounded up."""
    return -(-(byte_count(text) if isinstance(text, str) else text) // BYTES_PER_TOKEN)


def tokens_of(given: Any) -> int:
    """Tokens of a prompt: a text, tokens, or a list of either."""
    if isinstance(given, str):
        return tokens_in(given)
    if not isinstance(given, list):
        return tokens_in(byte_count(str(given)))
    return sum(1 if isinstance(each, int) else tokens_of(each) for each in given)


def prompt_estimate(body: Mapping[str, Any]) -> int:
    """Tokens of a chat request's prompt; never fails, whatever the fields hold."""
    bytes_, tokens = 0, 0
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        more_bytes, more_tokens = _message(message)
        bytes_ += more_bytes
        tokens += more_tokens + MESSAGE_TOKENS
    for name in ("tools", "functions", "response_format"):
        if value := body.get(name):
            bytes_ += len(_encode(value))
    return tokens + tokens_in(bytes_)


def _message(message: object) -> tuple[int, int]:
    if not isinstance(message, dict):
        return 0, 0
    bytes_, tokens = _content(message.get("content"))
    if calls := message.get("tool_calls") or message.get("function_call"):
        bytes_ += len(_encode(calls))
    if isinstance(thought := message.get("reasoning_content"), str):
        bytes_ += byte_count(thought)
    return bytes_, tokens


def _content(content: object) -> tuple[int, int]:
    """Bytes of text and tokens of everything else in a message's content."""
    if isinstance(content, str):
        return byte_count(content), 0
    bytes_, tokens = 0, 0
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        kind = part.get("type")
        if isinstance(text := part.get("text"), str):
            bytes_ += byte_count(text)
        elif isinstance(kind, str) and kind in PART_TOKENS:
            tokens += PART_TOKENS[kind]
        elif isinstance(nested := part.get("content") or part.get("thinking"), str | list):
            more_bytes, more_tokens = _content(nested)
            bytes_, tokens = bytes_ + more_bytes, tokens + more_tokens
    return bytes_, tokens


def modal_estimate(body: Mapping[str, Any], completion_tokens: int) -> Modal:
    """What of a chat request's prompt, and of an answer of so many tokens, is no text; never fails.

    An answer is taken for the dearest that it may be: sound where that is asked for, and pictures, which models that
    paint send unasked, where nothing is.
    """
    counts: Counter[str] = Counter()
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        for kind in _kinds(message.get("content") if isinstance(message, dict) else None):
            counts[f"{PART_KINDS[kind]}_input"] += PART_TOKENS[kind]
    wanted = body.get("modalities")
    for modality in MODALITIES:
        if modality in wanted if isinstance(wanted, list) else modality == "image":
            counts[f"{modality}_output"] = completion_tokens
    return Modal(**counts)


def _kinds(content: object) -> Iterator[str]:
    """Of all parts that may have rates of their own, also inside others."""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            kind = part.get("type")
            if isinstance(kind, str) and kind in PART_KINDS:
                yield kind
            else:
                yield from _kinds(part.get("content"))
