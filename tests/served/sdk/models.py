"""The models that every client asks for, and the scripted upstream behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.served.endpoints import ALL
from tests.support.gateway import Gateway
from tests.support.upstream.answers import (
    USAGE,
    chat_answer,
    chat_chunk,
    chat_stream,
    error_answer,
    json_answer,
    sse,
    usage_chunk,
)
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Close, Step

ANSWER = "vendor/answer"
"""A public id with a slash, as most gateways have them."""
TOOLS = "tools"
OVERFLOW = "overflow"
BROKEN = "broken"
RECALL = "recall"
"""Says what it was told; where it has tools, it calls one first."""
BUSY = "busy"
"""The prefix of one model per client, whose first request is put off by a second."""

CALLS = (("call_paris", "get_weather", '{"city":"Paris","days":2}'), ("call_oslo", "get_time", '{"zone":"Oslo"}'))
"""Id, name and arguments of the parallel calls that `tools` makes."""
ELSEWHERE = {endpoint.path: endpoint.answer for endpoint in ALL if endpoint.name != "embeddings"}
"""What is answered at other endpoints than chat, whatever is asked."""
OVERFLOW_TEXT = "This model's maximum context length is 10 tokens. However, your messages resulted in 11 tokens."


class Models(Upstream):
    """Answers by the upstream model's name."""

    def __init__(self) -> None:
        super().__init__(self._answered)

    def serve(self, gateway: Gateway) -> None:
        """Adds a channel for each of the models: a fault of one may not touch another."""
        gateway.add_channel(self.url, ANSWER, models=[f"{ANSWER}=answer"])
        for model in (TOOLS, OVERFLOW, BROKEN, RECALL):
            gateway.add_channel(self.url, model, models=[model])
        gateway.set_price(ANSWER)

    def serve_busy(self, gateway: Gateway, client: str) -> str:
        """Adds a model that tells its first caller to come back in a second; returns its id."""
        model = f"{BUSY}-{client}"
        return gateway.add_channel(self.url, model, models=[model])

    def requests_for(self, model: str) -> int:
        """How many requests there were for an upstream model."""
        asked = [request for request in self.chats if request.path not in ELSEWHERE]  # of which some take forms
        return sum(request.json().get("model") == model for request in asked)

    def _answered(self, request: Request) -> Sequence[Step]:
        if request.path in ELSEWHERE:
            return ELSEWHERE[request.path]
        body = request.json()
        if request.path.endswith("/embeddings"):
            return embeddings(len(body["input"]))
        model = str(body["model"])
        streamed = bool(body.get("stream"))
        if model == OVERFLOW:
            return error_answer(400, OVERFLOW_TEXT, "context_length_exceeded")
        if model == TOOLS:
            return tool_stream() if streamed else tool_answer()
        if model == RECALL:
            return recall(body, streamed=streamed)
        if model == BROKEN:
            return sse(chat_chunk({"role": "assistant", "content": "hello "}), done=False, end=[Close()])
        if model.startswith(BUSY) and self.requests_for(model) == 1:
            return error_answer(429, "slow down", "rate_limit_exceeded", [("retry-after", "1")])
        return chat_stream() if streamed else chat_answer()


def embeddings(count: int) -> list[Step]:
    """As many vectors as there were texts."""
    data = [{"object": "embedding", "index": index, "embedding": [0.5, -0.5]} for index in range(count)]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return json_answer(200, {"object": "list", "model": "answer", "data": data, "usage": usage})


def recall(body: dict[str, Any], *, streamed: bool) -> list[Step]:
    """What a model was told so far; with tools, at first a call of one, after a thought and a word."""
    messages = body["messages"]
    if "tools" not in body or messages[-1]["role"] == "tool":
        told = " | ".join(map(_told, messages))
        return chat_stream(told) if streamed else chat_answer(told)
    id_, name, arguments = CALLS[0]
    call = {"index": 0, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
    message = {"role": "assistant", "reasoning_content": "Hm.", "content": "Let me look.", "tool_calls": [call]}
    if streamed:
        return sse(chat_chunk(message), chat_chunk({}, "tool_calls"), usage_chunk())
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    whole = {"id": "chatcmpl-upstream", "object": "chat.completion", "created": 1_700_000_000, "model": RECALL}
    return json_answer(200, whole | {"choices": [choice], "usage": USAGE})


def _told(message: dict[str, Any]) -> str:
    calls = "".join(f" [{call['function']['name']}]" for call in message.get("tool_calls", ()))
    return f"{message['role']}: {message['content']}{calls}"


def tool_answer() -> list[Step]:
    """Two parallel calls at once."""
    calls = [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
        for id_, name, arguments in CALLS
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    whole = {"id": "chatcmpl-upstream", "object": "chat.completion", "created": 1_700_000_000, "model": TOOLS}
    return json_answer(200, whole | {"choices": [choice], "usage": USAGE})


def tool_stream() -> list[Step]:
    """The same calls, their arguments in pieces, with the start of the second in the chunk that ends the first."""
    (first_id, first_name, first), (second_id, second_name, second) = CALLS
    return sse(
        chat_chunk({"role": "assistant", "content": None}),
        chat_chunk({"tool_calls": [_call(0, "", first_id, first_name)]}),
        chat_chunk({"tool_calls": [_call(0, first[:9])]}),
        chat_chunk({"tool_calls": [_call(0, first[9:]), _call(1, second[:3], second_id, second_name)]}),
        chat_chunk({"tool_calls": [_call(1, second[3:])]}),
        chat_chunk({}, "tool_calls"),
        usage_chunk(),
    )


def _call(index: int, arguments: str, id_: str = "", name: str = "") -> dict[str, Any]:
    if not id_:
        return {"index": index, "function": {"arguments": arguments}}
    return {"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
