"""The surfaces that are no conversation: passed on to the upstreams that have them, as they came but for the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, cast

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import JSON, Adapter, AttemptContext, UpstreamRequest
from aihub_lite.gateway.adapters.chat_upstream import document_of
from aihub_lite.gateway.adapters.hosting import gemini_url
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.client.keepalive import IdleEvent
from aihub_lite.gateway.routing.affinity import Affinity
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.quirks import Quirks
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.gemini import embeddings as gemini_embeddings
from aihub_lite.wire.gemini import vertex
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.multipart import FORM, Form, FormBody
from aihub_lite.wire.passthrough.answer import PassedAnswer
from aihub_lite.wire.passthrough.completions import completion_answer, parse_completion
from aihub_lite.wire.passthrough.embeddings import (
    BASE64,
    REFUSED_FORM,
    embeddings_answer,
    in_numbers,
    parse_embeddings,
)
from aihub_lite.wire.passthrough.images import ImageStream, images_answer, parse_edit, parse_image
from aihub_lite.wire.passthrough.joined import completion_in, events_in
from aihub_lite.wire.passthrough.moderations import moderations_answer, parse_moderations
from aihub_lite.wire.passthrough.request import (
    Body,
    PassedRequest,
    PostedRequest,
    completion_body,
    form_body,
    json_body,
    posted_body,
)
from aihub_lite.wire.passthrough.rerank import parse_rerank, rerank_answer
from aihub_lite.wire.passthrough.speech import no_speech, parse_speech, speech_stream
from aihub_lite.wire.passthrough.stream import CompletionStream
from aihub_lite.wire.passthrough.transcriptions import (
    TranscriptStream,
    parse_transcription,
    parse_translation,
    transcription_answer,
)
from aihub_lite.wire.protocols import Stream
from aihub_lite.wire.sse import is_stream

Posted = bytes | bytearray | Form
"""A body as it came, or taken apart while it came."""
BodyWriter = Callable[[PostedRequest[Body], str, Quirks], bytes | FormBody]
"""(request, upstream model, quirks): the body that goes upstream."""


def read_json(exchange: Exchange, limit: int, timeout: float) -> Awaitable[bytes | bytearray]:
    """A body of JSON, for `parse` to decode."""
    return exchange.body(limit, timeout)


def read_form(exchange: Exchange, limit: int, timeout: float) -> Awaitable[Form]:
    """A body that is a form, taken apart; raises InvalidRequest."""
    return exchange.form(limit, timeout)


async def read_either(exchange: Exchange, limit: int, timeout: float) -> Posted:  # noqa: ASYNC109
    """A form or JSON, by its content type; raises InvalidRequest."""
    if exchange.header(b"content-type").lower().startswith(FORM):
        return await exchange.form(limit, timeout)
    return await read_json(exchange, limit, timeout)


@attrs.define(eq=False)
class PassedAdapter(Adapter, Generic[Body]):
    """For upstreams with an API like OpenAI's: the same request goes to the same endpoint."""

    surface: PassedSurface[Body]
    request: PostedRequest[Body]
    lane: Lane
    context: AttemptContext

    def send(self) -> UpstreamRequest:
        candidate = self.lane.candidate
        channel = candidate.channel
        provider = PROVIDERS[channel.provider]
        body = self.surface.write_body(self.request, candidate.upstream_model, provider.quirks)
        headers = JSON
        if isinstance(body, FormBody):
            headers = [(b"content-type", body.content_type.encode("latin-1"))]
        url = provider.url(channel.base_url, self.surface.path, candidate.upstream_model)
        return UpstreamRequest(url, headers, body, endpoint=self.surface.name)

    def stream(self) -> Stream:
        assert self.surface.open_stream is not None  # noqa: S101  no other request is parsed as one for a stream
        return self.surface.open_stream(self.request)

    def answer(self, data: bytes, content_type: str) -> PassedAnswer:
        if self.surface.written and is_stream(data):
            data = completion_in(data)
        return self.surface.make_answer(self.request, data, content_type)

    def events(self, data: bytes) -> list[bytes]:
        if self.surface.written:
            return events_in(data)
        return super().events(data)


@attrs.define(eq=False)
class EmbeddingsAdapter(PassedAdapter[JsonObject]):
    """Embeddings, which not every upstream gives in base64: openai-python asks for that unless it is told otherwise."""

    def send(self) -> UpstreamRequest:
        if self.context.in_numbers:
            self.request = in_numbers(self.request)
        return PassedAdapter.send(self)

    def reword(self, refusal: str) -> bool:
        """The next one asks for numbers, which are encoded here."""
        if self.context.in_numbers or self.request.answer_format != BASE64 or not REFUSED_FORM.search(refusal):
            return False
        self.context.in_numbers = True
        return True


@attrs.define(eq=False)
class GeminiEmbeddings(PassedAdapter[JsonObject]):
    """Embeddings, asked of Gemini's `batchEmbedContents`, or of what Vertex has in its place."""

    def send(self) -> UpstreamRequest:
        candidate = self.lane.candidate
        model = candidate.upstream_model
        if PROVIDERS[candidate.channel.provider].cloud == "vertex":
            path, translation = vertex.translate_embeddings(self.request, model, strict=self.context.strict)
        else:
            path = gemini_embeddings.path_of(model)
            translation = gemini_embeddings.translate(self.request, model, strict=self.context.strict)
        body = msgspec.json.encode(translation.body)
        return UpstreamRequest(gemini_url(candidate, path), JSON, body, translation.dropped, self.surface.name)

    def answer(self, data: bytes, content_type: str) -> PassedAnswer:
        embeddings = vertex.embeddings_of(document_of(data))
        return PassedAdapter.answer(self, msgspec.json.encode(embeddings), content_type)


def no_event() -> None:
    """These streams have no event that says nothing, so a comment has to do."""


@attrs.frozen(kw_only=True)
class PassedSurface(Generic[Body]):
    """One endpoint, as data."""

    name: str
    path: str
    """Below the base URL, ours and an upstream's."""
    read_body: Callable[[Exchange, int, float], Awaitable[Posted]]
    """(exchange, most bytes, seconds): what its client posts."""
    parse_body: Callable[[Body], PostedRequest[Body]]
    make_answer: Callable[[PassedRequest, bytes, str], PassedAnswer]
    """(request, an upstream's answer, its content type)."""
    open_stream: Callable[[PassedRequest], Stream] | None = None
    """None: its answers are not streamed, whatever a client asks."""
    write_body: BodyWriter[Body]
    translated: Mapping[str, type[PassedAdapter[Body]]] = attrs.field(factory=dict)
    """How upstreams are asked that want more than to be passed it on, by their format."""
    written: bool = False
    """Whether it is text that a model writes, which says the same streamed or not."""
    everywhere: bool = False
    whole_for_stream: bool = False

    def body(self, exchange: Exchange, limit: int, timeout: float) -> Awaitable[Posted]:
        """What its client posts."""
        return self.read_body(exchange, limit, timeout)

    def parse(self, body: Posted) -> PostedRequest[Body]:
        """The request in a body; raises InvalidRequest."""
        fields = body if isinstance(body, Form) else parse_json(body)
        return self.parse_body(cast("Body", fields))

    def chat(self, request: PostedRequest[Body]) -> None:
        """None of these is a conversation."""

    def origin(self, request: PostedRequest[Body], lanes: Sequence[Lane], affinity: Affinity) -> None:
        """Nothing is thought here."""

    def serves(self, candidate: Candidate) -> bool:
        """Whether its upstream has an API like OpenAI's, or the same in another format."""
        provider = PROVIDERS[candidate.channel.provider]
        if not provider.has(self.name, candidate.channel.base_url):
            return False
        wire = provider.wire_for(candidate.upstream_model)
        return wire == "chat" or wire in self.translated

    def adapter(self, request: PostedRequest[Body], lane: Lane, context: AttemptContext) -> PassedAdapter[Body]:
        """For the format of the lane's upstream."""
        candidate = lane.candidate
        wire = PROVIDERS[candidate.channel.provider].wire_for(candidate.upstream_model)
        adapter = self.translated.get(wire, PassedAdapter)
        return adapter(self, request, lane, context)

    def idle_event(self, request: PostedRequest[Body], flight: Flight, context: AttemptContext) -> IdleEvent | None:
        """A comment between events; into a file nothing can be put."""
        if request.events:
            return no_event
        return None


PASSED: tuple[PassedSurface[Any], ...] = (
    PassedSurface(
        name="embeddings",
        path="/embeddings",
        read_body=read_json,
        parse_body=parse_embeddings,
        make_answer=embeddings_answer,
        write_body=json_body,
        translated={"chat": EmbeddingsAdapter, "gemini": GeminiEmbeddings},
    ),
    PassedSurface(
        name="completions",
        path="/completions",
        read_body=read_json,
        parse_body=parse_completion,
        make_answer=completion_answer,
        write_body=completion_body,
        open_stream=CompletionStream,
        written=True,
    ),
    PassedSurface(
        name="fim",
        path="/fim/completions",
        read_body=read_json,
        parse_body=parse_completion,
        make_answer=completion_answer,
        write_body=completion_body,
        open_stream=CompletionStream,
        written=True,
    ),
    PassedSurface(
        name="images",
        path="/images/generations",
        read_body=read_json,
        parse_body=parse_image,
        make_answer=images_answer,
        write_body=json_body,
        open_stream=ImageStream,
    ),
    PassedSurface(
        name="edits",
        path="/images/edits",
        read_body=read_either,
        parse_body=parse_edit,
        make_answer=images_answer,
        write_body=posted_body,
        open_stream=ImageStream,
    ),
    PassedSurface(
        name="speech",
        path="/audio/speech",
        read_body=read_json,
        parse_body=parse_speech,
        make_answer=no_speech,
        write_body=json_body,
        open_stream=speech_stream,
    ),
    PassedSurface(
        name="transcriptions",
        path="/audio/transcriptions",
        read_body=read_form,
        parse_body=parse_transcription,
        make_answer=transcription_answer,
        write_body=form_body,
        open_stream=TranscriptStream,
        whole_for_stream=True,
    ),
    PassedSurface(
        name="translations",
        path="/audio/translations",
        read_body=read_form,
        parse_body=parse_translation,
        make_answer=transcription_answer,
        write_body=form_body,
    ),
    PassedSurface(
        name="moderations",
        path="/moderations",
        read_body=read_json,
        parse_body=parse_moderations,
        make_answer=moderations_answer,
        write_body=json_body,
    ),
    PassedSurface(
        name="rerank",
        path="/rerank",
        read_body=read_json,
        parse_body=parse_rerank,
        make_answer=rerank_answer,
        write_body=json_body,
    ),
)
"""Every endpoint of the kind; where an upstream may lack one, `everywhere` is false."""
