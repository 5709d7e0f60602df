"""What the requests and streams of other surfaces have in common that go through chat: the counting is chat's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.written import Written


class ViaChatRequest:
    """A request of another surface, with its translation to chat in `chat`."""

    __slots__ = ()
    chat: ChatRequest
    events: ClassVar[bool] = True
    n: ClassVar[int] = 1
    """No other surface has several choices."""

    @property
    def model(self) -> str:
        """The id that the client asked for."""
        return self.chat.model

    @property
    def stream(self) -> bool:
        """Whether the client wants its answer while it is being made."""
        return self.chat.stream

    @property
    def prompt_estimate(self) -> int:
        """Tokens of the prompt by our own count."""
        return self.chat.prompt_estimate

    @property
    def max_tokens(self) -> int | None:
        """The most that the answer may have, reasoning included."""
        return self.chat.max_tokens

    @property
    def tier(self) -> str:
        """The tier of service that it asks for."""
        return self.chat.tier

    def usage(self, completion_tokens: int = 0) -> Usage:
        """What it comes to by our own count, with so many tokens written."""
        return self.chat.usage(completion_tokens)

    def texts(self) -> Iterator[str]:
        """Every text in it, but for names: chat has what an upstream can be told of it."""
        return self.chat.texts()


class ViaChatStream:
    """A stream that `chat` reads and meters, and that is written for another surface."""

    __slots__ = ()
    chat: ChatStream

    def push(self, payload: bytes) -> list[bytes]:
        """The events for one payload of the upstream's; raises as ChatStream does."""
        return self.chat.push(payload)

    @property
    def usage(self) -> Usage | None:
        """As last reported upstream; may be set to an estimate before the end."""
        return self.chat.usage

    @usage.setter
    def usage(self, usage: Usage | None) -> None:
        self.chat.usage = usage

    @property
    def written(self) -> Written:
        """The text of the answer so far."""
        return self.chat.written

    @property
    def has_content(self) -> bool:
        """Whether anything came that a user would notice."""
        return self.chat.has_content

    @property
    def withheld(self) -> bool:
        """Whether all of it was kept back."""
        return self.chat.withheld

    @property
    def done(self) -> bool:
        """Whether the upstream said that this was all."""
        return self.chat.done

    @property
    def complete(self) -> bool:
        """Whether the client has its answer: only usage may still come."""
        return self.chat.complete

    def estimated(self, prompt_tokens: int) -> Usage:
        """What was relayed comes to, by our own count."""
        return self.chat.estimated(prompt_tokens)
