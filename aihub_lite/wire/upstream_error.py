"""What an upstream's error means, whatever shape it has, and whose fault it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import msgspec

Kind = Literal["client", "auth", "funds", "rate", "server", "model"]
"""Whose fault: the client's request; the gateway's key; its account; its rate; the upstream; or this model is not
offered there (another channel may have it)."""

MAX_MESSAGE = 2000
CONTEXT_OVERFLOW = "context_length_exceeded"


@attrs.frozen
class ForeignError:
    """An upstream's error. `code` as the upstream gave it, `message` never empty and without keys."""

    code: str | int | None
    message: str
    kind: Kind
    retry_after: float | None = None
    """Seconds to wait, where the body says so (Google's `RetryInfo`); a quota per day is waited for in steps."""


WORDS: tuple[tuple[Kind, frozenset[int], re.Pattern[str]], ...] = (
    (
        "client",  # OpenRouter refuses flagged input with 403, Azure with 400 or inside a 200
        frozenset({400, 403}),
        re.compile(r"content_filter|content management policy|moderation|flagged", re.IGNORECASE),
    ),
    (
        "rate",  # Gemini words its limits per minute like an account that is spent
        frozenset({429}),
        re.compile(r"RESOURCE_EXHAUSTED(?!.*credits are depleted)", re.DOTALL),
    ),
    (
        "funds",  # OpenAI says it with 429, Anthropic with 400, DeepSeek with 402, DashScope with 400 and 403
        frozenset({400, 402, 403, 429}),
        re.compile(
            r"insufficient_quota|insufficient[ _](account )?(balance|credit|funds)|credit balance is too low"
            r"|exceeded your current quota|arrearage|billing_hard_limit|overdue|account is not active"
            r"|credits are depleted|enable billing",
            re.IGNORECASE,
        ),
    ),
    (
        "auth",  # xAI and Gemini refuse a key with 400
        frozenset({400, 401, 403, 404}),
        re.compile(
            r"api_key_invalid|invalid_api_key|(incorrect|invalid|no|missing) (x-)?api[ -]key"
            r"|api key (not valid|expired)|authentication_error|unauthenticated"
            r"|user location is not supported",
            re.IGNORECASE,
        ),
    ),
    (
        "model",
        frozenset({400, 403, 404, 410, 422}),
        re.compile(
            r"model_not_found|model_not_exist|DeploymentNotFound|invalid_model|no endpoints found|unknown model"
            r"|model.{0,120}(does not exist|not exist|not found|is not available|is not supported on)"
            r"|(not a valid|invalid) model|is not found for API version|no such model|not_found_error.{0,40}model:",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
)
"""Texts that tell more than the status does: at these statuses, the first row that matches decides."""

STATUS_KINDS: Mapping[int, Kind] = {401: "auth", 402: "funds", 403: "auth", 407: "auth", 408: "server", 429: "rate"}

NAMED_STATUS: Mapping[str, int] = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "insufficient_quota": 429,
    "billing_error": 402,
    "permission_error": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "RESOURCE_EXHAUSTED": 429,
    "content_filter": 400,
    CONTEXT_OVERFLOW: 400,
    "invalid_request_error": 400,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "INTERNAL": 500,
    "DEADLINE_EXCEEDED": 504,
    "request_too_large": 413,
    "timeout_error": 504,
    "overloaded_error": 503,
    "UNAVAILABLE": 503,
    "server_error": 500,
    "api_error": 500,
}
"""What an error inside a 200 would have been; code counts before type."""

DAILY_WAIT = 3600.0
"""Seconds: a quota per day comes back at midnight in California, long after the delay that Gemini names."""

OVERFLOW = re.compile(
    r"maximum context length|context (length|window)|prompt is too long|input is too long|too many (input )?tokens"
    r"|exceeds? the (maximum|available) context|input token count.{0,40}exceeds",
    re.IGNORECASE,
)
DELAY = re.compile(r"\d{1,9}(\.\d{1,9})?s", re.ASCII)
SECRET = re.compile(
    r"\b(?:sk-[\w*.\-]{6,}"
    r"|(?:(?:gsk|xai|pk|hf|csk|fw|key)[-_]|AIza|Bearer )(?=[A-Za-z_.\-]*[\d*])[\w*.\-]{6,})(?<=[\w*])",
    re.ASCII,
)
"""Keys, whole or masked in part (`sk-proj-****abcd`), as upstreams echo them."""


def error_of(status: int, body: bytes) -> ForeignError:
    """The error that an answer with this status holds; an unknown shape still gives a message and a kind."""
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        value = _plain_text(body)
    return error_in(status, value)


def error_in(status: int, value: object) -> ForeignError:
    """The same for decoded JSON: the whole body, or a chunk of a stream that holds an error."""
    code, text, words = _parts(value)
    kind = _kind(status, f"{code} {words} {text}")
    if kind == "client" and OVERFLOW.search(text):
        code = CONTEXT_OVERFLOW
    message = _safe(text) or f"The upstream answered with HTTP status {status}."
    return ForeignError(code, message, kind, _retry_after(value))


def status_in(value: object, otherwise: int) -> int:
    """The HTTP status of an error inside a 200: the one it names as a number, else what its type or code stands for."""
    error = value.get("error") or value if isinstance(value, Mapping) else None
    if not isinstance(error, Mapping):
        return otherwise
    for name in ("status_code", "code", "status", "http_code"):
        found = error.get(name)
        if isinstance(found, str) and found.isdecimal() and len(found) == 3:
            found = int(found)
        if isinstance(found, int) and 400 <= found <= 599:
            return found
    named = [error.get("code"), error.get("type"), error.get("status")]
    return next((NAMED_STATUS[name] for name in named if isinstance(name, str) and name in NAMED_STATUS), otherwise)


def _kind(status: int, text: str) -> Kind:
    for kind, statuses, pattern in WORDS:
        if status in statuses and pattern.search(text):
            return kind
    return STATUS_KINDS.get(status) or ("client" if 400 <= status < 500 else "server")


def _parts(value: object) -> tuple[str | int | None, str, str]:
    """Code, message, and further words (type, status, reason) that help to tell whose fault it is.

    Shapes: `{"error": {message, code, type}}` (OpenAI and most), `[{"error": …}]` (Gemini), `{"error": "text",
    "code"}` (xAI, Ollama), `{"detail": …}` (Mistral 401, FastAPI), `{"message", "code"|"type"}` (Mistral, Cohere,
    Cerebras), `{"errors": […]}` (Cloudflare), `{"object": "error", "message"}` (vLLM).
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _parts(value[0]) if value else (None, "", "")
    if not isinstance(value, Mapping):
        return None, value if isinstance(value, str) else "", ""
    inner = next((value[name] for name in ("error", "errors", "detail") if value.get(name)), None)
    if isinstance(inner, Mapping | list) and inner:
        code, text, words = _parts(inner)
        return code if code is not None else _code(value), text or _text(value), f"{words} {_words(value)}"
    text = inner if isinstance(inner, str) else _text(value)
    return _code(value), text, _words(value)


def _code(value: Mapping[str, Any]) -> str | int | None:
    for name in ("code", "type", "status"):
        found = value.get(name)
        if isinstance(found, str) and found and found != "error":
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return found
    return None


def _text(value: Mapping[str, Any]) -> str:
    for name in ("message", "msg", "error_message", "description", "title"):
        found = value.get(name)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, Mapping | list) and found:
            return _parts({"errors": found})[1] or msgspec.json.encode(found).decode()
    return ""


def _words(value: Mapping[str, Any]) -> str:
    """Type, status and Google's `details[].reason`, and the cause that OpenRouter hides in `metadata.raw`."""
    found: list[object] = [value.get("type"), value.get("status")]
    if isinstance(details := value.get("details"), list):
        found += [detail.get("reason") for detail in details if isinstance(detail, Mapping)]
    if isinstance(metadata := value.get("metadata"), Mapping):
        found.append(metadata.get("raw"))
    return " ".join(word for word in found if isinstance(word, str))


def _retry_after(value: object) -> float | None:
    """Seconds out of Google's `details`: `RetryInfo.retryDelay` ("34.4s"), and `QuotaFailure` of a quota per day."""
    if isinstance(value, list):
        return _retry_after(value[0]) if value else None
    error = value.get("error") if isinstance(value, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    wait = None
    for detail in details if isinstance(details, list) else ():
        if not isinstance(detail, Mapping):
            continue
        if isinstance(delay := detail.get("retryDelay"), str) and DELAY.fullmatch(delay):
            wait = max(wait or 0.0, float(delay[:-1]))
        violations = detail.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, Mapping) and "PerDay" in str(violation.get("quotaId")):
                wait = max(wait or 0.0, DAILY_WAIT)
    return wait


def _plain_text(body: bytes) -> str:
    """A short text as it is; a page of HTML, broken JSON or binary data says nothing to a client."""
    text = body[: MAX_MESSAGE * 4].decode("utf-8", "replace").strip()
    return "" if "<" in text or "\ufffd" in text or text.startswith(("{", "[")) else text


def _safe(text: str) -> str:
    hidden = SECRET.sub("[key]", text[: MAX_MESSAGE * 4])[:MAX_MESSAGE]
    return "".join(character if character.isprintable() or character in "\n\t" else " " for character in hidden).strip()
