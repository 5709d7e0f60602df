"""What an upstream's answer or silence means: from statuses, headers and faults to a failed attempt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aihub_lite.errors import ChannelsCoolingDown, GatewayError, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.faults import AttemptFailed, Fault
from aihub_lite.upstream.faults import ConnectFailed, ConnectTimedOut, TransportFault, Unsendable
from aihub_lite.wire.foreign_error import ForeignError, error_of

MAX_WAIT = 3600.0
"""A `Retry-After` is cut to this before health cuts it to what it believes."""

FILE_TYPES = ("audio/", "application/octet-stream", "binary/octet-stream")
"""What a file that is passed on unread may be; above all it is no page of HTML."""
ABSENT = frozenset({404, 405, 501})
"""How an upstream says that it has no such endpoint."""
SCOPES = re.compile(r"insufficient permissions|missing scopes", re.IGNORECASE)
"""How OpenAI says, with 401, that a key is good for other things; an account that must be verified first is a 403."""


def not_a_stream(headers: Mapping[str, str], *, events: bool = True) -> bool:
    """Whether an answer declares itself one document, where a stream of events was asked for, or a file."""
    kind = headers.get("content-type", "").lower()
    return kind.startswith(("application/json", "text/html")) if events else not kind.startswith(FILE_TYPES)


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, everywhere: bool = True) -> AttemptFailed:
    """What an answer other than 200 means; where not every upstream has the endpoint, it may only say so."""
    if status < 400:
        return AttemptFailed(
            "nonsense", UpstreamBroken(f"The upstream answered with HTTP status {status}."), status=status
        )
    foreign, wait = error_of(status, body), retry_after(headers)
    if not everywhere and status in ABSENT and foreign.kind in ("client", "server"):
        return AttemptFailed("unsuited", UpstreamRejected(404, foreign.code, foreign.message), status=status)
    if not everywhere and foreign.kind == "auth" and (status == 403 or SCOPES.search(foreign.message)):
        return AttemptFailed("unsuited", UpstreamBroken("The gateway's key may not do this there."), status=status)
    return failed_with(foreign, status, foreign.retry_after if wait is None else wait)


def failed_with(foreign: ForeignError, status: int, wait: float | None = None) -> AttemptFailed:
    """What an upstream's own error means. Its text reaches the client only where the client is at fault."""
    if foreign.kind == "client":
        rejected = UpstreamRejected(status if 400 <= status < 500 else 400, foreign.code, foreign.message)
        return AttemptFailed("client", rejected, status=status)
    if foreign.kind == "model":
        return AttemptFailed("model", UpstreamRejected(404, "model_not_found", foreign.message), status=status)
    text = {
        "auth": "The upstream refused the gateway's key.",
        "funds": "The gateway's account at the upstream is spent.",
        "rate": "The upstream's rate limit is reached.",
        "server": f"The upstream answered with HTTP status {status}.",
    }[foreign.kind]
    fault: Fault = foreign.kind
    return AttemptFailed(fault, UpstreamBroken(text), status=status, retry_after=wait)


def broken(error: TransportFault) -> AttemptFailed:
    """What a failure of the connection means."""
    if isinstance(error, ConnectTimedOut):
        return AttemptFailed("timeout", UpstreamTimeout("The upstream could not be reached in time."))
    if isinstance(error, ConnectFailed):
        return AttemptFailed("connect", UpstreamBroken("The upstream could not be reached."))
    if isinstance(error, Unsendable):
        return AttemptFailed("nonsense", UpstreamBroken("The channel's base URL or key cannot be sent."))
    return AttemptFailed("cut", UpstreamBroken("The upstream broke off before its answer began."))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds an upstream asks to wait: `retry-after-ms`, or `Retry-After` as seconds or as a date; None if unclear."""
    seconds = _number(headers.get("retry-after-ms", ""))
    if seconds is not None:
        return min(max(seconds / 1000, 0.0), MAX_WAIT)
    seconds = _number(headers.get("retry-after", ""))
    if seconds is not None:
        return min(max(seconds, 0.0), MAX_WAIT)
    return _seconds_until(headers.get("retry-after", ""), headers.get("date", ""))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(date: str, now: str) -> float | None:
    """Both dates are the upstream's own, so that its clock and ours need not agree."""
    try:
        until = parsedate_to_datetime(date)
        since = parsedate_to_datetime(now) if now else datetime.now(UTC)
        return min(max((until - since).total_seconds(), 0.0), MAX_WAIT)
    except (ValueError, TypeError, OverflowError):  # an offset of 10^20 hours overflows
        return None


def verdict(failures: Sequence[AttemptFailed], model: str) -> GatewayError:
    """What the client is told after the last attempt.

    That the model is unknown only if every channel said so; to wait if the others did; else the last other fault.
    """
    served = [failure for failure in failures if failure.fault not in ("model", "unsuited")]
    others = [failure for failure in served if failure.fault != "rate"]
    if others or not served:
        return (others or failures)[-1].error
    wait = min(failure.retry_after or 1.0 for failure in served)
    return ChannelsCoolingDown(model, min(60, max(1, math.ceil(wait))))
