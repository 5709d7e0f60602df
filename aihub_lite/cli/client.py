"""One call of the admin API: at a running server, at a remote one, or in this process when none runs."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import httpx
import msgspec

from aihub_lite.config import Settings
from aihub_lite.gateway.admin_key import VARIABLE
from aihub_lite.storage.faults import AlreadyRunning
from aihub_lite.storage.lock import DataLock

SERVER_FILE = "server.json"
"""In the data directory, written by a running server: `{"url", "pid", "key"}`, and `certfile` with TLS."""
TIMEOUT = 150.0
"""Seconds; testing a channel may take as long as its first byte may."""
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
        if self.url is not None:
            return _decoded(self._remote(asked, self.url))
        environ = {**os.environ, VARIABLE: self.key} if self.key else os.environ
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with DataLock.take(self.settings.data_dir):
                    return _decoded(self._in_process(asked, environ))
            except AlreadyRunning as running:
                server = _server(self.settings.data_dir, running.pid)
                if server is not None:
                    return _decoded(_send(asked, server["url"], self.key or server["key"], server))
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
            return server["url"] if server else None

    def _remote(self, asked: Call, url: str) -> httpx.Response:
        key = self.key or os.environ.get(VARIABLE)
        if not key:
            raise Failed(f"--url needs the gateway's admin key: --admin-key or {VARIABLE}", 400)
        return _send(asked, url, key, {})

    def _in_process(self, asked: Call, environ: Mapping[str, str]) -> httpx.Response:
        # Imported only here: the gateway and its framework take half a second, which a command beside a running
        # server would pay for nothing.
        from aihub_lite.cli.in_process import answer_in_process  # noqa: PLC0415

        return answer_in_process(asked, self.settings, environ)


def _server(directory: Path, pid: int) -> Mapping[str, str] | None:
    """The running server's own file; None while the lock's holder has not written it, or is no server."""
    try:
        server: dict[str, Any] = msgspec.json.decode((directory / SERVER_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return server if server.get("pid") == pid and {"url", "key"} <= server.keys() else None


def _send(asked: Call, url: str, key: str, server: Mapping[str, str]) -> httpx.Response:
    try:
        with httpx.Client(
            base_url=url,
            headers={"authorization": f"Bearer {key}"},
            timeout=TIMEOUT,
            verify=_only(server["certfile"]) if "certfile" in server else True,
            trust_env=not server,  # no proxy stands between a command and the server of its own machine
        ) as http:
            return http.request(asked.method, asked.target, content=asked.content, params=asked.query)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
        raise Failed(f"the gateway at {url} does not answer: {str(error) or type(error).__name__}") from None


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
