"""What an upstream's answer or silence means: from statuses, headers and faults to a failed attempt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aihub_lite.errors import ChannelsCoolingDown, GatewayError, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.routing.fault_policy import AttemptFailed, Fault
from aihub_lite.gateway.routing.health import seconds_told
from aihub_lite.upstream.access.faults import AccessRefused
from aihub_lite.upstream.http1.faults import ConnectFailed, ConnectTimedOut, TransportFault, Unsendable
from aihub_lite.wire.faults import ForeignError
from aihub_lite.wire.scrubbing import scrub
from aihub_lite.wire.upstream_error import error_of

MAX_WAIT = 3600.0
"""Seconds that a `Retry-After` is cut to, before `Health` cuts it to `max_cooldown`."""
DOCUMENT_TYPES = ("application/json", "text/html")
"""What is no stream of events; one without a type may be."""
FILE_TYPES = ("audio/", "application/octet-stream", "binary/octet-stream")
"""What a file may be that is passed on unread: anything but a page of HTML, say, or an error in JSON."""
ABSENT = frozenset({404, 405, 501})
"""How an upstream says that it has no such endpoint."""
WORDLESS = re.compile(
    r"the upstream answered with HTTP status \d+|(404 page )?not found|method not allowed|not implemented",
    re.IGNORECASE,
)
"""What says no more than the status does; a trailing dot aside."""
NO_ENDPOINT = "The upstream has no such endpoint, or not for this model: one for chat makes no embeddings, say."
REFUSED_KEY = "The upstream refused the gateway's key."
SCOPES = re.compile(r"insufficient permissions|missing scopes", re.IGNORECASE)
"""How OpenAI says, with 401, that a key is good for other things (for an account to be verified first it says 403)."""


def not_a_stream(headers: Mapping[str, str], *, events: bool = True) -> bool:
    """Whether an answer declares itself one document, where a stream of events was asked for, or a file."""
    content_type = headers.get("content-type", "").lower()
    if events:
        return content_type.startswith(DOCUMENT_TYPES)
    return not is_file(content_type)


def is_file(content_type: str) -> bool:
    """Whether an answer declares itself a file, like speech."""
    return content_type.lower().startswith(FILE_TYPES)


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, everywhere: bool = True) -> AttemptFailed:
    """What an answer other than 200 means; unless the endpoint is `everywhere`, the upstream may have none."""
    if status < 400:
        answered = UpstreamBroken(f"The upstream answered with HTTP status {status}.")
        return AttemptFailed("nonsense", answered, status=status)
    foreign = error_of(status, body)
    if not everywhere and status in ABSENT and foreign.kind in ("client", "server"):
        message = foreign.message
        if WORDLESS.fullmatch(message.rstrip(". ")):
            message = NO_ENDPOINT
        return AttemptFailed("unsuited", UpstreamRejected(404, foreign.code, message), status=status, code=foreign.code)
    if not everywhere and _may_not(status, foreign):
        not_there = UpstreamBroken("The gateway's key may not do this there.")
        return AttemptFailed("unsuited", not_there, status=status, code=foreign.code)
    wait = retry_after(headers)
    if wait is None:
        wait = foreign.retry_after
    return failure_of(foreign, status, wait)


def _may_not(status: int, foreign: ForeignError) -> bool:
    """Whether a key is good for other endpoints than the one that was asked."""
    if foreign.kind == "auth":
        return status == 403 or SCOPES.search(foreign.message) is not None
    return foreign.kind == "forbidden"


def failure_of(foreign: ForeignError, status: int, wait: float | None = None) -> AttemptFailed:
    """What an upstream's own error means. Its text reaches the client only where the client is at fault."""
    if foreign.kind == "client":
        shown_status = status
        if not 400 <= status < 500:
            shown_status = 400
        error = UpstreamRejected(shown_status, foreign.code, foreign.message)
        return AttemptFailed("client", error, status=status, code=foreign.code)
    if foreign.kind == "model":
        unknown = UpstreamRejected(404, "model_not_found", foreign.message)
        return AttemptFailed("model", unknown, status=status, code=foreign.code)
    text = {
        "auth": REFUSED_KEY,
        "funds": "The gateway's account at the upstream is spent.",
        "forbidden": "The upstream does not let the gateway in.",
        "rate": "The upstream's rate limit is reached.",
        "server": f"The upstream answered with HTTP status {status}.",
    }[foreign.kind]
    fault: Fault = foreign.kind
    return AttemptFailed(fault, UpstreamBroken(text), status=status, retry_after=wait, code=foreign.code)


def scrubbed(error: GatewayError, secret: str) -> GatewayError:
    """The same error without the key that the upstream was sent, where text and code are the upstream's own."""
    if not isinstance(error, UpstreamRejected):
        return error
    code = error.code
    if isinstance(code, str):
        code = scrub(code, secret)
    return UpstreamRejected(error.status, code, scrub(error.message, secret))


def transport_failure(error: TransportFault) -> AttemptFailed:
    """What a failure of the connection means."""
    if isinstance(error, AccessRefused):
        return AttemptFailed("auth", UpstreamBroken(REFUSED_KEY), status=error.status)
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
    if not math.isfinite(number):
        return None
    return number


def _seconds_until(date: str, now: str) -> float | None:
    """Between two dates of the upstream's own, so that its clock and ours need not agree."""
    try:
        until = parsedate_to_datetime(date)
        since = datetime.now(UTC)
        if now:
            since = parsedate_to_datetime(now)
        return min(max((until - since).total_seconds(), 0.0), MAX_WAIT)
    except (ValueError, TypeError, OverflowError):  # an offset of 10^20 hours overflows
        return None


def verdict(failures: Sequence[AttemptFailed], model: str) -> GatewayError:
    """What the client is told after the last attempt.

    That the model is unknown only if every channel said so, to wait if all that know it said so, else the last of the
    other faults.
    """
    served = [failure for failure in failures if failure.fault not in ("model", "unsuited")]
    others = [failure for failure in served if failure.fault != "rate"]
    if others or not served:
        return (others or failures)[-1].error
    wait = min(failure.retry_after or 1.0 for failure in served)
    return ChannelsCoolingDown(model, seconds_told(wait))
