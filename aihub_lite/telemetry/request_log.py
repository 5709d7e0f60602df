"""One line of the log for each request: what it was, what became of it, what it cost. No key, and nobody's text."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aihub_lite.domain.money import plain, usd
from aihub_lite.telemetry.request_watch import EndedRequest

log = logging.getLogger("aihub_lite.requests")

Fields = Mapping[str, str | int]


def fields_of(ended: EndedRequest) -> Fields:
    """What is told of a request, in the order of the line; what is not known is left out."""
    fields: dict[str, str | int] = {
        "request_id": ended.request_id,
        "trace_id": ended.trace.trace_id,
        "span_id": ended.trace.span_id,
        "method": ended.method,
        "path": ended.path,
        "status": ended.status,
        "ms": ended.ms,
    }
    if (refused := ended.refused) is not None:
        fields |= {"token": refused.token_id, "model": refused.model, "error": refused.code}
    if (record := ended.record) is not None:
        fields |= {
            "token": record.token_id,
            "model": record.model,
            "channel": record.channel,
            "outcome": record.outcome,
            "error": record.error_code,
            "attempts": len(record.attempts),
            "first_byte_ms": record.first_byte_ms,
            "prompt_tokens": record.usage.prompt_tokens,
            "completion_tokens": record.usage.completion_tokens,
            "cost_usd": plain(usd(record.cost_nano)),
        }
    return {name: value for name, value in fields.items() if value != ""}


def log_request(ended: EndedRequest) -> None:
    """Write its line."""
    log.info("request", extra={"fields": fields_of(ended)})
