"""What an upstream's answer is taken for, and what the client is told in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from aihub_lite.errors import ChannelsCoolingDown, UpstreamBroken, UpstreamRejected, UpstreamTimeout
from aihub_lite.gateway.routing.classify import MAX_WAIT, not_a_stream, refusal, retry_after, transport_failure, verdict
from aihub_lite.gateway.routing.fault_policy import POLICY, AttemptFailed, Fault
from aihub_lite.upstream.http1.faults import (
    AnswerTooLarge,
    ConnectFailed,
    ConnectTimedOut,
    Disconnected,
    Garbled,
    Unsendable,
)

DATE = "Mon, 05 Jan 2026 12:00:00 GMT"


def error(code: str, message: str = "") -> bytes:
    return b'{"error": {"code": "%b", "message": "%b"}}' % (code.encode(), message.encode())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("0.5", 0.5),
        ("-5", 0.0),
        ("1e9", MAX_WAIT),
        ("99999999999999999999", MAX_WAIT),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("soon", None),
        ("", None),
        ("7 seconds", None),
        ("Mon, 05 Jan 2026 12:00:09 GMT", 9.0),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 0.0),
        ("Mon, 05 Jan 2099 11:00:00 GMT", MAX_WAIT),
        ("Mon, 05 Jan 2026 12:00:09 -0000", None),
        ("Mon, 32 Jan 2026 12:00:09 GMT", None),
        ("Mon, 05 Jan 99999 12:00:09 GMT", None),
        ("Mon, 05 Jan 2026 12:00:09 +99999999999999999999", None),
    ],
)
def test_an_odd_retry_after_is_bounded_and_breaks_nothing(value: str, seconds: float | None) -> None:
    assert seconds == retry_after(httpx.Headers({"retry-after": value, "date": DATE}))


def test_an_answer_without_retry_after_has_none() -> None:
    assert retry_after(httpx.Headers()) is None


def test_retry_after_in_milliseconds_is_read() -> None:
    assert 0.25 == retry_after(httpx.Headers({"retry-after-ms": "250", "retry-after": "9"}))


@pytest.mark.parametrize("odd", ["soon", "nan", ""])
def test_odd_milliseconds_leave_the_seconds_beside_them(odd: str) -> None:
    assert 9.0 == retry_after(httpx.Headers({"retry-after-ms": odd, "retry-after": "9"}))


def test_a_date_is_compared_with_the_upstreams_own_clock_where_it_tells_it() -> None:
    until = datetime.now(UTC) + timedelta(hours=-3, seconds=20)
    since = datetime.now(UTC) + timedelta(hours=-3)
    waits = retry_after(httpx.Headers({"retry-after": format_datetime(until), "date": format_datetime(since)}))
    assert waits is not None
    assert 19 <= waits <= 21


@pytest.mark.attack("T-15")
@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (302, b"", "nonsense"),
        (204, b"", "nonsense"),
        (400, error("context_length_exceeded"), "client"),
        (400, error("", "Incorrect API key provided"), "auth"),
        (401, b"", "auth"),
        (402, b"", "funds"),
        (403, b"<html>", "forbidden"),
        (404, error("model_not_found"), "model"),
        (404, b"", "client"),
        (413, b"", "client"),
        (422, b"", "client"),
        (429, b"", "rate"),
        (429, error("insufficient_quota"), "funds"),
        (500, b"", "server"),
        (502, b"<html>", "server"),
        (529, b"", "server"),
        (599, b"", "server"),
    ],
)
def test_a_refusal_is_taken_for_what_it_is(status: int, body: bytes, fault: Fault) -> None:
    assert fault == refusal(status, httpx.Headers(), body).fault


@pytest.mark.parametrize("status", [401, 403, 402, 429, 500])
def test_the_upstreams_text_never_reaches_the_client_where_the_gateway_is_at_fault(status: int) -> None:
    failure = refusal(status, httpx.Headers(), error("", "your key sk-proj-1234567890 is bad"))
    assert 502 == failure.error.status
    assert "bad" not in failure.error.message


def test_a_clients_own_fault_keeps_status_code_and_text() -> None:
    failure = refusal(422, httpx.Headers(), error("weird", "temperature is too high"))
    assert isinstance(failure.error, UpstreamRejected)
    assert (422, "weird", "temperature is too high") == (
        failure.error.status,
        failure.error.code,
        failure.error.message,
    )


@pytest.mark.parametrize(
    ("error", "fault", "status"),
    [
        (ConnectFailed(), "connect", 502),
        (ConnectTimedOut(), "timeout", 504),
        (Disconnected(), "cut", 502),
        (Garbled(), "cut", 502),
        (AnswerTooLarge(1), "cut", 502),
        (Unsendable(), "nonsense", 502),
    ],
)
def test_a_broken_connection_is_taken_for_what_it_is(error: Exception, fault: Fault, status: int) -> None:
    failure = transport_failure(error)  # type: ignore[arg-type]
    assert (fault, status) == (failure.fault, failure.error.status)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("text/html; charset=utf-8", True),
        ("text/event-stream", False),
        ("", False),
        ("text/plain", False),
    ],
)
def test_a_document_is_not_read_as_a_stream(kind: str, document: bool) -> None:
    assert document == not_a_stream(httpx.Headers({"content-type": kind} if kind else {}))


@pytest.mark.parametrize(
    ("fault", "failover", "harms", "disables", "rests"),
    [
        ("connect", True, True, False, False),
        ("timeout", True, True, False, False),
        ("late", False, True, False, False),
        ("rate", True, False, False, False),
        ("server", True, True, False, False),
        ("nonsense", True, True, False, False),
        ("cut", True, True, False, False),
        ("auth", True, False, True, False),
        ("funds", True, False, False, True),
        ("forbidden", True, False, False, True),
        ("model", True, False, False, False),
        ("client", False, False, False, False),
    ],
)
def test_each_fault_has_the_consequences_of_the_table(
    fault: Fault, failover: bool, harms: bool, disables: bool, rests: bool
) -> None:
    policy = POLICY[fault]
    assert (failover, harms) == (policy.failover, policy.harms_channel)
    assert (disables, rests) == (policy.disables_key, policy.rests_key)


def failed(fault: Fault, wait: float | None = None) -> AttemptFailed:
    kind = UpstreamTimeout if fault == "timeout" else UpstreamBroken
    return AttemptFailed(fault, kind(fault), retry_after=wait)


def test_another_fault_is_told_before_a_429() -> None:
    assert "server" == verdict([failed("server"), failed("rate", 7)], "m").message


def test_the_last_fault_is_told() -> None:
    assert 504 == verdict([failed("server"), failed("timeout")], "m").status


@pytest.mark.parametrize(
    ("waits", "told"), [([7.0], 7), ([9.0, 7.0], 7), ([0.2], 1), ([None], 1), ([3600.0], 60), ([0.0], 1)]
)
def test_429s_from_everywhere_say_when_to_come_back(waits: list[float | None], told: int) -> None:
    error = verdict([failed("rate", wait) for wait in waits], "m")
    assert isinstance(error, ChannelsCoolingDown)
    assert (429, told) == (error.status, error.retry_after)


@pytest.mark.parametrize("other", ["rate", "server", "timeout"])
def test_one_channel_without_the_model_does_not_hide_that_another_has_it(other: Fault) -> None:
    unknown = AttemptFailed("model", UpstreamRejected(404, "model_not_found", "no such model"))
    assert 404 != verdict([failed(other, 2.0), unknown], "m").status
