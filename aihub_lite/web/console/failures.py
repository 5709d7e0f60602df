"""Why a request failed: what each code means, and what to do about it.

The catalogues have one text of each for all who read it, by the code or, where nothing was at fault, by how the request
ended: `means`; `do`, for whoever calls; `mend`, for whoever operates the gateway. The documentation's table of errors
is made of the same texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

import attrs

from aihub_lite.web.console.language import Language
from aihub_lite.web.views import Json

CONCERNS: Mapping[str, tuple[str, ...]] = {
    "invalid_request": ("channel",),
    "previous_response_not_found": (),
    "context_length_exceeded": ("model",),
    "invalid_api_key": ("token",),
    "insufficient_user_quota": ("token", "pot"),
    "paused_for_safety": ("token",),
    "model_not_allowed": ("token",),
    "model_unpriced": ("model",),
    "access_denied": ("token",),
    "not_found": (),
    "model_not_found": ("channels",),
    "method_not_allowed": (),
    "request_timeout": (),
    "conflict": (),
    "request_too_large": (),
    "rate_limit_exceeded": ("token", "channel"),
    "internal_error": (),
    "upstream_error": ("channel",),
    "upstream_rejected": ("channel",),
    "request_stopped": (),
    "storage_unavailable": (),
    "channel_unavailable": ("channel", "model"),
    "overloaded": (),
    "upstream_timeout": ("channel",),
    "client_gone": ("token",),
    "cut_off": ("channel",),
    "interrupted": (),
    "stopped": (),
}
"""By code or by how it ended: the kinds of pages that are looked at next."""
LINK = re.compile(r"\[([^\]]+)\]\((/[^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")


@attrs.frozen
class Failure:
    """What is said of a failed request."""

    means: str
    do: str
    mend: str
    concerns: tuple[str, ...]


def failure_of(language: Language, record: Json) -> Failure | None:
    """What there is to say of a record or a refusal; None where it was answered, or nobody knows its code."""
    for name in (record["error_code"], record["outcome"]):
        if name in CONCERNS:
            return Failure(
                means=language(f"failure.{name}.means"),
                do=language(f"failure.{name}.do"),
                mend=language(f"failure.{name}.mend"),
                concerns=CONCERNS[name],
            )
    return None


def marked(text: str) -> str:
    """A text of the catalogues as HTML: its code and its links are written as in Markdown."""
    html = CODE.sub(r"<code>\1</code>", escape(text))
    return LINK.sub(r'<a href="\2">\1</a>', html)
