"""A tiny stand-in for the gateway's command line, well or ill behaved, to judge the harness by.

`STANDIN_FAULT` names what it does wrong. It is run as a script, so it imports nothing of this project.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

FAULT = os.environ.get("STANDIN_FAULT", "")
DIRECTORY = Path(os.environ["AIHUB_DATA_DIR"])
SCHEMA = """
CREATE TABLE tokens (id TEXT, name TEXT, spent_nano INTEGER);
CREATE TABLE usage_records (id INTEGER PRIMARY KEY, token_id TEXT, model TEXT, attempts TEXT, charge_nano INTEGER);
CREATE TABLE holds (request_id TEXT);
INSERT INTO tokens VALUES ('t1', 'ann', 5);
INSERT INTO usage_records (token_id, model, attempts, charge_nano)
VALUES ('t1', 'm', '[{"channel":"a","status":200}]', 2), ('t1', 'n', '[]', 3);
"""
LEAKS = {
    "books": "UPDATE tokens SET spent_nano = 6",
    "hold": "INSERT INTO holds VALUES ('r1')",
    "privacy": "UPDATE usage_records SET model = 'canary-prompt-7d1c'",
}


class Handler(BaseHTTPRequestHandler):
    """Status and tokens; any other path makes the fault happen."""

    kept: list[object] = []  # noqa: RUF012

    def do_GET(self) -> None:
        if self.path != "/api/admin/status":
            return misbehave(self)
        busy = int(FAULT == "in_flight")
        return answer(self, {"in_flight": busy, "open_holds": 0, "held_nano": 0, "tasks": 3 + len(self.kept)})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        answer(self, {"id": "t1", "name": "ann", "key": "sk-standin-secret"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Logs nothing: what stderr holds is what a fault says."""


def misbehave(handler: Handler) -> None:
    if FAULT == "fds":
        handler.kept += [DIRECTORY.joinpath("x.db").open() for _ in range(4)]
    elif FAULT == "tasks":
        handler.kept += [None] * 4
    elif FAULT == "log":
        print("token sk-standin-secret used", file=sys.stderr)
    elif FAULT == "traceback":
        print("Traceback (most recent call last):\n  oops", file=sys.stderr)
    elif FAULT in LEAKS:
        with sqlite3.connect(DIRECTORY / "x.db") as connection:
            connection.execute(LEAKS[FAULT])
        connection.close()
    answer(handler, {"key": handler.headers["authorization"]})


def answer(handler: Handler, body: object) -> None:
    data = json.dumps(body).encode()
    handler.send_response(200)
    handler.send_header("content-length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def serve() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    (DIRECTORY / "admin.key").write_text("sk-admin-standin\n")
    with sqlite3.connect(DIRECTORY / "x.db") as connection:
        connection.executescript(SCHEMA)
    connection.close()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if FAULT == "deaf" else stop)
    if FAULT == "dies":
        sys.exit("no such luck")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    elif sys.argv[1] == "environment":
        print(json.dumps(dict(os.environ)))
    else:
        time.sleep(60)  # any other command hangs
