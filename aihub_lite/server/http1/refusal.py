"""Answers to what is no request: the application never hears of it."""

from __future__ import annotations

import logging
import secrets

from aihub_lite.errors import GatewayError
from aihub_lite.wire.client_error import error_body

log = logging.getLogger(__name__)


def refusal(error: GatewayError) -> bytes:
    """A whole answer, the last on its connection."""
    headers, body = refusal_of(error)
    lines = [b"HTTP/1.1 %d " % error.status, *(b"%b: %b" % header for header in headers), b"", body]
    return b"\r\n".join(lines)


def refusal_of(error: GatewayError) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body, in the public shape (RULES.md C-2); with a request id, as every answer."""
    request_id = secrets.token_hex(12)
    log.debug("%s: answered %d to what is no request: %s", request_id, error.status, error.message)
    body = error_body(error)
    headers = [
        (b"content-type", b"application/json"),
        (b"x-should-retry", b"false"),
        (b"x-request-id", request_id.encode()),
        (b"access-control-allow-origin", b"*"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return headers, body
