"""Two accounts at one upstream, none of which takes back a thought that the other one had."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod

from tests.support.canaries import KEY_CANARY
from tests.support.upstream.answers import error_answer, json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

KEYS = [f"{KEY_CANARY}-one", f"{KEY_CANARY}-two"]


class Accounts(ABC):
    """Two accounts, told apart by their keys; what a thought looks like is for each format to say."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.numbers = itertools.count(1)
        self.limited: set[str] = set()
        """Keys that get a 429."""
        self.bound = True
        """Whether they mind each other's thoughts."""
        upstream.default = self.answer

    @abstractmethod
    def thoughts_in(self, request: Request) -> list[str]:
        """What a request carries of thoughts: that which says whose they are."""

    @abstractmethod
    def refused(self) -> Script:
        """The answer to a thought of the other account's."""

    @abstractmethod
    def message(self, thought: str, *, streamed: bool) -> Script:
        """An answer with a thought."""

    @property
    def requests(self) -> list[tuple[str, list[str]]]:
        """Key and thoughts of every request that asked a model so far."""
        return [(key_of(request), self.thoughts_in(request)) for request in self.upstream.chats]

    def answer(self, request: Request) -> Script:
        if request.method == "GET":
            return json_answer(200, {"data": []})
        key = key_of(request)
        if key in self.limited:
            return error_answer(429, "slow down", headers=[("retry-after", "30")])
        if self.bound and any(not thought.startswith(mark(key)) for thought in self.thoughts_in(request)):
            return self.refused()
        return self.message(f"{mark(key)}/{next(self.numbers)}", streamed=bool(request.json().get("stream")))


def key_of(request: Request) -> str:
    bearer = str(request.header("authorization")).removeprefix("Bearer ")
    return request.header("x-api-key") or bearer


def mark(key: str) -> str:
    """How thoughts of an account begin: with no part of its key."""
    return f"account-{KEYS.index(key)}"
