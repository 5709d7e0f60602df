"""The command `llm openai endpoint`: it shows texts, so its tests read what stands on its screen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.sdk.conftest import Programs
from tests.served.sdk.models import ANSWER, BROKEN, OVERFLOW, OVERFLOW_TEXT, RECALL, TOOLS
from tests.served.sdk.toolchains import LLM, Client
from tests.support.leaks import Sentinel
from tests.support.upstream.answers import TEXT

Seen = dict[str, Any]
pytestmark = pytest.mark.parametrize("client", [pytest.param(LLM, id=LLM.name)])


def printed(text: str) -> Seen:
    """A command that succeeded and had nothing to say beside its answer."""
    return {"code": 0, "stdout": text, "stderr": ""}


def failed(status: int, message: str) -> Seen:
    """A command that showed an error and nothing else."""
    return {"code": 1, "stdout": "", "stderr": f"Error: Error code: {status} - {message}"}


def test_a_plain_answer_is_printed(seen: Seen) -> None:
    assert printed(TEXT) == seen["plain"]


def test_a_streamed_answer_is_printed(seen: Seen) -> None:
    assert printed(TEXT) == seen["stream"]


@pytest.mark.parametrize("scenario", ["tools", "tools_stream"])
def test_a_tool_is_called_and_its_answer_sent_back(scenario: str, seen: Seen) -> None:
    assert printed("Thank you. The tool answered with 3 words, and that is all this demo needs.") == seen[scenario]


def test_an_unknown_key_is_told(seen: Seen) -> None:
    message = "Incorrect API key provided. Check the key, or ask the operator of this gateway for one."
    assert failed(401, message) == seen["unknown_key"]


def test_a_spent_quota_is_told(seen: Seen) -> None:
    assert "Error: Error code: 402 - Insufficient credits" == seen["spent"]["stderr"][:45]


def test_an_overflow_of_the_context_is_told(seen: Seen) -> None:
    assert failed(400, OVERFLOW_TEXT) == seen["overflow"]


def test_a_model_without_a_channel_is_told(seen: Seen) -> None:
    message = "No available channel for model no-such-model under group default"
    assert failed(503, message) == seen["no_such_model"]


def test_a_break_in_a_stream_is_told_after_what_was_relayed(seen: Seen) -> None:
    message = "Error: The upstream broke off before the end of its answer."
    assert {"code": 1, "stdout": "hello", "stderr": message} == seen["broken"]


def test_a_client_comes_back_when_retry_after_is_over(seen: Seen) -> None:
    assert printed(TEXT) == seen["put_off"]


def test_a_client_comes_back_just_once(client: Client, programs: Programs) -> None:
    assert 2 == programs.asked_while_busy(client)


def test_the_list_of_models_is_printed(seen: Seen) -> None:
    """Beside those that tests of other programs have made on the same gateway before."""
    assert {"demo", ANSWER, BROKEN, OVERFLOW, RECALL, TOOLS} <= set(seen["models"]["stdout"].split())


def test_a_client_leaves_nothing_behind(seen: Seen, sdk_sentinel: Sentinel) -> None:
    sdk_sentinel.check()
