"""Fifty requests a second of every kind, good and bad, to upstreams that are mostly well."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import attrs

from tests.support.gateway import Gateway
from tests.support.rawclient import Stream
from tests.support.upstream.answers import END_OF_BODY, chat_answer, chat_chunks, chat_stream, error_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Close, Hang, Reset, Script, Send

CLIENTS = 40
"""Each asks every so often; so many, for those that wait for a silent upstream."""
FEW = 2
"""Events after which a client leaves."""


def mixed(luck: random.Random) -> Callable[[Request], Script]:
    """An upstream that is mostly well: 4 % 500s, 3 % 429s, 3 % 400s, and a few of each way to break off."""

    def answer(request: Request) -> Script:
        fault = luck.random()
        if fault < 0.04:
            return error_answer(500, "broken")
        if fault < 0.07:
            return error_answer(429, "too many", "rate_limit_exceeded", [("retry-after", "1")])
        if fault < 0.10:
            return error_answer(400, "too long", "context_length_exceeded")
        if fault < 0.12:
            return [Close()]
        if fault < 0.13:
            return [Reset()]
        if not request.json().get("stream"):
            return chat_answer()
        return streamed(fault)

    return answer


def streamed(fault: float) -> Script:
    """A stream: one that is no HTTP any more, one without an end, one that falls silent, or one as it should be."""
    begun = chat_chunks("one two three")[:3]
    if fault < 0.16:
        return sse(*begun, done=False, end=[Send(b"zz\r\n"), Close()])
    if fault < 0.19:
        return sse(*begun, done=False, end=[END_OF_BODY])
    if fault < 0.20:
        return [Hang()]
    if fault < 0.21:
        return sse(*begun, done=False, end=[Hang()])
    return chat_stream()


def whole(gateway: Gateway, model: str) -> str:
    return f"whole {gateway.chat(model).status}"


def messages(gateway: Gateway, model: str) -> str:
    body = {"model": model, "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]}
    return f"messages {gateway.post(body, '/v1/messages').status}"


def refused_key(gateway: Gateway, model: str) -> str:
    return f"wrong key {gateway.chat(model, key='sk-wrong').status}"


def unknown_model(gateway: Gateway, model: str) -> str:
    return f"no such model {gateway.chat('nobody-serves-this').status}"


def stream(gateway: Gateway, model: str) -> str:
    with gateway.stream(model) as answer:
        for _ in answer.events():
            pass
        return f"stream {told(answer)}"


def told(answer: Stream) -> str:
    """How a stream ended: its framing is always whole, with an error event where the upstream's was not."""
    return str(answer.head.status) if answer.clean or answer.head.status != 200 else "not ended"


def leave_stream(gateway: Gateway, model: str) -> str:
    with gateway.stream(model) as answer:
        for number, _ in enumerate(answer.events(), 1):
            if number == FEW:
                break
    return f"left stream {answer.head.status}"


def leave_at_once(gateway: Gateway, model: str) -> str:
    with gateway.asking(model):
        return "left at once"


Call = Callable[[Gateway, str], str]
"""One request to a model, and what came of it."""
KINDS: Mapping[Call, int] = {
    whole: 30,
    stream: 35,
    messages: 5,
    leave_stream: 10,
    leave_at_once: 5,
    refused_key: 10,
    unknown_model: 5,
}
"""How many of a hundred requests are of each kind."""


@attrs.define(eq=False)
class Traffic(AbstractContextManager["Traffic"]):
    """Clients that ask, `pace` a second of all, from the start of the block to its end."""

    gateway: Gateway
    models: list[str]
    pace: float
    outcomes: Counter[str] = attrs.field(factory=Counter)
    errors: list[str] = attrs.field(factory=list)
    """What no client should see: an answer that breaks off, or none."""
    _over: threading.Event = attrs.field(factory=threading.Event)
    _threads: list[threading.Thread] = attrs.field(factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, number: int) -> None:
        """One client: it is late after a silent upstream, and asks no more often for that."""
        luck = random.Random(number)
        interval = CLIENTS / self.pace
        due = time.monotonic() + interval * number / CLIENTS
        while not self._over.wait(max(0.0, due - time.monotonic())):
            (call,) = luck.choices([*KINDS], [*KINDS.values()])
            try:
                outcome = call(self.gateway, luck.choice(self.models))
            except Exception as error:  # of whatever kind: it is told at the end
                outcome = f"{call.__name__}: {error!r}"
                self.errors.append(outcome)
            self.outcomes[outcome] += 1
            due = max(due + interval, time.monotonic())
