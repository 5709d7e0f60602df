"""Why a Gemini candidate ended, and prompts that were blocked."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.wire.gemini.shapes import GeminiDelta
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, text_at

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


def native_reason(candidate: JsonView) -> str | None:
    """Gemini's word; None while the candidate goes on."""
    reason = candidate.get("finishReason")
    if isinstance(reason, str) and reason not in UNSPECIFIED:
        return reason
    return None


def finish_reason(native: str, *, called: bool) -> str:
    """OpenAI's word: Gemini says STOP after function calls too."""
    reason = FINISH_REASONS.get(native, "stop")
    if called and reason == "stop":
        return "tool_calls"
    return reason


def refusal(native: str, candidate: JsonView) -> GeminiDelta:
    """Why an answer was withheld, as far as Gemini says it in words."""
    if FINISH_REASONS.get(native) == "content_filter":
        return _refusal(text_at(candidate, "finishMessage"))
    return {}


def blocked(answer: JsonView) -> JsonObject | None:
    """The one choice of an answer whose prompt was blocked: there are no candidates then."""
    feedback = dict_at(answer, "promptFeedback")
    reason = text_at(feedback, "blockReason")
    if not reason:
        return None
    delta = _refusal(text_at(feedback, "blockReasonMessage"))
    return {"index": 0, "delta": delta, "finish_reason": "content_filter", "native_finish_reason": reason}


def _refusal(message: str) -> GeminiDelta:
    if not message:
        return {}
    return {"refusal": message}
