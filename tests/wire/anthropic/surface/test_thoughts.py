"""What goes to Anthropic of a conversation that others have had a part in."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.wire.anthropic.surface.thinking import OURS, carried_detail, carrier_block, strip_foreign_thinking

HELLO = {"role": "user", "content": "Hello"}
SIGNED = {"type": "thinking", "thinking": "Hm", "signature": "sig"}
UNSIGNED = {"type": "thinking", "thinking": "Hm", "signature": ""}
TEXT = {"type": "text", "text": "Yes"}


def body(*blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [HELLO, {"role": "assistant", "content": list(blocks)}, HELLO], **fields}


def test_a_body_without_foreign_thoughts_is_unchanged() -> None:
    request = body(SIGNED, {"type": "redacted_thinking", "data": "x"}, TEXT)
    assert strip_foreign_thinking(request) is request


@pytest.mark.parametrize("foreign", [UNSIGNED, carrier_block({"data": "x"})], ids=["unsigned", "carried"])
def test_a_thought_that_anthropic_never_signed_is_left_out(foreign: dict[str, Any]) -> None:
    assert body(SIGNED, TEXT) == strip_foreign_thinking(body(SIGNED, foreign, TEXT))


def test_a_message_of_foreign_thoughts_alone_is_left_out() -> None:
    assert {"model": "m", "messages": [HELLO, HELLO]} == strip_foreign_thinking(body(UNSIGNED))


def test_a_thought_of_another_account_is_left_out() -> None:
    assert body(TEXT) == strip_foreign_thinking(body(SIGNED, TEXT), lambda signature: signature != "sig")


def test_a_budget_goes_with_the_thought_that_it_needs() -> None:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    request = body(UNSIGNED, call, thinking={"type": "enabled", "budget_tokens": 2048})
    request["messages"][-1] = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}
    assert "thinking" not in strip_foreign_thinking(request)


@pytest.mark.parametrize("data", ["", "%%%", "e30", "W10=", "eyJhIjo="])
def test_what_only_looks_like_ours_carries_no_detail(data: str) -> None:
    detail = carried_detail({"type": "redacted_thinking", "data": OURS + data})
    assert detail in (None, {})
