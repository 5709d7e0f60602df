"""Clients that point at earlier answers on `/v1/responses`, and what the model is told for it: all that was said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.sdk.toolchains import OPENAI_AGENTS, POINTING

Seen = dict[str, Any]
LOOP = "user: Hello | assistant: Let me look. [get_weather] | tool: sunny"
TURNS = "user: Hello | assistant: user: Hello | user: And?"
PYTHON = pytest.mark.parametrize("client", [pytest.param(POINTING, id="python")])
AGENTS = pytest.mark.parametrize("client", [pytest.param(OPENAI_AGENTS, id=OPENAI_AGENTS.name)])


@PYTHON
@pytest.mark.parametrize("scenario", ["openai", "openai_stream", "langchain", "langchain_stream"])
def test_a_turn_goes_on_from_the_one_before(seen: Seen, scenario: str) -> None:
    assert TURNS == seen[scenario]


@PYTHON
def test_langchains_tool_loop_goes_on_from_the_call(seen: Seen) -> None:
    assert LOOP == seen["langchain_loop"]


@PYTHON
def test_an_answer_that_was_deleted_is_not_gone_on_from(seen: Seen) -> None:
    assert {"code": "previous_response_not_found", "says_what_to_send": True} == seen["openai_deleted"]


@AGENTS
@pytest.mark.parametrize("scenario", ["loop", "loop_by_response"])
def test_an_agent_runs_its_tools(seen: Seen, scenario: str) -> None:
    assert f"system: Be brief. | {LOOP}" == seen[scenario]


@AGENTS
@pytest.mark.parametrize("scenario", ["turns", "turns_stream"])
def test_a_run_of_an_agent_goes_on_from_the_one_before(seen: Seen, scenario: str) -> None:
    """With the instructions of now: those of before are not carried over."""
    first = "system: Be brief. | user: Hello"
    assert f"system: Be polite. | user: Hello | assistant: {first} | user: And?" == seen[scenario]
