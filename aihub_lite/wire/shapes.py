"""What the line reads of a request and of its answer, whatever surface they belong to."""

from __future__ import annotations

from typing import Protocol

from aihub_lite.domain.usage import Usage


class Request(Protocol):
    """A request, once it is parsed."""

    @property
    def model(self) -> str:
        """The id that the client asked for."""
        ...

    @property
    def stream(self) -> bool:
        """Whether its answer is passed on while it comes."""
        ...

    @property
    def events(self) -> bool:
        """Whether a stream of it is one of events; else it is a file."""
        ...

    @property
    def prompt_estimate(self) -> int:
        """Tokens."""
        ...

    @property
    def n(self) -> int:
        """How many things are made."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that each of them may have."""
        ...

    def usage(self, completion_tokens: int = 0) -> Usage:
        """What it comes to by our own count, with so many tokens made."""
        ...


class Counted(Protocol):
    """An answer, whole or so far."""

    @property
    def usage(self) -> Usage | None:
        """As the upstream reported it last."""
        ...

    def estimated(self, prompt_tokens: int) -> Usage:
        """What it comes to by our own count, after a prompt of so many tokens."""
        ...


class Answer(Counted, Protocol):
    """A whole answer."""

    @property
    def body(self) -> bytes:
        """What the client gets."""
        ...

    @property
    def content_type(self) -> str:
        """And what that is."""
        ...


class Stream(Counted, Protocol):
    """A streamed answer, as far as it has come."""

    usage: Usage | None

    @property
    def has_content(self) -> bool:
        """Whether anything came that a user would notice."""
        ...

    @property
    def done(self) -> bool:
        """Whether nothing follows."""
        ...

    @property
    def complete(self) -> bool:
        """Whether it is all there, but for what only concerns us."""
        ...

    def end(self) -> list[bytes]:
        """What the client gets at the clean end."""
        ...
