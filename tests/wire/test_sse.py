"""The event splitter, cut anywhere (T-19)."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aihub_lite.wire.sse import DONE, EventSplitter, EventTooLarge, event
from tests.support.examples import examples

pytestmark = pytest.mark.attack("T-19")

ROOM = 1 << 20


def payloads(*pieces: bytes) -> list[bytes]:
    splitter = EventSplitter(ROOM)
    return [payload for piece in pieces for payload in splitter.feed(piece)] + splitter.flush()


def oracle(raw: bytes) -> list[bytes]:
    """The standard's algorithm on the whole stream at once."""
    events: list[bytes] = []
    data: list[bytes] = []
    for line in [*re.split(rb"\r\n|\n|\r", raw.removeprefix(b"\xef\xbb\xbf")), b""]:
        name, _, value = line.partition(b":")
        if line == b"":
            events.append(b"\n".join(data))
            data = []
        elif name == b"data" and b":" in line:
            data.append(value.removeprefix(b" "))
    return [payload for payload in events if payload]


ODD_LINES = (
    *(b"", b"", b"data:", b"data: ", b"data", b"data:  x", b"data: {}", b"data:a", b"data: [DONE]"),
    *(b": comment", b":", b"id: 1", b"event: error", b"retry: 3", b"dat", b"data : x"),
    "data: é\u2028\u2029\x85 \U0001f600".encode(),
)
LINES = st.one_of(
    st.sampled_from(ODD_LINES),
    st.binary(max_size=12).map(lambda data: b"data: " + data.replace(b"\r", b"").replace(b"\n", b"")),
)
STREAMS = st.builds(
    lambda bom, lines, rest: bom + b"".join(line + end for line, end in lines) + rest,
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"]),
    st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"])), max_size=12),
    st.sampled_from([b"", b"data: cut", b"data: cut\n", b"data: cut\r", b"da"]),
)


@settings(max_examples=examples(100), deadline=None)
@given(STREAMS)
def test_a_stream_cut_in_two_anywhere_gives_the_same_events(raw: bytes) -> None:
    expected = payloads(raw)

    for position in range(len(raw) + 1):
        assert expected == payloads(raw[:position], raw[position:]), f"cut at {position}"


@settings(max_examples=examples(100), deadline=None)
@given(STREAMS)
def test_a_stream_dribbled_byte_by_byte_gives_the_standards_events(raw: bytes) -> None:
    assert oracle(raw) == payloads(*(raw[i : i + 1] for i in range(len(raw))))


@settings(max_examples=examples(100), deadline=None)
@given(STREAMS, st.lists(st.integers(0, 200), max_size=6))
def test_empty_reads_and_several_cuts_change_nothing(raw: bytes, cuts: list[int]) -> None:
    edges = sorted([0, *cuts, len(raw)])

    assert oracle(raw) == payloads(*(raw[start:end] for start, end in itertools.pairwise(edges)))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending_ends_a_line(end: bytes) -> None:
    assert [b"one", b"two"] == payloads(end.join([b"data: one", b"", b"data: two", b"", b""]))


def test_a_carriage_return_at_the_end_of_a_read_completes_the_event_at_once() -> None:
    splitter = EventSplitter(ROOM)

    assert [b"now"] == splitter.feed(b"data: now\r\r")


def test_a_line_feed_that_comes_after_its_carriage_return_is_no_second_line() -> None:
    assert [b"one\ntwo"] == payloads(b"data: one\r", b"\ndata: two\r", b"\n\r", b"\n")


def test_a_line_separator_inside_json_does_not_split_the_event() -> None:
    payload = '{"content":"a\u2028b\u2029c\x85d"}'.encode()

    assert [payload] == payloads(event(payload))


def test_several_data_lines_are_one_payload() -> None:
    assert [b'{"a":\n1}'] == payloads(b'data: {"a":\ndata: 1}\n\n')


def test_comments_and_other_fields_are_no_payload() -> None:
    assert [b"x"] == payloads(b": OPENROUTER PROCESSING\n\nid: 7\nevent: error\nretry: 1\ndata: x\n\n")


def test_an_event_without_data_gives_no_empty_payload() -> None:
    assert [] == payloads(b"data:\n\ndata: \n\n\n\n")


def test_the_last_event_may_lack_its_blank_line() -> None:
    assert [b"x", b"[DONE]"] == payloads(event(b"x"), DONE.rstrip())


@pytest.mark.attack("T-18")
def test_an_endless_line_is_refused_before_it_is_held() -> None:
    splitter = EventSplitter(100)

    with pytest.raises(EventTooLarge):
        for _ in range(20):
            splitter.feed(b"data: xxxx")


@pytest.mark.attack("T-18")
def test_an_endless_row_of_data_lines_is_refused() -> None:
    splitter = EventSplitter(100)

    with pytest.raises(EventTooLarge):
        for _ in range(20):
            splitter.feed(b"data: xxxxxxxx\n")


def test_the_limit_is_for_each_event_and_not_for_the_stream() -> None:
    splitter = EventSplitter(100)

    assert 50 == sum(len(splitter.feed(event(b"x" * 80))) for _ in range(50))
