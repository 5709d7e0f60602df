"""Every refusal the gateway can answer with, as one tree.

::

    GatewayError                     500 internal_error
    ├── ClientFault                  the caller must change something; but for 429, x-should-retry: false
    │   ├── InvalidRequest           400 invalid_request
    │   │   └── NoModelFits          400 invalid_request, or context_length_exceeded
    │   ├── Unauthenticated          401 invalid_api_key
    │   ├── QuotaExhausted           402 insufficient_user_quota
    │   ├── PausedForSafety          402 paused_for_safety
    │   ├── ModelNotAllowed          403 model_not_allowed
    │   ├── ModelUnpriced            403 model_unpriced
    │   ├── AccessDenied             403 access_denied
    │   ├── NotFound                 404 not_found
    │   ├── UnknownModel             404 model_not_found
    │   ├── MethodNotAllowed         405 method_not_allowed
    │   ├── BodyTimeout              408 request_timeout
    │   ├── Conflict                 409 conflict
    │   ├── RequestTooLarge          413 request_too_large
    │   ├── AddressTooLong           414 request_too_large
    │   ├── HeadersTooLarge          431 request_too_large
    │   ├── RateLimited              429 rate_limit_exceeded
    │   ├── CodingNotSupported       501 invalid_request
    │   └── VersionNotSupported      505 invalid_request
    ├── RouteFault                   no channel can take the request
    │   ├── NoChannel                503 model_not_found
    │   ├── ChannelsDisabled         503 channel_unavailable
    │   ├── ChannelsCoolingDown      429 rate_limit_exceeded
    │   ├── ChannelsFull             429 rate_limit_exceeded
    │   ├── ChannelsDown             503 channel_unavailable
    │   ├── Overloaded               503 overloaded
    │   └── Stopped                  503 request_stopped
    ├── UpstreamFault                the upstream failed the request
    │   ├── UpstreamRejected         the upstream's own 4xx: the client's fault, passed through
    │   ├── UpstreamBroken           502 upstream_error
    │   └── UpstreamTimeout          504 upstream_timeout
    │       └── AnswerOverdue        a whole answer did not come in time
    └── StorageUnavailable           503 storage_unavailable

Status and code are fixed (RULES.md C-2, C-16): a class carries them, an instance its message and, where it helps,
`retry_after` in whole seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar


class GatewayError(Exception):
    """A refusal with all that its answer needs. `message` is shown to the client, so it never holds a secret."""

    status: int = 500
    code: str | int | None = "internal_error"
    retry_after: int | None = None
    """Seconds for `Retry-After`; None sends no such header."""
    should_retry: ClassVar[bool | None] = None
    """False sends `x-should-retry: false`, which the official SDKs obey: Claude Code with a mistyped key was silent for
    over 90 s without it."""

    def __init__(self, message: str = "The gateway failed to serve this request.") -> None:
        super().__init__(message)
        self.message = message

    @property
    def recorded_code(self) -> str:
        """The code that is kept in a usage record: our own, since an upstream's may repeat what a client wrote."""
        return str(type(self).code)


class ClientFault(GatewayError):
    """The request itself is at fault; the same request would fail again."""

    status = 400
    code: str | int | None = "invalid_request"
    should_retry: ClassVar[bool | None] = False


class InvalidRequest(ClientFault):
    """The body or a parameter is not what the endpoint takes."""


class NoModelFits(InvalidRequest):
    """No model of a named route can do what the request needs; `code` as upstreams say it of a prompt too long."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Unauthenticated(ClientFault):
    """Missing, unknown, disabled or expired key: one constant text, so that nothing can be learned from it."""

    status = 401
    code: str | int | None = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__("Incorrect API key provided. Check the key, or ask the operator of this gateway for one.")


class QuotaExhausted(ClientFault):
    """A pot that the request draws from holds less than it may cost. Amounts in nano-USD.

    `pot` names the pot and its limit; `refills` is the Unix time when it has its budget again, None where it is for
    good. What is left is told of the client's own pots only (`told`): of others' it would say how much they spend.

    Clients look for `Insufficient credits` (aider) and `insufficient quota` (LobeChat) in the text.
    """

    status = 402
    code: str | int | None = "insufficient_user_quota"

    def __init__(
        self,
        needed: int,
        left: int,
        pot: str = "the token's quota",
        *,
        refills: float | None = None,
        told: bool = True,
    ) -> None:
        text = f"Insufficient credits (insufficient quota): this request may cost up to ${needed / 1e9:.6f}, "
        if told:
            text += f"but ${max(left, 0) / 1e9:.6f} of {pot} is left."
        else:
            text += f"more than is left of {pot}."
        if refills is None:
            text += " It never refills by itself."
        else:
            text += f" It refills at {datetime.fromtimestamp(refills, UTC):%Y-%m-%dT%H:%M:%SZ}."
        super().__init__(text)
        self.needed = needed
        self.left = left
        self.refills = refills


class PausedForSafety(ClientFault):
    """The token, or the person whose it is, is paused until somebody resumes it: 402 is what every client takes for
    final. SDKs went on after a 429, all night, and that is what it is to end."""

    status = 402
    code: str | int | None = "paused_for_safety"


class ModelNotAllowed(ClientFault):
    """The token is restricted to other models."""

    status = 403
    code: str | int | None = "model_not_allowed"


class ModelUnpriced(ClientFault):
    """Nobody knows what the model costs, so the quota or budget of the token would never end."""

    status = 403
    code: str | int | None = "model_unpriced"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"Model {model} has no price, so a token with a quota or budget may not use it. The operator of this "
            f"gateway can set one (aihub-lite price set {model} --input USD --output USD) or let such models count as "
            "free (aihub-lite settings set unpriced allow)."
        )


class AccessDenied(ClientFault):
    """The client's address, or an origin, is not allowed."""

    status = 403
    code: str | int | None = "access_denied"


class NotFound(ClientFault):
    """There is no such path, or nothing of that name."""

    status = 404
    code: str | int | None = "not_found"


class UnknownModel(ClientFault):
    """As NoChannel, for clients that give up at a 404 only."""

    status = 404
    code: str | int | None = "model_not_found"

    def __init__(self, model: str, group: str, why: str = "") -> None:
        super().__init__(no_channel_text(model, group, why))


class MethodNotAllowed(ClientFault):
    """The path exists, the method does not."""

    status = 405
    code: str | int | None = "method_not_allowed"


class BodyTimeout(ClientFault):
    """The request body did not arrive in time."""

    status = 408
    code: str | int | None = "request_timeout"


class Conflict(ClientFault):
    """The name is taken, or the present state does not allow the change."""

    status = 409
    code: str | int | None = "conflict"


class RequestTooLarge(ClientFault):
    """The body is over the configured limit."""

    status = 413
    code: str | int | None = "request_too_large"


class AddressTooLong(RequestTooLarge):
    """The path, or what follows its question mark, is longer than any that means something here."""

    status = 414


class HeadersTooLarge(RequestTooLarge):
    """The cookies are larger than any that were set here."""

    status = 431


class RateLimited(ClientFault):
    """A limit of the token or of the client's address is reached. `retry_after` in whole seconds."""

    status = 429
    code: str | int | None = "rate_limit_exceeded"
    should_retry = None

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CodingNotSupported(ClientFault):
    """The body is coded for its transfer in a way that is not known here (RFC 9112 6.1)."""

    status = 501


class VersionNotSupported(ClientFault):
    """A version of HTTP that is not spoken on this connection."""

    status = 505


class RouteFault(GatewayError):
    """No channel can take the request now."""

    status = 503
    code: str | int | None = "channel_unavailable"


class NoChannel(RouteFault):
    """No channel serves this model for this group: a retry cannot help."""

    code: str | int | None = "model_not_found"
    should_retry = False

    def __init__(self, model: str, group: str, why: str = "") -> None:
        super().__init__(no_channel_text(model, group, why))
        self.why = why


class ChannelsDisabled(RouteFault):
    """Channels offer the model, but each is disabled or has no key to be used: only an operator can mend that."""

    should_retry = False

    def __init__(self, model: str, group: str) -> None:
        why = ": all that offer it are disabled or have no key that works. Please ask the operator of this gateway."
        super().__init__(no_channel_text(model, group, why))


class ChannelsCoolingDown(RouteFault):
    """Every channel of the model answered 429 and waits; `retry_after` is the shortest wait."""

    status = 429
    code: str | int | None = "rate_limit_exceeded"

    def __init__(self, model: str, retry_after: int) -> None:
        super().__init__(f"Every channel for model {model} is rate limited upstream. Try again in {retry_after}s.")
        self.retry_after = retry_after


class ChannelsFull(RouteFault):
    """Every channel of the model is at a limit of its own; `retry_after` is the shortest wait."""

    status = 429
    code: str | int | None = "rate_limit_exceeded"

    def __init__(self, model: str, retry_after: int) -> None:
        super().__init__(f"Every channel for model {model} is at its limit. Try again in {retry_after}s.")
        self.retry_after = retry_after


class ChannelsDown(RouteFault):
    """Every channel of the model cools down after faults; `retry_after` is the shortest wait."""

    def __init__(self, model: str, retry_after: int) -> None:
        super().__init__(f"Every channel for model {model} is down at the moment.")
        self.retry_after = retry_after


def no_channel_text(model: str, group: str, why: str = "") -> str:
    """The documented text, letter by letter, since programs look for it; then what else there is to say."""
    return f"No available channel for model {model} under group {group}{why}"


class Overloaded(RouteFault):
    """The gateway is full, or shutting down."""

    code: str | int | None = "overloaded"
    retry_after = 1


class Stopped(RouteFault):
    """The request was ended before its answer was complete: by an operator, or because the gateway stops."""

    code: str | int | None = "request_stopped"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("The gateway ended this request before its answer was complete.")


class UpstreamFault(GatewayError):
    """The upstream failed this request."""

    status = 502
    code: str | int | None = "upstream_error"


class UpstreamRejected(UpstreamFault):
    """The upstream found the client's request at fault: its status, code and text, in our shape."""

    code: str | int | None = "upstream_rejected"
    should_retry = False

    def __init__(self, status: int, code: str | int | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class UpstreamBroken(UpstreamFault):
    """Refused our key, redirected, cut off or answered nonsense."""


class UpstreamTimeout(UpstreamFault):
    """No first byte in time."""

    status = 504
    code: str | int | None = "upstream_timeout"


class AnswerOverdue(UpstreamTimeout):
    """No whole answer in time to a request that the upstream has: it may go on and bill."""

    should_retry = False

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The upstream did not finish its answer within {seconds:g} seconds. It may bill it all the same, so the "
            "request was not sent again. A stream may take longer."
        )


class StorageUnavailable(GatewayError):
    """The database cannot take a write: nothing may be spent that cannot be booked."""

    status = 503
    code: str | int | None = "storage_unavailable"
    retry_after = 5
