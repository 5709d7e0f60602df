"""One call of the admin API: at a running server, at a remote one, or in this process when none runs."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import msgspec

from aihub_lite.cli.base.call import ApiCall, Calls, Failed, next_call, one_call, outcome_of, rows_of, write_private
from aihub_lite.config import DATABASE, SERVER_FILE, Settings
from aihub_lite.gateway.state.admin_key import ADMIN_KEY_VARIABLE
from aihub_lite.storage.sqlite.faults import AlreadyRunning
from aihub_lite.storage.sqlite.lock import DataLock

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
TIMEOUT = 150.0
"""Seconds for an answer: the test of a channel may take as long as the first byte of a request."""
PATIENCE = 5.0
"""Seconds to wait for a server that starts or stops, or for another command that has the data directory."""
PAUSE = 0.02
"""Seconds between two tries to lock the data directory."""


@attrs.frozen
class Server:
    """Where a gateway answers, and the key that opens its admin API."""

    url: str
    key: str = attrs.field(repr=False)
    certfile: str = ""
    """The file of the only certificate that is trusted; empty: those of every authority."""
    local: bool = False
    """Whether it serves the data directory of this command."""


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
        return self.run(lambda: one_call(ApiCall(method, path, body, query or {})))

    def rows(self, noun: str, query: Mapping[str, str], most: int) -> tuple[list[Any], bool]:
        """The rows of a list, up to `most`, and whether there are more; raises as `call` does."""
        return self.run(lambda: rows_of(noun, query, most))

    def run(self, calls: Callable[[], Calls[T]]) -> T:
        """What several calls come to, over one connection or in one process; raises as `call` does."""

        def in_process() -> T:
            # Imported only here: the gateway and its framework take half a second, which a command beside a running
            # server would pay for nothing.
            from aihub_lite.cli.base.in_process import answer_in_process  # noqa: PLC0415

            return answer_in_process(calls(), self.settings, self._environ, decode)

        return self._on_gateway(lambda server: _ask(server, calls()), in_process)

    def save_backup(self, file: Path) -> int:
        """Write a backup into a new private file; how many bytes it has. Raises as `call` does."""

        def in_process() -> int:
            from aihub_lite.cli.base.in_process import back_up_in_process  # noqa: PLC0415

            return back_up_in_process(self.settings, file)

        if self.url is None and not (self.settings.data_dir / DATABASE).exists():
            raise Failed(f"there is no database in {self.settings.data_dir}")
        return self._on_gateway(lambda server: _download(server, file), in_process)

    def _on_gateway(self, on_server: Callable[[Server], T], in_process: Callable[[], T]) -> T:
        """The result of `on_server` where a server runs, else of `in_process` with the data directory locked."""
        if self.url is not None:
            return on_server(self._remote(self.url))
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with DataLock.take(self.settings.data_dir):
                    return in_process()
            except AlreadyRunning as running:
                server = _server(self.settings.data_dir, running.pid)
                if server is not None:
                    return on_server(attrs.evolve(server, key=self.key or server.key))
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
            if server is None:
                return None
            return server.url

    @property
    def _environ(self) -> Mapping[str, str]:
        if not self.key:
            return os.environ
        return {**os.environ, ADMIN_KEY_VARIABLE: self.key}

    def _remote(self, url: str) -> Server:
        key = self.key or os.environ.get(ADMIN_KEY_VARIABLE)
        if not key:
            raise Failed(f"--url needs the gateway's admin key: --admin-key or {ADMIN_KEY_VARIABLE}", 400)
        return Server(url, key)


def _server(directory: Path, pid: int) -> Server | None:
    """The server of the directory, from the file that it writes; None while it has not, or where no server runs."""
    try:
        server: dict[str, Any] = msgspec.json.decode((directory / SERVER_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    if server.get("pid") != pid or not {"url", "key"} <= server.keys():
        return None
    return Server(server["url"], server["key"], server.get("certfile", ""), local=True)


@contextmanager
def _http_client(server: Server) -> Iterator[httpx.Client]:
    """A client of the server; raises Failed when it does not answer."""
    # Imported only here: `serve` sends nothing, and it takes a tenth of a second.
    import httpx  # noqa: PLC0415

    verify: ssl.SSLContext | bool = True
    if server.certfile:
        verify = _trust_only(server.certfile)
    try:
        with httpx.Client(
            base_url=server.url,
            headers={"authorization": f"Bearer {server.key}"},
            timeout=TIMEOUT,
            verify=verify,
            trust_env=not server.local,  # no proxy stands between a command and the server of its own machine
        ) as http:
            yield http
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
        raise Failed(f"the gateway at {server.url} does not answer: {str(error) or type(error).__name__}") from None


def _ask(server: Server, calls: Calls[T]) -> T:
    with _http_client(server) as http:
        answer = None
        while True:
            try:
                request = next_call(calls, answer)
            except StopIteration as end:
                result: T = end.value
                return result
            response = http.request(request.method, request.target, content=request.content, params=request.query)
            answer = outcome_of(decode, response)


def _download(server: Server, file: Path) -> int:
    """Write the server's backup into a file, and return its size; raises Failed, for a transfer that ends early too."""
    with _http_client(server) as http, http.stream("GET", ApiCall("GET", "/backup").target) as answer:
        if not answer.is_success:
            answer.read()
            decode(answer)
        return write_private(file, answer.iter_bytes())


def _trust_only(certfile: str) -> ssl.SSLContext:
    """Trusts exactly the certificate that the server of this data directory uses, whatever name is in it."""
    context = ssl.create_default_context(cafile=certfile)
    context.check_hostname = False
    # The certificate is trusted itself, whoever has signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def decode(response: httpx.Response) -> Any:
    """The answer; raises Failed for a refusal, and for what no gateway answers."""
    try:
        answer = msgspec.json.decode(response.content)
    except ValueError:
        raise Failed(f"the answer (status {response.status_code}) is not one of a gateway", 0) from None
    if response.is_success:
        return answer
    message = "refused"
    if isinstance(answer, dict) and "error" in answer:
        message = answer["error"]["message"]
    raise Failed(str(message), response.status_code)
