"""What the line reads of a request and of its answer, whatever surface they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.usage import Usage
from aihub_lite.wire.json_types import JsonView
from aihub_lite.wire.written import Written


class Request(Protocol):
    """A parsed request."""

    @property
    def model(self) -> str:
        """The id that the client asked for."""
        ...

    @property
    def stream(self) -> bool:
        """Whether the client wants its answer while it is being made."""
        ...

    @property
    def events(self) -> bool:
        """Whether its stream is one of events, which may end with an error; else it is the bytes of a file."""
        ...

    @property
    def prompt_estimate(self) -> int:
        """Tokens of the prompt by our own count, for the hold and for limits per minute."""
        ...

    @property
    def n(self) -> int:
        """How many answers, pictures or the like are asked for."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that each of them may have."""
        ...

    @property
    def tier(self) -> str:
        """The tier of service that it asks for, as in Usage."""
        ...

    @property
    def posted(self) -> JsonView:
        """The body as its client posted it; empty where that was no JSON."""
        ...

    def usage(self, completion_tokens: int = 0) -> Usage:
        """What it comes to by our own count, with so many tokens written."""
        ...

    def hosted_at_most(self) -> Hosted | None:
        """What its provider may run for it itself; None where nothing of the kind is asked for."""
        ...

    def texts(self) -> Iterator[str]:
        """Every text that its client sent with it, but for names."""
        ...


class Metered(Protocol):
    """An answer whose tokens are counted: a whole one, or a stream as far as it has come."""

    @property
    def usage(self) -> Usage | None:
        """As the upstream reported it last; None while it has not."""
        ...

    @property
    def written(self) -> Written | None:
        """The text of a conversation's answer; None of what is none."""
        ...

    @property
    def withheld(self) -> bool:
        """Whether a policy of the model's kept all of it back: it says so, and has no text and no call."""
        ...

    def estimated(self, prompt_tokens: int) -> Usage:
        """What it comes to by our own count, after a prompt of so many tokens."""
        ...


class Answer(Metered, Protocol):
    """An answer that is not streamed."""

    @property
    def body(self) -> bytes:
        """What the client gets, byte for byte."""
        ...

    @property
    def content_type(self) -> str:
        """The header of that name, which says what `body` is."""
        ...


class Stream(Metered, Protocol):
    """A streamed answer, as far as it has come."""

    usage: Usage | None
    """As the upstream reported it last; may be set to an estimate before `end`."""

    def push(self, payload: bytes) -> list[bytes]:
        """The client's events for one payload of the upstream's stream; raises AnswerNonsense and StreamError."""
        ...

    @property
    def has_content(self) -> bool:
        """Whether anything came that a user would notice."""
        ...

    @property
    def done(self) -> bool:
        """Whether the upstream said that this was all; several never say so."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the client has its answer: only usage may still come, and no cut from here on is a failure."""
        ...

    def end(self) -> list[bytes]:
        """The events of the clean end, usage and the end mark included."""
        ...
