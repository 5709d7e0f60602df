"""What an upstream's error means, whatever shape it has, and whose fault it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from aihub_lite.wire.faults import ForeignError, Kind
from aihub_lite.wire.foreign_json import decode_strict, encode
from aihub_lite.wire.json_types import JsonView, dicts_in

MAX_MESSAGE = 2000
"""Characters of an upstream's message that a client gets."""
CONTEXT_OVERFLOW = "context_length_exceeded"
"""The code that clients shorten their conversation for, whatever the upstream calls it (RULES.md C-16)."""


TEXTS: tuple[tuple[Kind, frozenset[int], re.Pattern[str]], ...] = (
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
        "forbidden",  # Gemini says it with 400, OpenAI and Anthropic with 403
        frozenset({400, 403}),
        re.compile(r"user location is not supported|(country|region|territory).{0,40}not supported", re.IGNORECASE),
    ),
    (
        "auth",  # xAI and Gemini refuse a key with 400, AWS with 403; others' 403 may be about an address or a firewall
        frozenset({400, 401, 403, 404}),
        re.compile(
            r"api_key_(invalid|service_blocked|http_referrer_blocked|ip_address_blocked)|invalid_api_key"
            r"|(incorrect|invalid|no|missing|unknown|revoked|expired) (x-)?api[ -]key"
            r"|api[ _-]?key.{0,80}\b(not valid|invalid|expired|revoked|disabled|deleted|blocked|suspended|leaked)"
            r"|authentication_error|unauthenticated|authentication failed: .{0,40}api key|bearer token has expired"
            r"|security token included in the request is|request signature we calculated does not match",
            re.IGNORECASE,
        ),
    ),
    (
        "model",
        frozenset({400, 403, 404, 410, 422}),
        re.compile(
            r"model_not_found|model_not_exist|DeploymentNotFound|invalid_model|no endpoints found|unknown model"
            r"|model.{0,120}(does not exist|not exist|not found|is not available|is not supported on)"
            r"|(not a valid|invalid) model|is not found for API version|no such model|not_found_error.{0,40}model:"
            # Bedrock: of an id, an account, a policy, a region, a form that nobody filled in, a model that was ended
            r"|model identifier is invalid|have access to the model|not authorized to perform: bedrock:invoke"
            r"|on-demand throughput isn|use case details have not been submitted|reached the end of its life",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
)
"""Texts that tell more than the status does: at these statuses, the first row that matches decides."""

STATUS_KINDS: Mapping[int, Kind] = {
    401: "auth",
    402: "funds",
    403: "forbidden",
    407: "forbidden",
    408: "server",
    424: "server",
    429: "rate",
}
"""Where no text decides; any other 4xx is the client's fault, all else the server's."""

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
UNREADABLE = re.compile(
    r"invalid_encrypted_content|could not decrypt the provided encrypted_content|could not decode the compaction blob"
    r"|invalid .?signature.? in .?thinking.? block|\bitem with id .?rs_\w+.? not found",
    re.IGNORECASE,
)
"""OpenAI, xAI (twice), Anthropic: a thought of an earlier turn is another account's, or was changed. OpenAI again: one
that went by its id alone is not stored there."""
OVERFLOW_TYPE = "too_many_prompt_tokens"
"""Perplexity's type for it, with a text of its own."""
DELAY = re.compile(r"\d{1,9}(\.\d{1,9})?s", re.ASCII)
"""A duration as protobuf writes it in JSON: `34.4s`."""
SECRET = re.compile(
    r"\b(?:sk-[\w*.\-]{6,}"
    r"|(?:(?:gsk|xai|pk|hf|csk|fw|key)[-_]|AIza|Bearer )(?=[A-Za-z_.\-]*[\d*])[\w*.\-]{6,})(?<=[\w*])",
    re.ASCII,
)
"""Keys, whole or masked in part (`sk-proj-****abcd`), as upstreams echo them."""


def error_of(status: int, body: bytes) -> ForeignError:
    """The error that an answer with this status holds; an unknown shape still gives a message and a kind."""
    try:
        value = decode_strict(body)
    except (ValueError, RecursionError):
        value = _plain_text(body)
    return error_in(status, value)


def error_in(status: int, value: object) -> ForeignError:
    """The same for decoded JSON: the whole body, or a chunk of a stream that holds an error."""
    code, text, words = _parts(value)
    kind = _kind(status, f"{code} {words} {text}")
    if kind == "client" and (OVERFLOW.search(text) or OVERFLOW_TYPE in words.split()):
        code = CONTEXT_OVERFLOW
    message = _safe(text) or f"The upstream answered with HTTP status {status}."
    return ForeignError(code, message, kind, _retry_after(value))


def is_unreadable(code: object, message: str) -> bool:
    """Whether an upstream's error says that it cannot read a thought of an earlier turn."""
    return UNREADABLE.search(f"{code} {message}") is not None


def status_in(value: object, otherwise: int) -> int:
    """The HTTP status of an error inside a 200: the one it names as a number, else what its type or code stands for."""
    if not isinstance(value, Mapping):
        return otherwise
    error = value.get("error") or value
    if not isinstance(error, Mapping):
        return otherwise
    for name in ("status_code", "code", "status", "http_code"):
        number = error.get(name)
        if isinstance(number, str) and number.isdecimal() and len(number) == 3:
            number = int(number)
        if isinstance(number, int) and 400 <= number <= 599:
            return number
    for name in ("code", "type", "status"):
        word = error.get(name)
        if isinstance(word, str) and word in NAMED_STATUS:
            return NAMED_STATUS[word]
    return otherwise


def _kind(status: int, text: str) -> Kind:
    for kind, statuses, pattern in TEXTS:
        if status in statuses and pattern.search(text):
            return kind
    if status in STATUS_KINDS:
        return STATUS_KINDS[status]
    if 400 <= status < 500:
        return "client"
    return "server"


def _parts(value: object) -> tuple[str | int | None, str, str]:
    """Code, message, and further words (type, status, reason) that help to tell whose fault it is.

    Shapes: `{"error": {message, code, type}}` (OpenAI and most), `[{"error": …}]` (Gemini), `{"error": "text",
    "code"}` (xAI, Ollama), `{"detail": …}` (Mistral 401, FastAPI), `{"message", "code"|"type"}` (Mistral, Cohere,
    Cerebras; AWS writes `Message` at times), `{"errors": […]}` (Cloudflare), `{"object": "error", "message"}` (vLLM).
    """
    if isinstance(value, str):
        return None, value, ""
    if isinstance(value, Sequence) and value:
        return _parts(value[0])
    if not isinstance(value, Mapping):
        return None, "", ""
    inner = next((value[name] for name in ("error", "errors", "detail") if value.get(name)), None)
    if isinstance(inner, str):
        return _code(value), inner, _words(value)
    if not isinstance(inner, Mapping | list):
        return _code(value), _text(value), _words(value)
    code, text, words = _parts(inner)
    if code is None:
        code = _code(value)
    return code, text or _text(value), f"{words} {_words(value)}"


def _code(value: JsonView) -> str | int | None:
    for name in ("code", "type", "status"):
        code = value.get(name)
        if isinstance(code, str) and code and code != "error":
            return code
        if isinstance(code, int) and not isinstance(code, bool):
            return code
    return None


def _text(value: JsonView) -> str:
    for name in ("message", "Message", "msg", "error_message", "description", "title"):
        text = value.get(name)
        if isinstance(text, str) and text:
            return text
        if isinstance(text, Mapping | list) and text:  # FastAPI's list of what is wrong, or an error inside the message
            return _parts({"errors": text})[1] or encode(text).decode()
    return ""


def _words(value: JsonView) -> str:
    """Type, status and Google's `details[].reason`, and the cause that OpenRouter hides in `metadata.raw`."""
    words: list[object] = [value.get("type"), value.get("status")]
    words += [detail.get("reason") for detail in dicts_in(value.get("details"))]
    if isinstance(metadata := value.get("metadata"), Mapping):
        words.append(metadata.get("raw"))
    return " ".join(word for word in words if isinstance(word, str))


def _retry_after(value: object) -> float | None:
    """Seconds out of Google's `details`: `RetryInfo.retryDelay` ("34.4s"), and `QuotaFailure` of a quota per day."""
    if isinstance(value, list) and value:
        return _retry_after(value[0])
    error = value.get("error") if isinstance(value, Mapping) else None
    if not isinstance(error, Mapping):
        return None
    return max(_waits(error), default=None)


def _waits(error: JsonView) -> Iterator[float]:
    """Seconds; a quota per day has a short delay of its own beside it, which is not long enough."""
    for detail in dicts_in(error.get("details")):
        if isinstance(delay := detail.get("retryDelay"), str) and DELAY.fullmatch(delay):
            yield float(delay[:-1])
        for violation in dicts_in(detail.get("violations")):
            if "PerDay" in str(violation.get("quotaId")):
                yield DAILY_WAIT


def _plain_text(body: bytes) -> str:
    """A short text as it is; a page of HTML, broken JSON or binary data says nothing to a client."""
    text = body[: MAX_MESSAGE * 4].decode("utf-8", "replace").strip()
    if "<" in text or "\ufffd" in text or text.startswith(("{", "[")):
        return ""
    return text


def _safe(text: str) -> str:
    """The text without keys and control characters, and not too long."""
    # Cut to more than what is kept, so that no key is halved before it is found; not uncut, since patterns cost time.
    text = SECRET.sub("[key]", text[: MAX_MESSAGE * 4])[:MAX_MESSAGE]
    return "".join(character if character.isprintable() or character in "\n\t" else " " for character in text).strip()
