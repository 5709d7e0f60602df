"""The tables of errors that a client may be told, all or of one endpoint: made of the texts that the console has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.docs.markdown import table

HEADS = {
    "en": ("code", "status", "what it means", "what to do"),
    "zh": ("代码", "状态", "含义", "怎么办"),
}
ROWS = (
    ("400", "invalid_request"),
    ("400", "previous_response_not_found"),
    ("400", "context_length_exceeded"),
    ("401", "invalid_api_key"),
    ("402", "insufficient_user_quota"),
    ("402", "paused_for_safety"),
    ("403", "model_not_allowed"),
    ("403", "model_unpriced"),
    ("403", "access_denied"),
    ("404", "not_found"),
    ("404, 503", "model_not_found"),
    ("405", "method_not_allowed"),
    ("408", "request_timeout"),
    ("409", "conflict"),
    ("413, 414, 431", "request_too_large"),
    ("429", "rate_limit_exceeded"),
    ("500", "internal_error"),
    ("502", "upstream_error"),
    ("503", "request_stopped"),
    ("503", "storage_unavailable"),
    ("503", "channel_unavailable"),
    ("503", "overloaded"),
    ("504", "upstream_timeout"),
)


ELSEWHERE = frozenset({"previous_response_not_found", "context_length_exceeded", "not_found", "method_not_allowed"})
"""What an endpoint answers only where `ALSO` has it: the rest is told of other paths, or of another method."""
OF_ADMINS = frozenset({"conflict"})
TOO_LONG = frozenset({"context_length_exceeded"})
ALSO: Mapping[str, frozenset[str]] = {
    "/v1/chat/completions": TOO_LONG,
    "/v1/responses": TOO_LONG | {"previous_response_not_found"},
    "/v1/messages": TOO_LONG,
    "/v1/completions": TOO_LONG,
    "/v1/fim/completions": TOO_LONG,
}
ASKED = frozenset({"invalid_api_key", "access_denied", "rate_limit_exceeded", "internal_error"})
"""What those may answer that ask no model."""
ASKING: Mapping[str, frozenset[str]] = {"/v1/models": ASKED, "/v1/key": ASKED | {"invalid_request"}}
Row = tuple[str, str]
"""Statuses and code."""


def rows_of(path: str) -> list[Row]:
    """Those that an endpoint may answer."""
    if path in ASKING:
        return [row for row in ROWS if row[1] in ASKING[path]]
    left_out = (ELSEWHERE | OF_ADMINS) - ALSO.get(path, frozenset())
    return [row for row in ROWS if row[1] not in left_out]


def refusals_of(path: str) -> dict[str, str]:
    """What each status of an endpoint means, in English."""
    texts = LANGUAGES["en"]
    told: dict[str, list[str]] = {}
    for statuses, code in rows_of(path):
        for status in statuses.split(", "):
            told.setdefault(status, []).append(f"`{code}`: {texts(f'failure.{code}.means')}")
    return {status: " ".join(told[status]) for status in sorted(told)}


def errors_table(language: str, rows: Iterable[Row] = ROWS) -> str:
    """A Markdown table, a line for each."""
    texts = LANGUAGES[language]
    comma = texts("lists.comma")
    cells = [
        (f"`{code}`", comma.join(statuses.split(", ")), texts(f"failure.{code}.means"), texts(f"failure.{code}.do"))
        for statuses, code in rows
    ]
    return table(HEADS[language], cells)
