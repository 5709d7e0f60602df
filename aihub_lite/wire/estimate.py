"""Tokens from bytes, without a tokenizer: for holds, and for answers whose upstream reports no usage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from aihub_lite.domain.modality import MODALITIES, Modal, Modality
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonView, dicts_in, list_at

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
"""What a part without text costs, by its type in any of the surfaces."""

PART_KINDS: Mapping[str, Modality] = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "video_url": "video",
}
"""What those parts are that may have rates of their own; of a file nobody knows."""


MORE = frozenset({"tool_calls", "function_call", "reasoning_content", "images"})
"""Fields of a message that count beside its content."""


def byte_count(text: str) -> int:
    """UTF-8 bytes of a text, without encoding it where that can be avoided."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def tokens_in(text: str | int) -> int:
    """Tokens of a text, or of that many UTF-8 bytes; rounded up."""
    size = text
    if isinstance(size, str):
        size = byte_count(size)
    return -(-size // BYTES_PER_TOKEN)


def tokens_of(prompt: object) -> int:
    """Tokens of the `input` or `prompt` of other endpoints than chat: a text, a token's number, or a list of these."""
    if isinstance(prompt, str):
        return tokens_in(prompt)
    if not isinstance(prompt, list):
        return tokens_in(str(prompt))
    numbers = sum(isinstance(item, int) for item in prompt)
    return numbers + sum(tokens_of(item) for item in prompt if not isinstance(item, int))


def prompt_estimate(body: JsonView) -> int:
    """Tokens of a chat request's prompt; never fails, whatever the fields hold."""
    bytes_ = 0
    messages = list_at(body, "messages")
    tokens = MESSAGE_TOKENS * len(messages)
    for message in messages:
        if not isinstance(message, dict):
            continue
        content = message.get("content")
        if type(content) is str:
            bytes_ += byte_count(content)
        elif content is not None:
            more_bytes, more_tokens = _content(content)
            bytes_ += more_bytes
            tokens += more_tokens
        if not MORE.isdisjoint(message):
            more_bytes, more_tokens = _beside_content(message)
            bytes_ += more_bytes
            tokens += more_tokens
    for name in ("tools", "functions", "response_format"):
        if value := body.get(name):
            bytes_ += len(encode(value))
    return tokens + tokens_in(bytes_)


def _beside_content(message: JsonView) -> tuple[int, int]:
    """Bytes of text, and tokens of everything else, in what `MORE` names."""
    bytes_ = 0
    if calls := message.get("tool_calls") or message.get("function_call"):
        bytes_ += len(encode(calls))
    if isinstance(thought := message.get("reasoning_content"), str):
        bytes_ += byte_count(thought)
    if drawn := message.get("images"):  # by a model, in an earlier turn
        return bytes_, IMAGE_TOKENS * len(dicts_in(drawn))
    return bytes_, 0


def _content(content: object) -> tuple[int, int]:
    """Bytes of text, and tokens of everything else."""
    if isinstance(content, str):
        return byte_count(content), 0
    bytes_ = 0
    tokens = 0
    if not isinstance(content, list):
        return bytes_, tokens
    for part in content:
        if not isinstance(part, dict):
            continue
        kind = part.get("type")
        if isinstance(text := part.get("text"), str):
            bytes_ += byte_count(text)
        elif isinstance(kind, str) and kind in PART_TOKENS:
            tokens += PART_TOKENS[kind]
        elif isinstance(nested := part.get("content") or part.get("thinking"), str | list):
            more_bytes, more_tokens = _content(nested)
            bytes_ += more_bytes
            tokens += more_tokens
    return bytes_, tokens


def modal_estimate(body: JsonView, completion_tokens: int) -> Modal:
    """How many tokens of a chat request's prompt, and of an answer of so many, may be no text; never fails.

    An answer is taken for the dearest that it may be: what is asked for in `modalities`, else pictures, which models
    that paint send unasked.
    """
    counts: Counter[str] = Counter()
    for message in dicts_in(body.get("messages")):
        for kind in _media(message.get("content")):
            counts[f"{PART_KINDS[kind]}_input"] += PART_TOKENS[kind]
        counts["image_input"] += IMAGE_TOKENS * len(dicts_in(message.get("images")))
    modalities = body.get("modalities")
    if not isinstance(modalities, list):
        modalities = ["image"]
    for modality in MODALITIES:
        if modality in modalities:
            counts[f"{modality}_output"] = completion_tokens
    return Modal(**counts)


def _media(content: object) -> Iterator[str]:
    """The types of all parts that may have rates of their own, of those inside other parts too."""
    for part in dicts_in(content):
        kind = part.get("type")
        if isinstance(kind, str) and kind in PART_KINDS:
            yield kind
        else:
            yield from _media(part.get("content"))
