"""Speech made from a text: a file that comes as it is made, or a stream of events."""

from __future__ import annotations

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.passthrough.answer import PassedAnswer
from aihub_lite.wire.passthrough.raw import fields_of
from aihub_lite.wire.passthrough.request import PassedRequest, PostedRequest
from aihub_lite.wire.passthrough.stream import FileStream
from aihub_lite.wire.passthrough.typed_stream import TypedStream


def parse_speech(content: JsonObject) -> PostedRequest[JsonObject]:
    """What the gateway reads of a request to speak a text; raises InvalidRequest."""
    model = model_in(content)
    text = content.get("input")
    if not isinstance(text, str) or not text:
        raise InvalidRequest(wrong(content, "input", "a non-empty string"))
    return PostedRequest(
        content=content,
        model=model,
        stream=True,
        events=content.get("stream_format") == "sse",
        prompt_estimate=tokens_in(text),
        n=1,
        max_tokens=spoken_tokens(len(text)),
        units=len(text),
        unit="character",
        answer_modality="audio",
    )


def spoken_tokens(characters: int) -> int:
    """Tokens of audio: some 15 characters are spoken in a second, and a second is 21 tokens (gpt-4o-mini-tts)."""
    return -(-characters * 7 // 5)


def speech_stream(request: PassedRequest) -> FileStream | SpeechStream:
    """A reader of the answer: of events where the client asked for them, else of the file."""
    if request.events:
        return SpeechStream(request)
    return FileStream(request, request.max_tokens or 0)


def no_speech(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """A document instead of speech; raises AnswerNonsense, with the error that the document holds if it does."""
    fields_of(data, "error")
    raise AnswerNonsense("The upstream's answer is no speech.")


@attrs.define
class SpeechStream(TypedStream):
    """Pieces of audio in base64, then the usage."""

    def reported_usage(self, value: object) -> Usage | None:
        """Tokens, and the characters that were read."""
        usage = self.request.reported_usage(value)
        if usage is None:
            return None
        return attrs.evolve(usage, units=self.request.units, unit="character")

    def estimated(self, prompt_tokens: int) -> Usage:
        """All of it, once any of it is there: the upstream has read the whole request."""
        return self.request.usage(self.request.max_tokens or 0)
