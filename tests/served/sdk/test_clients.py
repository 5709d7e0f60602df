"""Every client library sees the answers, streams, tool calls and errors that its own server would have sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.served.sdk.conftest import COUNTED_RPM, Programs
from tests.served.sdk.models import ANSWER, BROKEN, CALLS, OVERFLOW, OVERFLOW_TEXT, RECALL, TOOLS
from tests.served.sdk.toolchains import OTHER_CLIENTS, PYTHON_CLIENTS, Client
from tests.support.leaks import Sentinel
from tests.support.upstream.answers import TEXT, USAGE

Seen = dict[str, Any]
COUNTS = list(USAGE.values())
CALLED = {"calls": [[id_, name, json.loads(text)] for id_, name, text in CALLS], "finish_reason": "tool_calls"}
ERROR_TYPE = "new_api_error"
HEADERS = ("retry_after", "requests_left")


def clients(*needed: str) -> pytest.MarkDecorator:
    """Runs a test for every client that can do what is needed."""
    fitting = [client for client in (*PYTHON_CLIENTS, *OTHER_CLIENTS) if not client.unsupported & {*needed}]
    return pytest.mark.parametrize("client", [pytest.param(client, id=client.name) for client in fitting])


def joined(called: Seen) -> Seen:
    """Tool calls with their arguments parsed, as those clients hand them out that parse them themselves."""
    calls = [[id_, name, json.loads(text) if isinstance(text, str) else text] for id_, name, text in called["calls"]]
    return {**called, "calls": calls}


def without_headers(refusal: Seen) -> Seen:
    """A refusal without its headers, which not every client shows."""
    return {name: value for name, value in refusal.items() if name not in HEADERS}


def refusal(status: int, code: str, message: str) -> Seen:
    """What a client should have been told."""
    return {"status": status, "code": code, "type": ERROR_TYPE, "message": message}


@clients()
def test_the_first_call_after_installation_is_answered(seen: Seen) -> None:
    assert "Hello! This is the demo model that comes with the gateway." == seen["demo"][:58]


@clients()
def test_a_plain_answer_arrives_whole(seen: Seen) -> None:
    assert {"content": TEXT, "finish_reason": "stop", "model": ANSWER, "usage": COUNTS} == seen["plain"]


@clients()
def test_a_streamed_answer_has_no_usage_unless_asked(seen: Seen) -> None:
    assert {"content": TEXT, "finish_reasons": ["stop"], "usage": []} == seen["stream"]


@clients()
def test_a_streamed_answer_has_usage_once_when_asked(seen: Seen) -> None:
    assert {"content": TEXT, "finish_reasons": ["stop"], "usage": [COUNTS]} == seen["stream_usage"]


@clients("async")
def test_a_streamed_answer_arrives_in_an_event_loop(seen: Seen) -> None:
    assert {"content": TEXT, "finish_reasons": ["stop"], "usage": [COUNTS]} == seen["async_stream"]


@clients()
def test_parallel_tool_calls_arrive_whole(seen: Seen) -> None:
    assert CALLED == joined(seen["tools"])


@clients()
def test_pieces_of_streamed_tool_calls_are_joined_right(seen: Seen) -> None:
    assert CALLED == joined(seen["tools_stream"])


@clients()
def test_an_unknown_key_is_401(seen: Seen) -> None:
    message = "Incorrect API key provided. Check the key, or ask the operator of this gateway for one."
    assert refusal(401, "invalid_api_key", message) == without_headers(seen["unknown_key"])


@clients()
def test_a_spent_quota_is_402(seen: Seen) -> None:
    answer = without_headers(seen["spent"])
    assert refusal(402, "insufficient_user_quota", answer["message"]) == answer


@clients()
def test_an_invalid_request_is_400(seen: Seen) -> None:
    answer = without_headers(seen["invalid"])
    assert refusal(400, "invalid_request", answer["message"]) == answer


@clients()
def test_an_overflow_of_the_context_keeps_the_code_and_text_of_the_upstream(seen: Seen) -> None:
    assert refusal(400, "context_length_exceeded", OVERFLOW_TEXT) == without_headers(seen["overflow"])


@clients()
def test_a_request_over_the_limit_is_429(seen: Seen) -> None:
    assert refusal(429, "rate_limit_exceeded", "Rate limit reached: 1 requests per minute.") == without_headers(
        seen["limited"]
    )


@clients("headers")
def test_a_request_over_the_limit_is_told_when_to_come_back(seen: Seen) -> None:
    assert int(seen["limited"]["retry_after"]) in range(1, 61)


@clients()
def test_a_model_without_a_channel_is_503(seen: Seen) -> None:
    message = "No available channel for model no-such-model under group default"
    assert refusal(503, "model_not_found", message) == without_headers(seen["no_such_model"])


@clients("headers", "retries")
def test_a_model_without_a_channel_is_not_asked_for_again(seen: Seen) -> None:
    assert str(COUNTED_RPM - 1) == seen["no_such_model"]["requests_left"]


@clients("retries")
def test_a_client_comes_back_when_retry_after_is_over(seen: Seen) -> None:
    assert TEXT == seen["put_off"]


@clients("retries")
def test_a_client_comes_back_just_once(client: Client, programs: Programs) -> None:
    assert 2 == programs.asked_while_busy(client)


@clients()
def test_a_break_in_a_stream_comes_after_what_was_relayed(seen: Seen) -> None:
    assert "hello " == seen["broken"]["content"]


@clients()
def test_a_break_in_a_stream_raises_the_error_of_the_event(seen: Seen) -> None:
    message = "The upstream broke off before the end of its answer."
    assert {"code": "upstream_error", "message": message} == error_of(seen["broken"])


def error_of(broken: Seen) -> Seen:
    """Code and message; one client gives the event as it came."""
    error = json.loads(broken["event"])["error"] if "event" in broken else broken
    return {"code": error["code"], "message": error["message"]}


@clients("models")
def test_the_list_of_models_is_read(client: Client, seen: Seen) -> None:
    expected = {"demo", ANSWER, BROKEN, OVERFLOW, RECALL, TOOLS}
    assert expected == {model for model in seen["models"] if not model.startswith("busy-")}


@clients("models")
def test_a_model_with_a_slash_in_its_id_is_found(seen: Seen) -> None:
    assert ANSWER == seen["model"]


@clients()
def test_a_client_leaves_nothing_behind(seen: Seen, sdk_sentinel: Sentinel) -> None:
    sdk_sentinel.check()
