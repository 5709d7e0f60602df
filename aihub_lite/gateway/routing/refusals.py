"""Which refusals of a request another model may not share: by what upstreams say in them."""

from __future__ import annotations

import re

from aihub_lite.domain.route import Reason
from aihub_lite.errors import GatewayError, UpstreamRejected
from aihub_lite.wire.upstream_error import CONTEXT_OVERFLOW, OVERFLOW

CONTENT = re.compile(
    r"content_filter|content[ _]policy|content management policy|ResponsibleAIPolicyViolation|data_inspection_failed"
    r"|inappropriate content|moderation|flagged|usage polic(y|ies)|safety (system|filter)|PROHIBITED_CONTENT"
    r"|sensitive (content|words)|violat\w* .{0,40}polic(y|ies)",
    re.IGNORECASE,
)
"""OpenAI, Azure, DashScope, OpenRouter, Anthropic, Gemini, and what others write."""


def reason_of_refusal(error: GatewayError) -> Reason | None:
    """`context` or `content` for a refusal of the request itself; None where every model would refuse it."""
    if not isinstance(error, UpstreamRejected):
        return None
    if error.code == CONTEXT_OVERFLOW or OVERFLOW.search(error.message):
        return "context"
    if error.status in (400, 403, 422, 451) and CONTENT.search(f"{error.code} {error.message}"):
        return "content"
    return None
