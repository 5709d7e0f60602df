"""Responses as OpenAI's Node client sees them, and the AI SDK, whose default OpenAI model asks for nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.served.sdk.models import CALLS, OVERFLOW_TEXT
from tests.served.sdk.test_pointing import LOOP, TURNS
from tests.served.sdk.toolchains import RESPONSES
from tests.support.upstream.answers import TEXT, USAGE

Seen = dict[str, Any]
pytestmark = pytest.mark.parametrize("client", [pytest.param(RESPONSES, id="node")])
COUNTS = [USAGE["prompt_tokens"], USAGE["completion_tokens"]]


def test_the_node_client_reads_a_response(seen: Seen) -> None:
    assert {"text": TEXT, "status": "completed", "usage": COUNTS} == seen["openai"]


def test_the_node_client_reads_a_stream(seen: Seen) -> None:
    assert {"text": TEXT, "last": TEXT, "status": "completed"} == seen["openai_stream"]


def test_the_node_client_reads_every_call(seen: Seen) -> None:
    assert [list(call) for call in CALLS] == seen["openai_tools"]


def test_the_node_client_sees_why_it_was_refused(seen: Seen) -> None:
    assert {"status": 400, "code": "context_length_exceeded", "message": f"400 {OVERFLOW_TEXT}"} == seen[
        "openai_refusal"
    ]


@pytest.mark.parametrize("scenario", ["ai", "ai_stream"])
def test_the_ai_sdk_reads_an_answer(seen: Seen, scenario: str) -> None:
    assert {"text": TEXT, "finish_reason": "stop", "usage": COUNTS} == seen[scenario]


@pytest.mark.parametrize("scenario", ["ai_loop", "ai_loop_stream"])
def test_the_ai_sdk_loops_through_tools(seen: Seen, scenario: str) -> None:
    calls = [[id_, name, msgspec.json.decode(arguments)] for id_, name, arguments in CALLS]
    assert [{"calls": calls, "results": 2}] * 2 == seen[scenario]


def test_the_ai_sdk_goes_on_talking(seen: Seen) -> None:
    assert TEXT == seen["ai_second_turn"]


@pytest.mark.parametrize("scenario", ["ai_pointing_loop", "ai_pointing_loop_stream"])
def test_the_ai_sdk_points_at_what_a_step_said_in_the_next_one(seen: Seen, scenario: str) -> None:
    assert LOOP == seen[scenario]


@pytest.mark.parametrize("scenario", ["ai_pointing_turns", "ai_pointing_turns_stream", "ai_previous_response"])
def test_the_ai_sdk_points_at_an_earlier_turn(seen: Seen, scenario: str) -> None:
    """Unless it is told to store nothing, it sends no answer again."""
    assert TURNS == seen[scenario]


def test_the_ai_sdk_is_told_what_to_do_where_an_item_is_lost(seen: Seen) -> None:
    assert (400, True) == (seen["ai_lost"]["status"], "'store' set to false" in seen["ai_lost"]["message"])


def test_the_ai_sdk_sees_why_it_was_refused(seen: Seen) -> None:
    assert {"status": 400, "message": OVERFLOW_TEXT} == seen["ai_refusal"]
