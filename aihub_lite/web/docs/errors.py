"""The table of all errors that a client may be told: made of the texts that the console has of each."""

from __future__ import annotations

from aihub_lite.web.console.language import LANGUAGES

HEADS = {
    "en": ("status", "code", "what it means", "what to do"),
    "zh": ("状态", "代码", "含义", "怎么办"),
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


def errors_table(language: str) -> str:
    """A Markdown table, a line for each."""
    heads = HEADS[language]
    texts = LANGUAGES[language]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for status, code in ROWS:
        lines.append(f"| {status} | `{code}` | {texts(f'failure.{code}.means')} | {texts(f'failure.{code}.do')} |")
    return "\n".join(lines) + "\n"
