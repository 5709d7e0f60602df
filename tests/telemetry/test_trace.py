"""`traceparent` is read as W3C Trace Context says, and nothing else is taken for one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.telemetry.trace import HEADER, Trace, trace_of

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
WELL = f"00-{TRACE_ID}-{SPAN_ID}-01"


def read(*values: str) -> Trace:
    """What comes of these headers."""
    return trace_of([(b"host", b"x"), *((HEADER, value.encode()) for value in values)])


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("ff", True)])
def test_a_clients_trace_goes_on_with_a_span_of_ours(flags: str, sampled: bool) -> None:
    trace = read(f"00-{TRACE_ID}-{SPAN_ID}-{flags}")
    assert (TRACE_ID, SPAN_ID, sampled) == (trace.trace_id, trace.parent_id, trace.sampled)
    assert f"00-{TRACE_ID}-{trace.span_id}-{int(sampled):02x}".encode() == trace.header
    assert trace.span_id not in (SPAN_ID, read(WELL).span_id)


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert (TRACE_ID, SPAN_ID) == (read(f"cc-{TRACE_ID}-{SPAN_ID}-01-what").trace_id, read(f"01{WELL[2:]}").parent_id)


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        (WELL, WELL),
        (WELL.upper(),),
        (WELL + "-more",),
        (WELL + "\n",),
        (" " + WELL,),
        (f"ff{WELL[2:]}",),
        (f"00-{'0' * 32}-{SPAN_ID}-01",),
        (f"00-{TRACE_ID}-{'0' * 16}-01",),
        (f"00-{TRACE_ID[1:]}-{SPAN_ID}-01",),
        (f"00-{TRACE_ID}-{SPAN_ID}-1",),
    ],
)
def test_what_is_none_begins_a_new_trace(values: tuple[str, ...]) -> None:
    trace = read(*values)
    assert ("", True) == (trace.parent_id, trace.trace_id != TRACE_ID)
    assert trace.trace_id != read(*values).trace_id


@given(st.lists(st.binary(max_size=80), max_size=3))
def test_whatever_a_client_sends_a_trace_is_well_formed(values: list[bytes]) -> None:
    trace = trace_of([(HEADER, value) for value in values])
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", trace.header)
