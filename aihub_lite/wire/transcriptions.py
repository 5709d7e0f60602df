"""Speech to text, in the language it was spoken in or in English: JSON, plain text, subtitles, or a stream."""

from __future__ import annotations

import struct
from math import isfinite
from typing import Any

import attrs

from aihub_lite.domain.modal import Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.form import Form, Part, flag_in
from aihub_lite.wire.passed_answer import JSON_TYPE, PassedAnswer, rewritten
from aihub_lite.wire.raw_answer import RawObject, looked_into, opened
from aihub_lite.wire.sse import event
from aihub_lite.wire.typed_stream import TypedStream

TEXTS = {"text": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
"""Answers that are no JSON, and what they are."""
TEXT_TYPES = ("text/plain", "application/x-subrip", "text/vtt", "application/octet-stream")
EVENTS_TYPE = "text/event-stream; charset=utf-8"
BYTES_PER_SECOND = 8000
"""Of audio whose length its file does not say outright: 64 kbit/s, between a phone's memo and a podcast."""
AUDIO_TOKENS_PER_SECOND = 10
TEXT_TOKENS_PER_SECOND = 4
"""OpenAI's models hear ten tokens a second, and people say some two and a half words in it."""
LONGEST = 24 * 3600 * 1000
"""Milliseconds; what claims to be longer is not believed."""


def parse_transcription(content: Content) -> Asked:
    """Raises InvalidRequest."""
    assert isinstance(content, Form)  # noqa: S101  the surface takes nothing else
    fields, files = content.fields(), content.files("file")
    if not files:
        raise InvalidRequest("'file' is missing; it must be a file.")
    length = length_of(files[0])
    heard = _in_seconds(length, AUDIO_TOKENS_PER_SECOND)
    return Asked(
        content=content,
        model=model_in(fields),
        stream=flag_in(fields, "stream"),
        prompt_estimate=tokens_in(fields.get("prompt", "")) + heard,
        n=1,
        max_tokens=_in_seconds(length, TEXT_TOKENS_PER_SECOND) or 1,
        units=length,
        unit="millisecond",
        wants=fields.get("response_format", ""),
        modal=Modal(audio_input=heard),
    )


def parse_translation(content: Content) -> Asked:
    """The same, but never streamed; raises InvalidRequest."""
    return attrs.evolve(parse_transcription(content), stream=False)


def _in_seconds(milliseconds: int, tokens: int) -> int:
    return -(-milliseconds * tokens // 1000)


def length_of(file: Part) -> int:
    """Milliseconds of audio: exact for WAV, whose header says how many bytes a second has; else by size."""
    head = bytes(file.data[:4096])
    per_second = BYTES_PER_SECOND
    position = head.find(b"fmt ") if head[:4] == b"RIFF" and head[8:12] == b"WAVE" else -1
    if 0 < position <= len(head) - 20:
        per_second = struct.unpack_from("<I", head, position + 16)[0] or BYTES_PER_SECOND
    return min(-(-len(file.data) * 1000 // per_second), LONGEST)


def transcription_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """Raises AnswerNonsense."""
    if asked.wants in TEXTS and not content_type.startswith(JSON_TYPE):
        return _text_answer(asked, data, content_type)
    fields = opened(data, "text", "segments")
    usage = _reported(asked, looked_into(fields, "usage"), looked_into(fields, "duration"))
    own = asked.usage(tokens_in(_written(fields)))
    if asked.stream:  # whisper-1 does not stream, whatever it is asked
        done = encode({**fields, "type": "transcript.text.done"})
        return PassedAnswer(event(done), usage, own, EVENTS_TYPE)
    return PassedAnswer(rewritten(fields), usage, own)


def _text_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """It never says its usage."""
    if content_type.partition(";")[0].strip().lower() not in ("", *TEXT_TYPES):
        raise AnswerNonsense("The upstream's answer is no text.")
    if data.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        raise AnswerNonsense("The upstream's answer is a page of HTML.")
    return PassedAnswer(data, None, asked.usage(tokens_in(len(data))), f"{TEXTS[asked.wants]}; charset=utf-8")


def _written(fields: RawObject) -> str:
    text = looked_into(fields, "text")
    return text if isinstance(text, str) else ""


def _reported(asked: Asked, usage: Any, duration: Any = None) -> Usage | None:
    """Its tokens, or its length; with tokens alone the length stays our own."""
    if (tokens := asked.reported(usage)) is not None:
        return attrs.evolve(tokens, units=asked.units, unit="millisecond")
    seconds = usage.get("seconds") if isinstance(usage, dict) else None
    length = _milliseconds(duration if seconds is None else seconds)
    return None if length is None else Usage(units=length, unit="millisecond")


def _milliseconds(seconds: Any) -> int | None:
    """Some say it as a text."""
    try:
        number = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(-int(-number * 1000 // 1), LONGEST) if isfinite(number) and number >= 0 else None


@attrs.define
class TranscriptStream(TypedStream):
    """Pieces of text, then all of it with its usage."""

    def said(self, chunk: dict[str, Any], payload: bytes) -> int:
        """Of its text alone."""
        delta = chunk.get("delta")
        return byte_count(delta) if isinstance(delta, str) else 0

    def reported(self, usage: object) -> Usage | None:
        """Tokens, or its length."""
        return _reported(self.asked, usage)

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was heard, which is all of it, and what was written so far."""
        return self.asked.usage(tokens_in(self.relayed_bytes))
