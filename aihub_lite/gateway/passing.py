"""The surfaces beside chat: passed on to the upstreams that have them, as they are but for the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.flight import Flight
from aihub_lite.gateway.pulse import Idle
from aihub_lite.gateway.routing import Lane
from aihub_lite.gateway.thinkers import Thinkers
from aihub_lite.gateway.wires import JSON, Reader, Sent, Wire, document_of, url_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire import gemini_embeddings
from aihub_lite.wire.asked import Asked, Content, sent_body, sent_completion
from aihub_lite.wire.completions import completion_answer, parse_completion
from aihub_lite.wire.embeddings import embeddings_answer, parse_embeddings
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.form import FORM, FormBody
from aihub_lite.wire.images import ImageStream, images_answer, parse_edit, parse_image
from aihub_lite.wire.moderations import moderations_answer, parse_moderations
from aihub_lite.wire.passed_answer import PassedAnswer
from aihub_lite.wire.passed_stream import CompletionStream
from aihub_lite.wire.quirks import Quirks, quirks_of
from aihub_lite.wire.rerank import parse_rerank, rerank_answer
from aihub_lite.wire.shapes import Stream
from aihub_lite.wire.speech import no_speech, parse_speech, speech_stream
from aihub_lite.wire.transcriptions import (
    TranscriptStream,
    parse_transcription,
    parse_translation,
    transcription_answer,
)

Written = Callable[[Asked, str, Quirks], bytes | FormBody]


@attrs.frozen
class PassedWire:
    """What speaks like OpenAI: the same request goes to the same endpoint."""

    path: str
    written: Written = sent_body

    def send(self, asked: Asked, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        """With the upstream's name of the model."""
        channel = lane.candidate.channel
        body = self.written(asked, lane.candidate.upstream_model, quirks_of(channel.provider))
        form = None if isinstance(body, bytes) else body.content_type
        headers = JSON if form is None else [(b"content-type", form.encode("latin-1"))]
        return Sent(url_of(channel.base_url, self.path), headers, body)

    def reader(self, stream: Any, sent: Sent) -> Reader:
        """The stream itself."""
        reader: Reader = stream
        return reader

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        """As it is."""
        return data


class GeminiEmbeddings(PassedWire):
    """Gemini's `batchEmbedContents`."""

    def send(self, asked: Asked, lane: Lane, thinkers: Thinkers, *, again: bool, strict: bool) -> Sent:
        """Raises InvalidRequest."""
        model = lane.candidate.upstream_model
        translated = gemini_embeddings.translate(asked, model, strict=strict)
        url = url_of(lane.candidate.channel.base_url, gemini_embeddings.path_of(model))
        return Sent(url, JSON, msgspec.json.encode(translated.body), dropped=translated.dropped)

    def answer_body(self, data: bytes, sent: Sent) -> bytes:
        """OpenAI's answer; raises AnswerNonsense."""
        return msgspec.json.encode(gemini_embeddings.embeddings_of(document_of(data)))


def comments_alone() -> None:
    """No event of these streams says nothing: a comment has to do."""


@attrs.frozen(kw_only=True)
class Passed:
    """One surface, as data."""

    name: str
    path: str
    """Below the base URL, ours and an upstream's."""
    parsed: Callable[[Content], Asked]
    answered: Callable[[Asked, bytes, str], PassedAnswer]
    streamed: Callable[[Asked], Stream] | None = None
    """None: its answers are not streamed, whatever a client asks."""
    takes: Literal["json", "form", "either"] = "json"
    written: Written = sent_body
    others: Mapping[str, Wire] = attrs.field(factory=dict)
    """How upstreams that speak another wire are asked the same."""
    everywhere: bool = False
    whole_for_stream: bool = False
    _wire: PassedWire = attrs.field(init=False)

    @_wire.default
    def _made_wire(self) -> PassedWire:
        return PassedWire(self.path, self.written)

    def body(self, exchange: Exchange, limit: int, timeout: float) -> Awaitable[Any]:
        """A form or JSON, by what it says it is."""
        is_form = exchange.header(b"content-type").lower().startswith(FORM)
        if self.takes == "form" or (is_form and self.takes == "either"):
            return exchange.form(limit, timeout)
        return exchange.body(limit, timeout)

    def parse(self, body: Any) -> Asked:
        """Raises InvalidRequest."""
        return self.parsed(parse_json(body) if isinstance(body, bytes | bytearray) else body)

    def chat(self, asked: Asked) -> None:
        """There are no conversations here."""

    def wire(self, candidate: Candidate) -> Wire | None:
        """Its own for what speaks like OpenAI."""
        spoken = PROVIDERS[candidate.channel.provider].wire
        return self._wire if spoken == "chat" else self.others.get(spoken)

    def idle(self, asked: Asked, flight: Flight, clock: Clock) -> Idle | None:
        """Comments, between events; in a file nothing can be said."""
        return comments_alone if asked.events else None

    def stream(self, asked: Asked, flight: Flight, created: int) -> Stream:
        """Only for what asked for one."""
        assert self.streamed is not None  # noqa: S101  nothing else is parsed as a stream
        return self.streamed(asked)

    def whole(self, asked: Asked, data: bytes, content_type: str, request_id: str, created: int) -> PassedAnswer:
        """Raises AnswerNonsense."""
        return self.answered(asked, data, content_type)


PASSED = (
    Passed(
        name="embeddings",
        path="/embeddings",
        parsed=parse_embeddings,
        answered=embeddings_answer,
        others={"gemini": GeminiEmbeddings("/embeddings")},
    ),
    Passed(
        name="completions",
        path="/completions",
        parsed=parse_completion,
        answered=completion_answer,
        streamed=CompletionStream,
        written=sent_completion,
    ),
    Passed(
        name="fim",
        path="/fim/completions",
        parsed=parse_completion,
        answered=completion_answer,
        streamed=CompletionStream,
        written=sent_completion,
    ),
    Passed(
        name="images",
        path="/images/generations",
        parsed=parse_image,
        answered=images_answer,
        streamed=ImageStream,
    ),
    Passed(
        name="edits",
        path="/images/edits",
        parsed=parse_edit,
        answered=images_answer,
        streamed=ImageStream,
        takes="either",
    ),
    Passed(
        name="speech",
        path="/audio/speech",
        parsed=parse_speech,
        answered=no_speech,
        streamed=speech_stream,
    ),
    Passed(
        name="transcriptions",
        path="/audio/transcriptions",
        parsed=parse_transcription,
        answered=transcription_answer,
        streamed=TranscriptStream,
        takes="form",
        whole_for_stream=True,
    ),
    Passed(
        name="translations",
        path="/audio/translations",
        parsed=parse_translation,
        answered=transcription_answer,
        takes="form",
    ),
    Passed(name="moderations", path="/moderations", parsed=parse_moderations, answered=moderations_answer),
    Passed(name="rerank", path="/rerank", parsed=parse_rerank, answered=rerank_answer),
)
"""Every surface but chat."""
