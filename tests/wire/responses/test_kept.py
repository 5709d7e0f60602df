"""Requests that point at earlier items: what is one, and the request that it stands for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.responses.kept import Reference, expanded, is_reference, turn_of
from aihub_lite.wire.responses.native import is_own_id, native_body
from aihub_lite.wire.responses.state import ResponseState
from tests.wire.responses.exchanges import new_request

HELLO = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "item_reference", "id": "msg_1"}, True),
        ({"type": "item_reference", "id": "msg_1", "status": "completed"}, True),
        ({"id": "msg_1"}, True),
        ({"id": "msg_1", "type": None}, True),
        ({"type": "item_reference"}, True),
        ({"id": "msg_1", "role": "user", "content": "a"}, False),
        ({"type": "message", "id": "msg_1"}, False),
        ({}, False),
    ],
)
def test_an_item_that_says_nothing_but_its_id_is_a_reference(item: dict[str, Any], expected: bool) -> None:
    assert expected == is_reference(item)


def test_a_request_that_is_whole_and_not_kept_is_not_looked_at_item_by_item() -> None:
    """Codex sends a whole conversation with `store: false` each time."""
    assert turn_of({"input": [HELLO]}, kept=False) is None


@pytest.mark.parametrize("body", [{"input": [{"id": "msg_1"}]}, {"input": "a", "previous_response_id": "resp_1"}])
def test_what_a_request_points_at_is_found_where_nothing_of_it_is_kept(body: dict[str, Any]) -> None:
    turn = turn_of(body, kept=False)
    assert turn is not None
    assert turn.points


def test_a_turn_is_what_a_request_says_itself() -> None:
    turn = turn_of({"input": [HELLO, {"id": "msg_1"}, "More"], "previous_response_id": "resp_1"}, kept=True)
    assert turn is not None
    assert ("resp_1", (msgspec.json.encode(HELLO), Reference("msg_1", "input[1]"), b'"More"')) == (
        turn.previous,
        turn.items,
    )


def test_a_text_is_kept_as_what_the_user_said() -> None:
    turn = turn_of({"input": "Hello"}, kept=True)
    assert turn is not None
    assert ((msgspec.json.encode(HELLO),), False) == (turn.items, turn.points)


def test_the_request_that_one_stands_for_has_all_its_fields_and_the_whole_input() -> None:
    body = {"model": "m", "previous_response_id": "resp_1", "input": "And?", "instructions": "Be brief."}
    data = expanded(body, [msgspec.json.encode(HELLO), b'"And?"'])
    assert {"model": "m", "input": [HELLO, "And?"], "instructions": "Be brief."} == msgspec.json.decode(data)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"previous_response_id": 3}, "previous_response_id"),
        ({"input": [HELLO, {"id": 3}]}, r"input\[1\].id"),
        ({"input": [{"type": "item_reference", "id": None}]}, r"input\[0\].id"),
    ],
)
def test_a_refusal_names_what_points_at_nothing(body: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=f"'{named}' must be a string"):
        turn_of(body, kept=False)


@pytest.mark.parametrize(
    ("item_id", "own"),
    [
        ("msg_01a219f8c8f1cdc701000060_0", True),
        ("ctc_01a219f8c8f1cdc701000060_12", True),
        ("msg_resp_01a219f8c8f1cdc701000060_3", True),
        ("msg_68a1f0c2b4e08190a2f0d0c1e9f3a5b70c2d4e6f8a1b3c5d", False),
        ("msg_up", False),
        ("msg_01a219f8c8f1cdc701000060_0\n", False),
        (None, False),
    ],
)
def test_an_id_that_was_made_here_is_told_from_an_upstreams(item_id: object, own: bool) -> None:
    assert own == is_own_id(item_id)


def test_a_call_goes_to_its_own_api_without_an_id_of_ours_and_with_one_of_its() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    items = [HELLO, {**call, "id": "fc_01a219f8c8f1cdc701000060_0"}, {**call, "id": "fc_up"}]
    sent = msgspec.json.decode(native_body(new_request(input=items), "up"))
    assert [HELLO, call, {**call, "id": "fc_up"}] == sent["input"]


def test_what_came_of_reasoning_that_is_left_out_goes_without_its_id() -> None:
    """OpenAI refuses a message that it knows by its id without its reasoning, and reasoning without its message."""
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    said = {"type": "message", "role": "assistant", "content": "a"}
    output = {"type": "function_call_output", "call_id": "c", "output": "b"}
    lost = {"type": "reasoning", "id": "rs_lost", "summary": []}
    known = {"type": "reasoning", "id": "rs_known", "summary": []}
    items = [HELLO, lost, {**said, "id": "msg_1"}, {**call, "id": "fc_1"}, output, known, {**said, "id": "msg_2"}]
    body = native_body(new_request(input=items), "up", lambda thought: thought != "rs_lost")
    expected = [HELLO, said, call, output, known, {**said, "id": "msg_2"}]
    assert expected == msgspec.json.decode(body)["input"]


def test_only_answers_that_came_to_an_end_are_kept() -> None:
    kept: list[str] = []
    state = ResponseState("resp_1", keep=lambda response_id, output, told: kept.append(response_id))
    for status in ("completed", "incomplete", "failed", "cancelled", "in_progress", "queued"):
        state.answered({"id": f"resp_{status}", "status": status, "output": []})
    assert ["resp_completed", "resp_incomplete"] == kept
