"""An answer as its client sends it back with the next request, and what of it arrives where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import ANY

import msgspec

from aihub_lite.wire.gemini.contents import DUMMY_SIGNATURE
from aihub_lite.wire.gemini.signatures import NATIVE_PARTS
from tests.gateway.adapters.recorded.exchanges import SurfaceName
from tests.gateway.adapters.recorded.speech import code_run, spoken
from tests.gateway.adapters.recorded.whole import document
from tests.support.replay import Vector

UPSTREAM_MODELS = {"messages": "claude-sonnet-4-5", "generateContent": "gemini-3-pro-preview"}
"""By the endpoint whose thinking is signed: a model that wants it back."""
Turn = list[tuple[Any, ...]]


def next_request(surface: SurfaceName, body: bytes, model: str) -> dict[str, Any]:
    """The request after a whole answer: every call has its result, or the user goes on."""
    answer = msgspec.json.decode(body)
    if surface == "chat":
        return {"model": model, "messages": [{"role": "user", "content": "Hello"}, *_chat_turns(answer)]}
    if surface == "messages":
        turns = [{"role": "user", "content": "Hello"}, *_messages_turns(answer)]
        return {"model": model, "max_tokens": 5000, "messages": turns}
    return {"model": model, "input": [{"role": "user", "content": "Hello"}, *answer["output"], *_outputs(answer)]}


def _chat_turns(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    message = answer["choices"][0]["message"]
    calls = message.get("tool_calls", ())
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "Done"} for call in calls]
    return [message, *(results or [{"role": "user", "content": "Go on"}])]


def _messages_turns(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = [block for block in answer["content"] if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "Done"} for call in calls]
    user = {"role": "user", "content": results or [{"type": "text", "text": "Go on"}]}
    return [{"role": "assistant", "content": answer["content"]}, user]


def _outputs(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = [item for item in answer["output"] if "call_id" in item]
    results = [{"type": f"{call['type']}_output", "call_id": call["call_id"], "output": "Done"} for call in calls]
    return results or [{"role": "user", "content": "Go on"}]


def said_upstream(vector: Vector) -> Turn:
    """What a recorded answer of Claude's or Gemini's says, signatures included."""
    answer = document(vector)
    if vector.endpoint == "messages":
        return _of_claude(answer["content"])
    events = answer if isinstance(answer, list) else [answer]
    candidates = [candidate for event in events for candidate in (event.get("candidates") or ())[:1]]
    turn = _of_gemini([part for each in candidates for part in each.get("content", {}).get("parts", ())])
    return [("text", spoken(vector).text.rstrip()), *turn[1:]]  # a refusal is told, and goes back, as text


def arrived(vector: Vector, body: bytes) -> Turn:
    """The same, read out of the request that brings it back."""
    request = msgspec.json.decode(body)
    if vector.endpoint == "messages":
        turns = [turn for turn in request["messages"] if turn["role"] == "assistant"]
        return _of_claude([block for turn in turns for block in turn["content"]])
    turns = [turn for turn in request["contents"] if turn["role"] == "model"]
    return _of_gemini([part for turn in turns for part in turn["parts"]])


def _of_claude(blocks: list[dict[str, Any]]) -> Turn:
    """Blocks, texts in a row as one. Nothing but thinking says nothing, and is a 400."""
    turn: Turn = []
    for block in blocks:
        kind = block["type"]
        if kind == "text":
            so_far = turn.pop()[1] if turn and turn[-1][0] == "text" else ""
            turn.append(("text", so_far + block["text"]))
        elif kind == "thinking":
            turn.append((kind, block["thinking"], block["signature"]))
        elif kind == "redacted_thinking":
            turn.append((kind, block["data"]))
        elif kind == "tool_use":
            turn.append((kind, block["id"], block["name"], block["input"]))
    turn = [said for said in turn if said[0] != "text" or said[1].strip()]
    if all("thinking" in said[0] for said in turn):
        return []
    return [tuple(one.strip() if isinstance(one, str) else one for one in said) for said in turn]


def _of_gemini(parts: list[dict[str, Any]]) -> Turn:
    """All text as one, then the signatures of texts, then the calls with theirs."""
    text = ""
    signatures: Turn = []
    calls: Turn = []
    for part in parts:
        signature = part.get("thoughtSignature")
        if signature == DUMMY_SIGNATURE:  # it stands in for one that there never was
            signature = None
        if "functionCall" in part:
            call = part["functionCall"]
            if "name" in call:
                arguments = ANY if "willContinue" in call else call.get("args") or {}
                calls.append(("call", call["name"], arguments, signature))
        elif not part.get("thought"):
            text += part.get("text") or code_run(part)
            if signature and not part.keys() & NATIVE_PARTS:
                signatures.append(("signature", signature))
    return [("text", text.rstrip()), *signatures, *calls]
