"""Two accounts at Anthropic, none of which takes a thought that the other one signed."""

from __future__ import annotations

from typing import Any

from tests.support.upstream.accounts import Accounts
from tests.support.upstream.answers import END_OF_BODY, SSE_HEAD, chunked, json_answer, sse_event
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Script, Send

INVALID = "Invalid signature in thinking block. The block is bound to a different account."


class ClaudeAccounts(Accounts):
    """Thoughts of theirs are signed."""

    def thoughts_in(self, request: Request) -> list[str]:
        blocks = [block for message in request.json()["messages"] for block in message["content"]]
        return [block["signature"] for block in blocks if block["type"] == "thinking"]

    def refused(self) -> Script:
        return json_answer(400, {"type": "error", "error": {"type": "invalid_request_error", "message": INVALID}})

    def message(self, thought: str, *, streamed: bool) -> Script:
        signed = {"type": "thinking", "thinking": "Hm", "signature": thought}
        usage = {"input_tokens": 3, "output_tokens": 5}
        whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": usage}
        text = {"type": "text", "text": "Yes"}
        if not streamed:
            return json_answer(200, {**whole, "content": [signed, text], "stop_reason": "end_turn"})
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
        ]
        for index, (block, delta) in enumerate(
            [
                ({**signed, "signature": ""}, {"type": "signature_delta", "signature": thought}),
                ({**text, "text": ""}, {"type": "text_delta", "text": "Yes"}),
            ]
        ):
            events += [
                {"type": "content_block_start", "index": index, "content_block": block},
                {"type": "content_block_delta", "index": index, "delta": delta},
                {"type": "content_block_stop", "index": index},
            ]
        events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
        events.append({"type": "message_stop"})
        return [Send(SSE_HEAD), *(Send(chunked(sse_event(event))) for event in events), END_OF_BODY]
