"""Responses as OpenAI's Node client sees them, and the AI SDK, whose default OpenAI model asks for nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.sdk.models import CALLS, OVERFLOW_TEXT
from tests.sdk.toolchains import RESPONSES
from tests.support.answers import TEXT, USAGE

Seen = dict[str, Any]
pytestmark = [pytest.mark.sdk, pytest.mark.parametrize("client", [pytest.param(RESPONSES, id="node")])]
COUNTS = [USAGE["prompt_tokens"], USAGE["completion_tokens"]]


def test_the_node_client_reads_no_response(seen: Seen) -> None:
    assert {"text": TEXT, "status": "completed", "usage": COUNTS} == seen["openai"]


def test_the_node_client_reads_no_stream(seen: Seen) -> None:
    assert {"text": TEXT, "last": TEXT, "status": "completed"} == seen["openai_stream"]


def test_the_node_client_misses_a_call(seen: Seen) -> None:
    assert [list(call) for call in CALLS] == seen["openai_tools"]


def test_the_node_client_does_not_see_why_it_was_refused(seen: Seen) -> None:
    assert {"status": 400, "code": "context_length_exceeded", "message": f"400 {OVERFLOW_TEXT}"} == seen[
        "openai_refusal"
    ]


@pytest.mark.parametrize("scenario", ["ai", "ai_stream"])
def test_the_ai_sdk_reads_no_answer(seen: Seen, scenario: str) -> None:
    assert {"text": TEXT, "finish_reason": "stop", "usage": COUNTS} == seen[scenario]


@pytest.mark.parametrize("scenario", ["ai_loop", "ai_loop_stream"])
def test_the_ai_sdk_cannot_loop_through_tools(seen: Seen, scenario: str) -> None:
    calls = [[id_, name, msgspec.json.decode(arguments)] for id_, name, arguments in CALLS]
    assert [{"calls": calls, "results": 2}] * 2 == seen[scenario]


def test_the_ai_sdk_cannot_go_on_talking(seen: Seen) -> None:
    assert TEXT == seen["ai_second_turn"]


def test_the_ai_sdk_is_not_told_to_store_nothing(seen: Seen) -> None:
    assert (400, True) == (seen["ai_stored"]["status"], "'store' set to false" in seen["ai_stored"]["message"])


def test_the_ai_sdk_does_not_see_why_it_was_refused(seen: Seen) -> None:
    assert {"status": 400, "message": OVERFLOW_TEXT} == seen["ai_refusal"]
