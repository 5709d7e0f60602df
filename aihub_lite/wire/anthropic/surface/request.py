"""A request of Anthropic Messages, once it is parsed: the client's own body, and what it is in chat's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.betas import VERSION
from aihub_lite.wire.anthropic.surface.to_chat import ChatTranslation, chat_of
from aihub_lite.wire.chat.hub import ViaChatRequest
from aihub_lite.wire.chat.request import ChatRequest, chat_request
from aihub_lite.wire.chat.tier import asked_tier
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.hosted import hosted_at_most
from aihub_lite.wire.json_types import JsonObject, JsonView, texts_in

HEADER = re.compile(r"[\x20-\x7e]{0,4096}")
"""What may go along upstream: anything else cannot be sent, which would look like a fault of the channel's."""


@attrs.frozen
class MessagesBody:
    """A body as it came, and the headers that belong to it."""

    data: bytes | bytearray = attrs.field(repr=False)
    version: str = VERSION
    betas: str = ""


@attrs.define(eq=False)
class MessagesRequest(ViaChatRequest):
    """What the line reads of it, and what is needed to ask either kind of upstream."""

    body: JsonObject = attrs.field(repr=False)
    """Never changed."""
    translation: ChatTranslation = attrs.field(repr=False)
    chat: ChatRequest = attrs.field(repr=False)
    version: str = VERSION
    betas: str = ""
    _marked: ChatRequest | None = attrs.field(default=None, init=False, repr=False)

    @property
    def names(self) -> Mapping[str, str]:
        """The client's names of tools by those that chat upstreams are told."""
        return self.translation.tool_names

    @property
    def tier(self) -> str:
        """The tier of service that it asks for, of which chat is told nothing."""
        return asked_tier(self.body)

    @property
    def posted(self) -> JsonView:
        """The body as its client posted it."""
        return self.body

    def hosted_at_most(self) -> Hosted | None:
        """What its provider may run for it itself, which chat may have no word for."""
        return hosted_at_most(self.body)

    def texts(self) -> Iterator[str]:
        """Every text in it, but for names; also those that chat is not told."""
        return texts_in(self.body)

    def check_sayable(self) -> None:
        """Raises InvalidRequest where only Anthropic can be asked this."""
        if self.translation.unsayable:
            raise InvalidRequest(self.translation.unsayable)

    def with_cache_marks(self) -> ChatRequest:
        """The same with its cache marks, for upstreams that read them."""
        if self._marked is None:
            self._marked = attrs.evolve(self.chat, body=chat_of(self.body, marks=True).body)
        return self._marked


def parse_messages(request: MessagesBody) -> MessagesRequest:
    """Raises InvalidRequest that names the field."""
    for name, value in (("anthropic-version", request.version), ("anthropic-beta", request.betas)):
        if not HEADER.fullmatch(value):
            raise InvalidRequest(f"The header '{name}' must be short and plain ASCII.")
    body = parse_json(request.data)
    translation = chat_of(body)
    return MessagesRequest(body, translation, chat_request(translation.body), request.version, request.betas)


def parse_count_request(data: bytes | bytearray) -> ChatRequest:
    """A request whose tokens are to be counted, which need not say how many it may have back."""
    return chat_request(chat_of(parse_json(data), limited=False).body)
