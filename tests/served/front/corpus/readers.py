"""Who reads the bytes. A verdict is every request that was understood, and how the connection ended."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h11

from tests.served.front.door import Receive, Send, opened
from tests.served.servers.running import Place, free_port, tool
from tests.support.rawclient import CutOff, RawConnection

SECOND = b"GET /second HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
REFUSED = "refused"
CLOSED = "closed"
WAITS = "waits"
WITHIN = 10.0
"""Seconds of silence after which a server is taken to wait for more."""
HEARD = "x-heard"
WHOLE = 2**20
"""More than any request has: it is sent at once."""
LARGEST_HEAD = 2**16
NGINX = """
daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
    access_log off; client_max_body_size 0; proxy_ignore_client_abort on;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""

Verdict = tuple[str, ...]


def shown(method: bytes, target: bytes, body: bytes) -> str:
    """A request in one line of ASCII; what is long is cut, with its length. A query of nothing is none to ASGI."""
    line = b" ".join(part for part in (method, target.removesuffix(b"?"), body) if part).decode("latin-1")
    text = line.encode("unicode_escape").decode()
    if len(text) > 100:
        return f"{text[:20]}... {len(text)} letters"
    return text


async def app(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Says in a field what was asked; a request that was cut off is not answered."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    target = scope["raw_path"] + b"?" + scope["query_string"]
    heard = shown(scope["method"].encode("latin-1"), target, bytes(body))
    fields = [(b"content-length", b"0"), (HEARD.encode(), heard.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body"})


def asked(url: str, data: bytes, unfinished: bool, size: int = WHOLE) -> Verdict:
    """What a server behind a socket makes of them; the client's direction ends behind what is unfinished.

    They are sent in pieces of `size`.
    """
    sent = data if unfinished else data + SECOND
    verdict: list[str] = []
    with RawConnection(url, WITHIN) as connection:
        try:
            for start in range(0, len(sent), size):
                connection.send(sent[start : start + size])
            if unfinished:
                connection.half_close()
        except ConnectionError:
            pass  # it has refused already
        while True:
            try:
                head = connection.read_head()
                for _ in connection.pieces(head, data[:4].decode("latin-1")):
                    pass
            except CutOff:
                return (*verdict, CLOSED)
            except TimeoutError:
                return (*verdict, WAITS)
            verdict.append(head.header(HEARD) or REFUSED)


def by_h11(data: bytes, unfinished: bool) -> Verdict:
    """The same of h11, whose server answers every request with nothing."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
    connection.receive_data(data if unfinished else data + SECOND)
    verdict: list[str] = []
    ended = False
    request = h11.Request(method="GET", target="/", headers=[("host", "a")])
    body = bytearray()
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            if not ended:
                verdict.append(REFUSED)
            return (*verdict, CLOSED)
        if isinstance(event, h11.Request):
            request = event
            body = bytearray()
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            verdict.append(shown(request.method, request.target, bytes(body)))
            if not _answered(connection):
                return (*verdict, CLOSED)
        elif event is h11.NEED_DATA and unfinished and not ended:
            ended = True
            connection.receive_data(b"")
        elif event is h11.NEED_DATA:
            return (*verdict, WAITS)
        else:
            return (*verdict, CLOSED)


def _answered(connection: h11.Connection) -> bool:
    """Whether another request may follow."""
    connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
    if connection.our_state is h11.SWITCHED_PROTOCOL:
        return False
    connection.send(h11.EndOfMessage())
    if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
        return False
    connection.start_next_cycle()
    return True


class _Behind(socketserver.StreamRequestHandler):
    """Says what nginx asks of it, in nginx's framing: a length, and one request a connection."""

    def handle(self) -> None:
        method, _, rest = self.rfile.readline().partition(b" ")
        target = rest.rpartition(b" ")[0]
        length = 0
        while (line := self.rfile.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        heard = shown(method, target, self.rfile.read(length))
        self.wfile.write(f"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{HEARD}: {heard}\r\n\r\n".encode())


@contextmanager
def nginx(directory: Path) -> Iterator[str]:
    """The URL of an nginx that frames bodies for a server behind it; raises ServerMissing."""
    program = tool("nginx")
    with ExitStack() as stack:
        behind = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Behind))
        thread = threading.Thread(target=behind.serve_forever, kwargs={"poll_interval": 0.05}, name="behind nginx")
        thread.start()
        stack.callback(thread.join)
        stack.callback(behind.shutdown)
        port = free_port()
        config = directory / "nginx.conf"
        config.write_text(NGINX.format(directory=directory, port=port, behind=behind.server_address[1]))
        Place(directory, stack).run(port, program, "-c", str(config), "-p", str(directory))
        yield f"http://127.0.0.1:{port}"


@contextmanager
def ours() -> Iterator[str]:
    """The URL of the front door."""
    with opened(app) as door:
        yield door.url
