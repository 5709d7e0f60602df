"""One attempt at an upstream: what a surface's request becomes there, and what its answer becomes for the client."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Protocol

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.adapters.refused_betas import RefusedBetas
from aihub_lite.gateway.client.exchange import Headers
from aihub_lite.gateway.routing.affinity import Affinity
from aihub_lite.upstream.http1.request import Parcel
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.json_types import JsonView
from aihub_lite.wire.multipart import FormBody
from aihub_lite.wire.protocols import Answer, Stream

JSON: Headers = [(b"content-type", b"application/json")]
ThoughtListener = Callable[[Iterable[JsonView]], None]
"""Takes the `reasoning_details` of an answer, whose thinking only the account that it came from will read again."""


@attrs.frozen
class UpstreamRequest:
    """One request as it goes upstream; `headers` without the key."""

    url: str
    headers: Headers
    body: bytes | FormBody
    dropped: tuple[str, ...] = ()
    """The client's fields that the upstream's format has no word for."""
    endpoint: str = "chat"
    """Whose body it is, as the paths of a channel's parameters name it (domain/overrides.py)."""
    renamed: tuple[tuple[str, str], ...] = ()
    """The client's names of fields and of tools that go by others there, each with that other."""
    assumed: tuple[str, ...] = ()
    """Fields at the top of the body that the format wants and the client has not given: a channel's default comes
    before them."""


@attrs.define(eq=False)
class AttemptContext:
    """What the adapters of one exchange know beside the request and the lane, and leave for one another.

    The failover loop keeps it up to date; keep-alives read it while an attempt runs.
    """

    request_id: str
    clock: Clock
    affinity: Affinity = attrs.field(factory=Affinity)
    refused_betas: RefusedBetas = attrs.field(factory=RefusedBetas, kw_only=True)
    strict: bool = False
    """Whether a request is refused, at an upstream whose format has no word for one of its fields."""
    again: bool = False
    """Whether an attempt has failed: thinking of an unknown account is then left out, as it may be the reason why."""
    without_thoughts: bool = False
    """Whether an upstream could not read a thought of an earlier turn: all are left out from then on."""
    in_numbers: bool = False
    """Whether an upstream refused to give vectors in base64."""
    asked_as_chat: frozenset[str] = frozenset()
    """Ids of channels whose upstreams turned out not to know the surface's own words."""
    stream: Stream | None = None
    """Of the running attempt, once its head is in."""
    parcel: Parcel = attrs.field(factory=Parcel)
    """The request of the running attempt, as long as its upstream may bill it: not once it refused."""
    stream_id: str = ""
    """The id that events of the stream already carry; empty while any id will do."""
    dropped: tuple[str, ...] = ()
    """The client's fields that the format of the upstream asked last has no word for."""
    renamed: tuple[tuple[str, str], ...] = ()
    """As the request of the running attempt has it."""
    traceparent: bytes = b""
    """As in Flight."""

    def created(self) -> int:
        """Unix seconds, as answers say when they were made."""
        return int(self.clock.wall())


class Adapter(Protocol):
    """One attempt: it knows the request, the lane, and how the upstream is asked. Each method is called once at most,
    `send` first."""

    __slots__ = ()
    verbatim: ClassVar[bool] = False
    """Whether the client's own words go along: a 403 may then be about what they ask for, not the key."""

    def send(self) -> UpstreamRequest:
        """What the upstream is asked; raises InvalidRequest where its format cannot say it."""
        ...

    def stream(self) -> Stream:
        """Reads a streamed answer, into what the client gets of it."""
        ...

    def answer(self, data: bytes, content_type: str) -> Answer:
        """A whole answer, as the client gets it; raises AnswerNonsense."""
        ...

    def events(self, data: bytes) -> list[bytes]:
        """What the events of a stream would have said, for a whole answer that came in its place, after `answer`.

        Raises AnswerNonsense.
        """
        raise AnswerNonsense("The upstream does not stream.")

    def rephrase(self) -> bool:
        """The upstream does not know these words: whether the next adapter for its channel will choose others."""
        return False

    def reword(self, refusal: str) -> bool:
        """The upstream refuses the request with this text: whether the next adapter asks for another form of answer."""
        return False

    def forget(self) -> bool:
        """The upstream cannot read a thought of an earlier turn: whether the next adapter will leave out what this one
        sent of them."""
        return False
