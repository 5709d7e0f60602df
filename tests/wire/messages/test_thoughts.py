"""What goes to Anthropic of a conversation that others have had a part in."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.wire.messages_thoughts import OURS, carried, redacted, signed_for

HELLO = {"role": "user", "content": "Hello"}
SIGNED = {"type": "thinking", "thinking": "Hm", "signature": "sig"}
UNSIGNED = {"type": "thinking", "thinking": "Hm", "signature": ""}
TEXT = {"type": "text", "text": "Yes"}


def body(*blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [HELLO, {"role": "assistant", "content": list(blocks)}, HELLO], **fields}


def test_a_body_without_foreign_thoughts_is_changed() -> None:
    given = body(SIGNED, {"type": "redacted_thinking", "data": "x"}, TEXT)
    assert signed_for(given) is given


@pytest.mark.parametrize("foreign", [UNSIGNED, redacted({"data": "x"})], ids=["unsigned", "carried"])
def test_a_thought_that_anthropic_never_had_is_a_400_there(foreign: dict[str, Any]) -> None:
    assert body(SIGNED, TEXT) == signed_for(body(SIGNED, foreign, TEXT))


def test_a_message_of_foreign_thoughts_alone_is_left_empty() -> None:
    assert {"model": "m", "messages": [HELLO, HELLO]} == signed_for(body(UNSIGNED))


def test_a_thought_of_another_account_goes_along() -> None:
    assert body(TEXT) == signed_for(body(SIGNED, TEXT), lambda signature: signature != "sig")


def test_a_budget_asks_for_a_thought_that_is_gone() -> None:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    given = body(UNSIGNED, call, thinking={"type": "enabled", "budget_tokens": 2048})
    given["messages"][-1] = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}
    assert "thinking" not in signed_for(given)


@pytest.mark.parametrize("data", ["", "%%%", "e30", "W10=", "eyJhIjo="])
def test_what_only_looks_like_ours_is_a_fault_of_ours(data: str) -> None:
    found = carried({"type": "redacted_thinking", "data": OURS + data})
    assert found in (None, {})
