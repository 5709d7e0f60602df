"""Why a Gemini candidate ended, and prompts that were blocked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FINISH_REASONS: Mapping[str, str] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "LANGUAGE": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "IMAGE_OTHER": "content_filter",
    "NO_IMAGE": "content_filter",
}
"""Everything else ends an answer that is as good as it gets: MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL,
TOO_MANY_TOOL_CALLS, MISSING_THOUGHT_SIGNATURE, MALFORMED_RESPONSE, OTHER and what is yet to come are a `stop`; clients
that care read `native_finish_reason`."""
UNSPECIFIED = frozenset({"", "FINISH_REASON_UNSPECIFIED"})


def native_reason(candidate: Mapping[str, Any]) -> str | None:
    """Gemini's word; None while the candidate goes on."""
    reason = candidate.get("finishReason")
    return reason if isinstance(reason, str) and reason not in UNSPECIFIED else None


def finish_reason(native: str, *, called: bool) -> str:
    """OpenAI's word: Gemini says STOP after function calls too."""
    reason = FINISH_REASONS.get(native, "stop")
    return "tool_calls" if called and reason == "stop" else reason


def refusal(native: str, message: object) -> dict[str, Any]:
    """Why an answer was withheld, as far as Gemini says it in words."""
    if FINISH_REASONS.get(native) == "content_filter" and isinstance(message, str) and message:
        return {"refusal": message}
    return {}


def blocked(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """The one choice of an answer whose prompt was blocked: there are no candidates then."""
    feedback = answer.get("promptFeedback")
    reason = feedback.get("blockReason") if isinstance(feedback, Mapping) else None
    if not isinstance(feedback, Mapping) or not isinstance(reason, str) or not reason:
        return None
    said = feedback.get("blockReasonMessage")
    delta = {"refusal": said} if isinstance(said, str) and said else {}
    return {"index": 0, "delta": delta, "finish_reason": "content_filter", "native_finish_reason": reason}
