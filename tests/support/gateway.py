"""A running gateway as tests use it: chat with it, administer it, read its books."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

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
_numbers = itertools.count(1)


def unique(word: str) -> str:
    """A name that no other test of this run has."""
    return f"{word}-{next(_numbers)}"


def eventually(holds: Callable[[], bool], what: Callable[[], str], timeout: float = 5.0) -> None:
    """Polls until `holds`; raises AssertionError with `what` is the matter after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(POLL)


@attrs.define(eq=False)
class Gateway:
    """A gateway process. `key` is the token's that requests carry unless they bring another."""

    home: Home
    process: Process
    url: str
    admin_key: str
    key: str = ""
    secrets: list[str] = attrs.field(factory=list)
    """Token keys and upstream keys handed out so far: none may ever be seen in a log."""

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
        return rawclient.request(self.url, method, ADMIN + path, headers, content)

    def status(self) -> dict[str, Any]:
        """What the gateway says of itself at this moment."""
        answer = self.admin("GET", "/status")
        assert 200 == answer.status, answer.body
        found: dict[str, Any] = answer.json()
        return found

    def wait_status(self, timeout: float = 5.0, **wanted: object) -> None:
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
        self.secrets += [key for key in body["keys"] if not key.startswith("env:")]
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
        return rawclient.request(self.url, "POST", path, self.headers(key, headers), content, timeout=30)

    def chat(self, model: str, key: str | None = None, **fields: Any) -> Answer:
        """A chat completion that is not streamed."""
        return self.post(chat_body(model, **fields), key=key)

    def stream(self, model: str, key: str | None = None, **fields: Any) -> AbstractContextManager[Stream]:
        """A streamed chat completion, being read; leaving the block hangs up."""
        content = msgspec.json.encode(chat_body(model, stream=True, **fields))
        return rawclient.stream(self.url, CHAT, self.headers(key), content)

    @contextmanager
    def asking(self, model: str, key: str | None = None, **fields: Any) -> Iterator[rawclient.RawConnection]:
        """A chat request sent and nothing of its answer read; leaving the block hangs up."""
        with rawclient.RawConnection(self.url) as connection:
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
    process, url = home.serve(*arguments)
    with process:
        admin_key = (home.directory / "admin.key").read_text().strip()
        gateway = Gateway(home, process, url, admin_key, secrets=[admin_key])
        try:
            gateway.key = gateway.add_token()
            yield gateway
        except BaseException:
            print(process.output[-5000:])  # pytest shows it beside the failure
            raise
