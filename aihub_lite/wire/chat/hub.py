"""What requests and streams have in common that chat upstreams are asked for: all that counts is chat's own."""

from __future__ import annotations

from typing import ClassVar

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.chat_stream import ChatStream


class AskedByChat:
    """A request that holds itself in chat's words."""

    __slots__ = ()
    chat: ChatRequest
    events: ClassVar[bool] = True
    n: ClassVar[int] = 1
    """Whatever else it asks for: its own API has one answer."""

    @property
    def model(self) -> str:
        """The id that the client asked for."""
        return self.chat.model

    @property
    def stream(self) -> bool:
        """Whether its answer is passed on while it comes."""
        return self.chat.stream

    @property
    def prompt_estimate(self) -> int:
        """Tokens."""
        return self.chat.prompt_estimate

    @property
    def max_tokens(self) -> int | None:
        """The most that the answer may have, reasoning included."""
        return self.chat.max_tokens

    def usage(self, completion_tokens: int = 0) -> Usage:
        """What it comes to by our own count, with so many tokens written."""
        return self.chat.usage(completion_tokens)


class ToldByChat:
    """A stream that is read and metered as chat, and leaves in other words."""

    __slots__ = ()
    chat: ChatStream

    @property
    def usage(self) -> Usage | None:
        """As last reported upstream; may be set to an estimate before the end."""
        return self.chat.usage

    @usage.setter
    def usage(self, usage: Usage | None) -> None:
        self.chat.usage = usage

    @property
    def has_content(self) -> bool:
        """Whether anything came that a user would notice."""
        return self.chat.has_content

    @property
    def done(self) -> bool:
        """Whether nothing follows."""
        return self.chat.done

    @property
    def complete(self) -> bool:
        """Whether it is all there, but for what only concerns us."""
        return self.chat.complete

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return self.chat.estimated(prompt_tokens)
