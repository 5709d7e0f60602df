"""Every refusal the gateway can answer with, as one tree.

::

    GatewayError                     500 internal_error
    ├── ClientFault                  the caller must change something
    │   ├── InvalidRequest           400 invalid_request
    │   ├── Unauthenticated          401 invalid_api_key
    │   ├── QuotaExhausted           402 insufficient_user_quota
    │   ├── ModelNotAllowed          403 model_not_allowed
    │   ├── AccessDenied             403 access_denied
    │   ├── NotFound                 404 not_found
    │   ├── MethodNotAllowed         405 method_not_allowed
    │   ├── BodyTimeout              408 request_timeout
    │   ├── Conflict                 409 conflict
    │   ├── RequestTooLarge          413 request_too_large
    │   └── RateLimited              429 rate_limit_exceeded
    ├── RouteFault                   no channel can take the request
    │   ├── NoChannel                503 model_not_found
    │   ├── ChannelsCoolingDown      429 rate_limit_exceeded
    │   ├── ChannelsDown             503 channel_unavailable
    │   ├── Overloaded               503 overloaded
    │   └── Stopped                  503 request_stopped
    ├── UpstreamFault                the upstream failed the request
    │   ├── UpstreamRejected         the upstream's own 4xx: the client's fault, passed through
    │   ├── UpstreamBroken           502 upstream_error
    │   └── UpstreamTimeout          504 upstream_timeout
    └── StorageUnavailable           503 storage_unavailable

One table (`design.md` section 6) fixes status and code; a class carries its row, an instance its message
and, where it helps, `retry_after` (whole seconds).
"""

from __future__ import annotations

from typing import ClassVar


class GatewayError(Exception):
    """A refusal with everything an answer needs. `message` is shown to the client, so it never holds a secret."""

    status: int = 500
    code: str | int | None = "internal_error"
    retry_after: int | None = None
    """Seconds for `Retry-After`; None sends no such header."""
    should_retry: ClassVar[bool | None] = None
    """False sends `x-should-retry: false`, which the official SDKs obey."""

    def __init__(self, message: str = "The gateway failed to serve this request.") -> None:
        super().__init__(message)
        self.message = message

    @property
    def word(self) -> str:
        """What is kept of it: our own code for it, never an upstream's, which may repeat what a client said."""
        return str(type(self).code)


class ClientFault(GatewayError):
    """The request itself is at fault; the same request would fail again."""

    status = 400
    code: str | int | None = "invalid_request"


class InvalidRequest(ClientFault):
    """The body or a parameter is not what the endpoint takes."""


class Unauthenticated(ClientFault):
    """Missing, unknown, disabled or expired key: one constant text, so that nothing can be learned from it."""

    status = 401
    code: str | int | None = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__("Incorrect API key provided. Check the key, or ask the operator of this gateway for one.")


class QuotaExhausted(ClientFault):
    """What the token may still spend does not cover this request. Amounts in nano-USD.

    Aider (litellm) stops retrying only when the text holds `insufficient credits` and `"code":402`.
    """

    status = 402
    code: str | int | None = "insufficient_user_quota"

    def __init__(self, needed: int, left: int) -> None:
        super().__init__(
            f"insufficient credits: this request may cost up to ${needed / 1e9:.6f}, "
            f'but ${max(left, 0) / 1e9:.6f} of the token\'s quota is left ("code":402).'
        )
        self.needed, self.left = needed, left


class ModelNotAllowed(ClientFault):
    """The token is restricted to other models."""

    status = 403
    code: str | int | None = "model_not_allowed"


class AccessDenied(ClientFault):
    """The client's address, or an origin, is not allowed."""

    status = 403
    code: str | int | None = "access_denied"


class NotFound(ClientFault):
    """No such path, or no such thing at it."""

    status = 404
    code: str | int | None = "not_found"


class MethodNotAllowed(ClientFault):
    """The path exists, the method does not."""

    status = 405
    code: str | int | None = "method_not_allowed"


class BodyTimeout(ClientFault):
    """The request body did not arrive in time."""

    status = 408
    code: str | int | None = "request_timeout"


class Conflict(ClientFault):
    """The name is taken, or the thing is in a state that does not allow this."""

    status = 409
    code: str | int | None = "conflict"


class RequestTooLarge(ClientFault):
    """The body is over the configured limit."""

    status = 413
    code: str | int | None = "request_too_large"


class RateLimited(ClientFault):
    """A limit of the token or of the client's address is reached. `retry_after` in whole seconds."""

    status = 429
    code: str | int | None = "rate_limit_exceeded"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RouteFault(GatewayError):
    """No channel can take the request now."""

    status = 503
    code: str | int | None = "channel_unavailable"


class NoChannel(RouteFault):
    """No channel serves this model for this group: a retry cannot help."""

    code: str | int | None = "model_not_found"
    should_retry = False

    def __init__(self, model: str, group: str) -> None:
        super().__init__(f"No available channel for model {model} under group {group}")


class ChannelsCoolingDown(RouteFault):
    """Every channel of the model answered 429 and waits; `retry_after` is the shortest wait."""

    status = 429
    code: str | int | None = "rate_limit_exceeded"

    def __init__(self, model: str, retry_after: int) -> None:
        super().__init__(f"Every channel for model {model} is rate limited upstream. Try again in {retry_after}s.")
        self.retry_after = retry_after


class ChannelsDown(RouteFault):
    """Channels for the model exist but none works now."""

    def __init__(self, model: str, retry_after: int = 5) -> None:
        super().__init__(f"Every channel for model {model} is down at the moment.")
        self.retry_after = retry_after


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

    def __init__(self, status: int, code: str | int | None, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class UpstreamBroken(UpstreamFault):
    """Refused our key, redirected, cut off or answered nonsense."""


class UpstreamTimeout(UpstreamFault):
    """No first byte in time."""

    status = 504
    code: str | int | None = "upstream_timeout"


class StorageUnavailable(GatewayError):
    """The database cannot take a write: nothing may be spent that cannot be booked."""

    status = 503
    code: str | int | None = "storage_unavailable"
    retry_after = 5
