"""Speech made from a text: a file that comes as it is made, or a stream of events."""

from __future__ import annotations

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.passed_answer import PassedAnswer
from aihub_lite.wire.passed_stream import FileStream
from aihub_lite.wire.raw_answer import opened
from aihub_lite.wire.typed_stream import TypedStream


def parse_speech(content: Content) -> Asked:
    """Raises InvalidRequest."""
    assert isinstance(content, dict)  # noqa: S101  the surface takes no forms
    model, text = model_in(content), content.get("input")
    if not isinstance(text, str) or not text:
        raise InvalidRequest(wrong(content, "input", "a non-empty string"))
    return Asked(
        content=content,
        model=model,
        stream=True,
        events=content.get("stream_format") == "sse",
        prompt_estimate=tokens_in(text),
        n=1,
        max_tokens=spoken_tokens(len(text)),
        units=len(text),
        unit="character",
        made="audio",
    )


def spoken_tokens(characters: int) -> int:
    """Tokens of audio: some 15 characters are spoken in a second, and a second is 21 tokens (gpt-4o-mini-tts)."""
    return -(-characters * 7 // 5)


def speech_stream(asked: Asked) -> FileStream | SpeechStream:
    """A reader of what comes."""
    return SpeechStream(asked) if asked.events else FileStream(asked, asked.max_tokens or 0)


def no_speech(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """A document instead of speech; raises AnswerNonsense."""
    opened(data, "error")
    raise AnswerNonsense("The upstream's answer is no speech.")


@attrs.define
class SpeechStream(TypedStream):
    """Pieces of audio in base64, then the usage."""

    def reported(self, usage: object) -> Usage | None:
        """Tokens, and the characters that were read."""
        tokens = self.asked.reported(usage)
        return tokens and attrs.evolve(tokens, units=self.asked.units, unit="character")

    def estimated(self, prompt_tokens: int) -> Usage:
        """All of it, once any of it is there: the upstream has read the whole request."""
        return self.asked.usage(self.asked.max_tokens or 0)
