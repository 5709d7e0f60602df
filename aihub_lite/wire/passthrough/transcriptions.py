"""Speech to text, in the language it was spoken in or in English: JSON, plain text, subtitles, or a stream."""

from __future__ import annotations

import struct
from math import isfinite
from typing import Any

import attrs

from aihub_lite.domain.modality import Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import byte_count, tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonView, text_at
from aihub_lite.wire.multipart import Form, Part, flag_in
from aihub_lite.wire.passthrough.answer import JSON_TYPE, PassedAnswer, with_changes
from aihub_lite.wire.passthrough.raw import RawObject, fields_of, value_at
from aihub_lite.wire.passthrough.request import PassedRequest, PostedRequest
from aihub_lite.wire.passthrough.typed_stream import TypedStream
from aihub_lite.wire.sse import event

TEXTS = {"text": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
"""Answers that are no JSON, and what they are."""
TEXT_TYPES = ("text/plain", "application/x-subrip", "text/vtt", "application/octet-stream")
EVENTS_TYPE = "text/event-stream; charset=utf-8"
BYTES_PER_SECOND = 8000
"""Of audio whose length its file does not say outright: 64 kbit/s, between a phone's memo and a podcast."""
AUDIO_TOKENS_PER_SECOND = 10
TEXT_TOKENS_PER_SECOND = 4
"""OpenAI's models hear ten tokens a second, and people say some two and a half words in it."""
MAX_LENGTH = 24 * 3600 * 1000
"""Milliseconds; what claims to be longer is not believed."""


def parse_transcription(content: Form) -> PostedRequest[Form]:
    """What the gateway reads of a request to write down speech; raises InvalidRequest."""
    fields = content.fields()
    files = content.files("file")
    if not files:
        raise InvalidRequest("'file' is missing; it must be a file.")
    length = length_of(files[0])
    audio_tokens = _tokens_in(length, AUDIO_TOKENS_PER_SECOND)
    return PostedRequest(
        content=content,
        model=model_in(fields),
        stream=flag_in(fields, "stream"),
        prompt_estimate=tokens_in(fields.get("prompt", "")) + audio_tokens,
        n=1,
        max_tokens=_tokens_in(length, TEXT_TOKENS_PER_SECOND) or 1,
        units=length,
        unit="millisecond",
        answer_format=fields.get("response_format", ""),
        modal=Modal(audio_input=audio_tokens),
    )


def parse_translation(content: Form) -> PostedRequest[Form]:
    """The same, but never streamed; raises InvalidRequest."""
    return attrs.evolve(parse_transcription(content), stream=False)


def _tokens_in(milliseconds: int, per_second: int) -> int:
    """Tokens of so much audio, rounded up."""
    return -(-milliseconds * per_second // 1000)


def length_of(file: Part) -> int:
    """Milliseconds of audio: exact for WAV, whose header says how many bytes a second has; else by size."""
    milliseconds = -(-len(file.data) * 1000 // _bytes_per_second(bytes(file.data[:4096])))
    return min(milliseconds, MAX_LENGTH)


def _bytes_per_second(head: bytes) -> int:
    """By the first bytes of a file; a header that says 0 says nothing."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return BYTES_PER_SECOND
    position = head.find(b"fmt ")
    if not 0 < position <= len(head) - 20:
        return BYTES_PER_SECOND
    per_second: int = struct.unpack_from("<I", head, position + 16)[0]
    return per_second or BYTES_PER_SECOND


def transcription_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """JSON, text or subtitles, or a stream of one event where the client wants a stream; raises AnswerNonsense."""
    if request.answer_format in TEXTS and not content_type.startswith(JSON_TYPE):
        return _text_answer(request, data, content_type)
    fields = fields_of(data, "text", "segments")
    usage = _reported_usage(request, value_at(fields, "usage"), value_at(fields, "duration"))
    own = request.usage(tokens_in(_text(fields)))
    if request.stream:  # whisper-1 does not stream, whatever it is asked
        done = encode({**fields, "type": "transcript.text.done"})
        return PassedAnswer(event(done), usage, own, EVENTS_TYPE)
    return PassedAnswer(with_changes(fields), usage, own)


def _text_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """Text or subtitles, which report no usage."""
    if content_type.partition(";")[0].strip().lower() not in ("", *TEXT_TYPES):
        raise AnswerNonsense("The upstream's answer is no text.")
    if data.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        raise AnswerNonsense("The upstream's answer is a page of HTML.")
    own = request.usage(tokens_in(len(data)))
    return PassedAnswer(data, None, own, f"{TEXTS[request.answer_format]}; charset=utf-8")


def _text(fields: RawObject) -> str:
    text = value_at(fields, "text")
    if isinstance(text, str):
        return text
    return ""


def _reported_usage(request: PassedRequest, usage: object, duration: object = None) -> Usage | None:
    """Its tokens, or its length; with tokens alone the length stays our own."""
    if (tokens := request.reported_usage(usage)) is not None:
        return attrs.evolve(tokens, units=request.units, unit="millisecond")
    if isinstance(usage, dict) and usage.get("seconds") is not None:
        duration = usage["seconds"]
    length = _milliseconds(duration)
    if length is None:
        return None
    return Usage(units=length, unit="millisecond")


def _milliseconds(seconds: Any) -> int | None:
    """Rounded up; None for what is no length. Some upstreams write the number as a text."""
    try:
        number = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return None
    if not isfinite(number) or number < 0:
        return None
    return min(-int(-number * 1000 // 1), MAX_LENGTH)


@attrs.define
class TranscriptStream(TypedStream):
    """Pieces of text, then all of it with its usage."""

    def content_bytes(self, chunk: JsonView, payload: bytes) -> int:
        """Of its text alone."""
        return byte_count(text_at(chunk, "delta"))

    def reported_usage(self, value: object) -> Usage | None:
        """Tokens, or the length of the audio."""
        return _reported_usage(self.request, value)

    def estimated(self, prompt_tokens: int) -> Usage:
        """The audio, which was heard as a whole, and what was written so far."""
        return self.request.usage(tokens_in(self.relayed_bytes))
