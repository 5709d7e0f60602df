"""A request that is passed on as it came, but for its model: what the gateway reads of it, and how it goes upstream."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import ClassVar, Generic, Literal, TypeVar

import attrs
import msgspec

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import Modal, Modality
from aihub_lite.domain.usage import Unit, Usage
from aihub_lite.wire.chat.quirks import Quirks
from aihub_lite.wire.chat.usage import COMPLETION_DETAILS, PROMPT_DETAILS, usage_of
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.json_types import JsonObject, JsonView, texts_in
from aihub_lite.wire.multipart import Form, FormBody

Body = TypeVar("Body", bound=JsonObject | Form)
"""What a client posts: decoded JSON or a form."""
DETAILS = {"_input": PROMPT_DETAILS, "_output": COMPLETION_DETAILS}
"""By how fields of Modal end: where an upstream tells apart the tokens that they count."""
NOTHING: JsonView = MappingProxyType({})
_encode = msgspec.json.Encoder().encode


@attrs.frozen(kw_only=True)
class PassedRequest:
    """One request of any surface but chat. Its counts are estimates, for the hold and for when no usage comes."""

    model: str
    stream: bool = False
    """Whether the answer is passed on while it comes, so that the upstream can be stopped."""
    events: bool = True
    """Whether a stream is one of events; else it is a file."""
    include_usage: bool = False
    """Whether the client wants the usage chunk of a stream."""
    prompt_estimate: int = 0
    """Tokens."""
    n: int = 0
    """How many things are made, each of `max_tokens` at most; 0 where the answer is none that is billed."""
    max_tokens: int | None = None
    units: int = 0
    unit: Unit | Literal[""] = ""
    """What the request comes to besides tokens, as in Usage."""
    answer_format: str = ""
    """What the client wants the answer to be, where there is a choice: `base64`, `srt`."""
    modal: Modal | None = None
    """What of the prompt is no text."""
    answer_modality: Modality | Literal[""] = ""
    """What the answer's tokens are, if not text."""
    tier: ClassVar[str] = ""
    """None of these has tiers of service."""

    @property
    def posted(self) -> JsonView:
        """Nothing, where what was posted is not kept."""
        return NOTHING

    def usage(self, completion_tokens: int = 0, units: int | None = None) -> Usage:
        """What the request comes to by our own count; `units` are as many as it asks for, if None."""
        if units is None:
            units = self.units
        usage = Usage(self.prompt_estimate, completion_tokens, units=units, unit=self.unit)
        if no_text := self._no_text(completion_tokens):
            return usage.with_modal(Modal(**no_text))
        return usage

    def hosted_at_most(self) -> Hosted | None:
        """No surface but those of conversations has tools."""
        return None

    def reported_usage(self, value: object) -> Usage | None:
        """As `usage_of`; tokens that the upstream does not tell apart are what such requests, and answers, are of."""
        usage = usage_of(value)
        if usage is None or not isinstance(value, dict):
            return usage
        untold = tuple(part for part, names in DETAILS.items() if value.keys().isdisjoint(names))
        no_text = self._no_text(usage.completion_tokens)
        assumed = {name: count for name, count in no_text.items() if name.endswith(untold)}
        if not assumed:
            return usage
        reported: dict[str, int] = {}
        if usage.modal is not None:
            reported = usage.modal.counts()
        return usage.with_modal(Modal(**reported | assumed))

    def _no_text(self, completion_tokens: int) -> dict[str, int]:
        """How many tokens are no text, by the fields of Modal."""
        counts: dict[str, int] = {}
        if self.modal is not None:
            counts = self.modal.counts()
        if self.answer_modality:
            counts[f"{self.answer_modality}_output"] = completion_tokens
        return counts


@attrs.frozen(kw_only=True)
class PostedRequest(PassedRequest, Generic[Body]):
    """A request with all that its client posted."""

    content: Body = attrs.field(repr=False)
    """Never changed."""

    @property
    def posted(self) -> JsonView:
        """The body as its client posted it; nothing of a form."""
        if isinstance(self.content, Form):
            return NOTHING
        return self.content

    def texts(self) -> Iterator[str]:
        """Every text in it, but for names and files."""
        if isinstance(self.content, Form):
            return texts_in(self.content.fields())
        return texts_in(self.content)


def json_body(request: PostedRequest[JsonObject], upstream_model: str, quirks: Quirks) -> bytes:
    """The request for one upstream."""
    return _written(request.content, upstream_model, quirks)


def form_body(request: PostedRequest[Form], upstream_model: str, quirks: Quirks) -> FormBody:
    """The same for a form."""
    return request.content.body_with({"model": upstream_model})


def posted_body(request: PostedRequest[JsonObject | Form], upstream_model: str, quirks: Quirks) -> bytes | FormBody:
    """The same where a client may post either."""
    content = request.content
    if isinstance(content, Form):
        return content.body_with({"model": upstream_model})
    return _written(content, upstream_model, quirks)


def completion_body(request: PostedRequest[JsonObject], upstream_model: str, quirks: Quirks) -> bytes:
    """The same where a stream reports its usage only to who asks for it."""
    content = {name: value for name, value in request.content.items() if name != "stream_options"}
    if request.stream and quirks.stream_options:
        options = request.content.get("stream_options")
        content["stream_options"] = {**(options or {}), "include_usage": True}
    return _written(content, upstream_model, quirks)


def _written(content: JsonObject, upstream_model: str, quirks: Quirks) -> bytes:
    dropped = ROUTING_FIELDS
    if quirks.drop:
        dropped |= quirks.drop
    body = {name: value for name, value in content.items() if name not in dropped}
    body["model"] = upstream_model
    return _encode(body)
