"""An event that says nothing, for clients whose idle timers only events reset (RULES.md C-2.4)."""

from __future__ import annotations

import msgspec

from aihub_lite.wire.sse import event


def idle_event(model: str, stream_id: str, created: int) -> bytes:
    """A chunk with an empty delta; `created` in Unix seconds. One stream has one id: accumulators drop the others."""
    chunk = {
        "id": stream_id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "delta": {}, "finish_reason": None}],
    }
    return event(msgspec.json.encode(chunk))
