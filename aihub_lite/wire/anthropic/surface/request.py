"""A request of Anthropic Messages, once it is parsed: the client's own body, and what it is in chat's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_betas import VERSION
from aihub_lite.wire.by_chat import AskedByChat
from aihub_lite.wire.chat_request import ChatRequest, chat_request
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.messages_request import Spoken, chat_of

HEADER = re.compile(r"[\x20-\x7e]{0,4096}")
"""What may go along upstream: anything else cannot be sent, which would look like a fault of the channel's."""


@attrs.frozen
class Posted:
    """A body as it came, and the headers that belong to it."""

    data: bytes | bytearray = attrs.field(repr=False)
    version: str = VERSION
    betas: str = ""


@attrs.define(eq=False)
class MessagesAsked(AskedByChat):
    """What the line reads of it, and what is needed to ask either kind of upstream."""

    body: dict[str, Any] = attrs.field(repr=False)
    """Never changed."""
    spoken: Spoken = attrs.field(repr=False)
    chat: ChatRequest = attrs.field(repr=False)
    version: str = VERSION
    betas: str = ""
    native: bool = False
    """Whether the running attempt asks in Anthropic's own words, and its answer comes so."""
    _marked: ChatRequest | None = attrs.field(default=None, init=False, repr=False)

    @property
    def names(self) -> Mapping[str, str]:
        """The client's names of tools by those that chat upstreams are told."""
        return self.spoken.names

    def sayable(self) -> None:
        """Raises InvalidRequest where only Anthropic can be asked this."""
        if self.spoken.unsayable:
            raise InvalidRequest(self.spoken.unsayable)

    def marked(self) -> ChatRequest:
        """The same with its cache marks, for upstreams that read them."""
        if self._marked is None:
            self._marked = attrs.evolve(self.chat, body=chat_of(self.body, marks=True).chat)
        return self._marked


def parse_messages(posted: Posted) -> MessagesAsked:
    """Raises InvalidRequest that names the field."""
    for name, value in (("anthropic-version", posted.version), ("anthropic-beta", posted.betas)):
        if not HEADER.fullmatch(value):
            raise InvalidRequest(f"The header '{name}' must be short and plain ASCII.")
    body = parse_json(posted.data)
    spoken = chat_of(body)
    return MessagesAsked(body, spoken, chat_request(spoken.chat), posted.version, posted.betas)


def counted(data: bytes | bytearray) -> ChatRequest:
    """A request whose tokens are to be counted, which need not say how many it may have back."""
    return chat_request(chat_of(parse_json(data), limited=False).chat)
