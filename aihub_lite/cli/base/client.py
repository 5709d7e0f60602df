"""One call of the admin API: at a running server, at a remote one, or in this process when none runs."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
import httpx
import msgspec

from aihub_lite.config import Settings
from aihub_lite.gateway.admin_key import VARIABLE
from aihub_lite.storage.faults import AlreadyRunning
from aihub_lite.storage.lock import DataLock

T = TypeVar("T")
SERVER_FILE = "server.json"
"""In the data directory, written by a running server: `{"url", "pid", "key"}`, and `certfile` with TLS."""
TIMEOUT = 150.0
"""Seconds; testing a channel may take as long as its first byte may."""
DATABASE = "aihub.db"
PATIENCE = 5.0
"""Seconds to wait for a server that starts or stops, or for another command that has the data directory."""
PAUSE = 0.02


class Failed(Exception):
    """The call did not succeed; `status` 0: there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@attrs.frozen
class Call:
    """What to ask of the admin API; `path` starts after `/api/admin`."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def target(self) -> str:
        """The path on the server."""
        return "/api/admin" + self.path

    @property
    def content(self) -> bytes | None:
        """The encoded body."""
        return None if self.body is None else msgspec.json.encode(self.body)


@attrs.frozen
class Server:
    """Where a gateway answers, and the key that opens its admin API."""

    url: str
    key: str = attrs.field(repr=False)
    certfile: str = ""
    """The only certificate that is trusted, if there is one."""
    near: bool = False
    """Whether it is the server of the data directory."""


@attrs.frozen(kw_only=True)
class Client:
    """Where the gateway is. `url` and `key` are None for the one of the data directory."""

    settings: Settings
    url: str | None = None
    key: str | None = None

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The decoded answer; raises Failed, StorageFault or BadSetting."""
        asked = Call(method, path, body, query or {})

        def in_process() -> Any:
            # Imported only here: the gateway and its framework take half a second, which a command beside a running
            # server would pay for nothing.
            from aihub_lite.cli.in_process import answer_in_process  # noqa: PLC0415

            return _decoded(answer_in_process(asked, self.settings, self._environ))

        return self._at(lambda server: _decoded(_send(asked, server)), in_process)

    def save_backup(self, file: Path) -> int:
        """Write a backup into a new private file; how many bytes it has. Raises as `call` does."""

        def in_process() -> int:
            from aihub_lite.cli.in_process import back_up_in_process  # noqa: PLC0415

            return back_up_in_process(self.settings, file)

        if self.url is None and not (self.settings.data_dir / DATABASE).exists():
            raise Failed(f"there is no database in {self.settings.data_dir}")
        return self._at(lambda server: _download(server, file), in_process)

    def _at(self, at_server: Callable[[Server], T], alone: Callable[[], T]) -> T:
        """What one of them returns: the other where no server runs, with the data directory locked."""
        if self.url is not None:
            return at_server(self._remote(self.url))
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with DataLock.take(self.settings.data_dir):
                    return alone()
            except AlreadyRunning as running:
                server = _server(self.settings.data_dir, running.pid)
                if server is not None:
                    return at_server(attrs.evolve(server, key=self.key or server.key))
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)

    def address(self) -> str | None:
        """The gateway's address without a path; None when none runs."""
        if self.url is not None:
            return self.url
        try:
            with DataLock.take(self.settings.data_dir):
                return None
        except AlreadyRunning as running:
            server = _server(self.settings.data_dir, running.pid)
            return server.url if server else None

    @property
    def _environ(self) -> Mapping[str, str]:
        return {**os.environ, VARIABLE: self.key} if self.key else os.environ

    def _remote(self, url: str) -> Server:
        key = self.key or os.environ.get(VARIABLE)
        if not key:
            raise Failed(f"--url needs the gateway's admin key: --admin-key or {VARIABLE}", 400)
        return Server(url, key)


def _server(directory: Path, pid: int) -> Server | None:
    """The running server's own file; None while the lock's holder has not written it, or is no server."""
    try:
        server: dict[str, Any] = msgspec.json.decode((directory / SERVER_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    if server.get("pid") != pid or not {"url", "key"} <= server.keys():
        return None
    return Server(server["url"], server["key"], server.get("certfile", ""), near=True)


@contextmanager
def _speaking(server: Server) -> Iterator[httpx.Client]:
    """A client of the server; raises Failed when it does not answer."""
    try:
        with httpx.Client(
            base_url=server.url,
            headers={"authorization": f"Bearer {server.key}"},
            timeout=TIMEOUT,
            verify=_only(server.certfile) if server.certfile else True,
            trust_env=not server.near,  # no proxy stands between a command and the server of its own machine
        ) as http:
            yield http
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
        raise Failed(f"the gateway at {server.url} does not answer: {str(error) or type(error).__name__}") from None


def _send(asked: Call, server: Server) -> httpx.Response:
    with _speaking(server) as http:
        return http.request(asked.method, asked.target, content=asked.content, params=asked.query)


def _download(server: Server, file: Path) -> int:
    """A transfer that ends too early raises Failed, as every other fault of it does."""
    with _speaking(server) as http, http.stream("GET", Call("GET", "/backup").target) as answer:
        if not answer.is_success:
            answer.read()
            _decoded(answer)
        return write_private(file, answer.iter_bytes())


def write_private(file: Path, pieces: Iterable[bytes]) -> int:
    """A new file that only its owner reads, whole or not at all; its size. Raises Failed where there is one."""
    if file.exists():
        raise Failed(f"{file} is there already")
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as target:
            for piece in pieces:
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _only(certfile: str) -> ssl.SSLContext:
    """Trusts exactly the certificate that the server of this data directory uses, whatever name is in it."""
    context = ssl.create_default_context(cafile=certfile)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _decoded(response: httpx.Response) -> Any:
    try:
        answer = msgspec.json.decode(response.content)
    except ValueError:
        raise Failed(f"the answer (status {response.status_code}) is not one of a gateway", 0) from None
    if response.is_success:
        return answer
    message = answer["error"]["message"] if isinstance(answer, dict) and "error" in answer else "refused"
    raise Failed(str(message), response.status_code)
