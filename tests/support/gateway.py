"""A running gateway as tests use it: chat with it, administer it, read its books."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs
import msgspec

from tests.support import rawclient
from tests.support.books import Books
from tests.support.canaries import KEY_CANARY, PROMPT_CANARY
from tests.support.process import Home, Process
from tests.support.rawclient import Answer, Stream

ADMIN = "/api/admin"
CHAT = "/v1/chat/completions"
POLL = 0.005
WARM = "what first requests would wait for is made"
"""Logged at level DEBUG."""
_numbers = itertools.count(1)


def unique(word: str) -> str:
    """A name that no other test of this run has."""
    return f"{word}-{next(_numbers)}"


def eventually(holds: Callable[[], bool], what: Callable[[], str], timeout: float = 20.0) -> None:
    """Polls until `holds`; raises AssertionError with `what` is the matter after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(POLL)  # between two looks


@attrs.define(eq=False)
class Gateway:
    """A gateway process. `key` is the token's that requests carry unless they bring another.

    With `restarts`, what a test sets up is behind a restart before the test's first request.
    """

    home: Home
    process: Process
    address: str
    """Its base URL, whatever was set up."""
    admin_key: str
    key: str = ""
    secrets: list[str] = attrs.field(factory=list)
    """Token keys and upstream keys handed out so far: none may ever be seen in a log."""
    restarts: bool = False
    changed: bool = False
    """Whether anything was set up since the last start."""
    asked: bool = False
    """Whether this test has asked anything: from then on what lives in memory is part of its story."""
    _earlier_news: str = ""
    _starting: threading.Lock = attrs.field(factory=threading.Lock)

    @property
    def url(self) -> str:
        """Its base URL, for a client."""
        with self._starting:
            self._restart_when_due()
        return self.address

    def _asked_url(self) -> str:
        """Its base URL, for a request that belongs to this test's story."""
        with self._starting:
            self._restart_when_due()
            self.asked = True
        return self.address

    def _restart_when_due(self) -> None:
        if self.restarts and self.changed and not self.asked:
            self.restart()

    def restart(self) -> None:
        """Ends the process and starts another one, on the same data directory and port."""
        self.process.end()
        self._earlier_news += self.process.news()
        self.process, self.address = self.home.serve("--port", str(urlsplit(self.address).port))
        self.changed = False

    def news(self) -> str:
        """What it printed since the last call, before a restart too."""
        news = self._earlier_news + self.process.news()
        self._earlier_news = ""
        return news

    @property
    def books(self) -> Books:
        """What it has booked."""
        return Books(self.home.directory)

    def admin(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
        """A call of the admin API; `path` starts after `/api/admin`."""
        headers = {"authorization": f"Bearer {self.admin_key if key is None else key}"}
        if body is not None:
            headers["content-type"] = "application/json"
        content = None if body is None else msgspec.json.encode(body)
        if self.asked or not self.restarts:
            return rawclient.request(self.address, method, ADMIN + path, headers, content)
        # Until the first request another thread may be about to restart: not in the middle of this call.
        with self._starting:
            self.changed = self.changed or method != "GET"
            return rawclient.request(self.address, method, ADMIN + path, headers, content)

    def status(self) -> dict[str, Any]:
        """What the gateway says of itself at this moment."""
        answer = self.admin("GET", "/status")
        assert 200 == answer.status, answer.body
        status: dict[str, Any] = answer.json()
        return status

    def resting_kb(self) -> int:
        """Memory of the process, once it has made what it makes a moment after its start."""
        assert self.process.stderr.wait_line(lambda line: WARM in line, 60)
        return self.process.rss_kb()

    def wait_status(self, timeout: float = 20.0, **wanted: object) -> None:
        """Returns once all the given fields of the status have these values."""
        seen: dict[str, Any] = {}

        def reached() -> bool:
            seen.update(self.status())
            return wanted.items() <= seen.items()

        eventually(reached, lambda: f"wanted {wanted}, the status is {seen}", timeout)

    def add_channel(self, base_url: str, model: str | None = None, **fields: Any) -> str:
        """A channel of provider `openai` with one key at `base_url`; returns the model it serves.

        The upstream model is `upstream-model`; `fields` go into the body as they are.
        """
        model = model or unique("model")
        body = {
            "name": unique("channel"),
            "provider": "openai",
            "base_url": base_url,
            "keys": [f"{KEY_CANARY}-{next(_numbers)}"],
            "models": [f"{model}=upstream-model"],
            **fields,
        }
        self.secrets += [key for key in body["keys"] if not key.startswith(("env:", "profile:"))]
        answer = self.admin("POST", "/channels", body)
        assert answer.status in (200, 201), answer.body
        return model

    def add_token(self, **fields: Any) -> str:
        """A token, unlimited but for `fields`; returns its key."""
        answer = self.admin("POST", "/tokens", {"name": unique("token"), **fields})
        assert answer.status in (200, 201), answer.body
        key: str = answer.json()["key"]
        self.secrets.append(key)
        return key

    def set_price(self, model: str, price: str = "10", output: str = "20") -> None:
        """USD per million tokens of prompt and completion."""
        answer = self.admin("POST", "/prices", {"model": model, "input": price, "output": output})
        assert 200 == answer.status, answer.body

    def post(self, body: object, path: str = CHAT, key: str | None = None, **headers: str) -> Answer:
        """One relayed request; bytes go out as they are."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        url = self._asked_url()
        return rawclient.request(url, "POST", path, self.headers(key, headers), content, timeout=30)

    def get(self, path: str, key: str | None = None) -> Answer:
        """One request without a body."""
        return rawclient.request(self.url, "GET", path, self.headers(key))

    def chat(self, model: str, key: str | None = None, **fields: Any) -> Answer:
        """A chat completion that is not streamed."""
        return self.post(chat_body(model, **fields), key=key)

    def stream(self, model: str, key: str | None = None, **fields: Any) -> AbstractContextManager[Stream]:
        """A streamed chat completion, being read; leaving the block hangs up."""
        content = msgspec.json.encode(chat_body(model, stream=True, **fields))
        url = self._asked_url()
        return rawclient.stream(url, CHAT, self.headers(key), content)

    @contextmanager
    def asking(self, model: str, key: str | None = None, **fields: Any) -> Iterator[rawclient.RawConnection]:
        """A chat request sent and nothing of its answer read; leaving the block hangs up."""
        url = self._asked_url()
        with rawclient.RawConnection(url) as connection:
            content = msgspec.json.encode(chat_body(model, **fields))
            connection.send(rawclient.request_bytes("POST", CHAT, self.headers(key), content))
            yield connection

    def headers(self, key: str | None = None, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The header fields of an honest client."""
        bearer = self.key if key is None else key
        named = {name.replace("_", "-"): value for name, value in (more or {}).items()}
        return {"authorization": f"Bearer {bearer}", "content-type": "application/json", **named}


def chat_body(model: str, **fields: Any) -> dict[str, Any]:
    """A chat request whose prompt is a canary."""
    return {"model": model, "messages": [{"role": "user", "content": f"Say {PROMPT_CANARY}"}], **fields}


@contextmanager
def running(home: Home, *arguments: str) -> Iterator[Gateway]:
    """A gateway on `home` with a token of its own; the process is ended at the end of the block."""
    with serving(home, *arguments) as gateway:
        gateway.key = gateway.add_token()
        yield gateway


@contextmanager
def serving(home: Home, *arguments: str) -> Iterator[Gateway]:
    """A gateway on `home` as it is, nothing added; the process is ended at the end of the block."""
    process, url = home.serve(*arguments)
    admin_key = (home.directory / "admin.key").read_text().strip()
    gateway = Gateway(home, process, url, admin_key, secrets=[admin_key])
    try:
        yield gateway
    except BaseException:
        print(gateway.process.output[-5000:])  # pytest shows it beside the failure
        raise
    finally:
        gateway.process.end()
