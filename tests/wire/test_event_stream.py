"""AWS event streams, cut anywhere, damaged anywhere, without end."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import msgspec
import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.wire.event_stream import MessageSplitter
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.sse import EventTooLarge
from tests.support.upstream.event_stream import TEXT, chunk, chunks, exception, header, message

LIMIT = 4096
EVENTS = (b'{"type":"ping"}', b'{"type":"content_block_delta","delta":{"text":"\xc3\xa9"}}', b'{"type":"message_stop"}')
STREAM = chunks(EVENTS)


def split(pieces: Sequence[bytes], limit: int = LIMIT) -> list[bytes]:
    """What the pieces say together, to their end."""
    splitter = MessageSplitter(limit)
    payloads = [payload for piece in pieces for payload in splitter.feed(piece)]
    return [*payloads, *splitter.flush()]


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_a_stream_says_the_same_wherever_it_is_cut(cut: int) -> None:
    assert [*EVENTS] == split([STREAM[:cut], STREAM[cut:]])


def test_a_stream_says_the_same_byte_by_byte() -> None:
    assert [*EVENTS] == split([STREAM[at : at + 1] for at in range(len(STREAM))])


@given(st.lists(st.binary(max_size=300), max_size=5), st.lists(st.integers(0, 3000), max_size=6))
def test_whatever_the_events_and_the_cuts(events: list[bytes], cuts: list[int]) -> None:
    stream = chunks(events)
    edges = [0, *sorted(cuts), len(stream)]

    assert [event for event in events if event] == split([stream[a:b] for a, b in pairwise(edges)])


def test_our_messages_are_those_that_botocore_reads() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(STREAM)

    read = [(event.headers[":event-type"], event.headers[":message-type"]) for event in buffer]

    assert [("chunk", "event")] * len(EVENTS) == read


@pytest.mark.parametrize("at", range(len(STREAM)))
def test_no_byte_can_be_changed_unnoticed(at: int) -> None:
    damaged = bytearray(STREAM)
    damaged[at] ^= 0x10
    splitter = MessageSplitter(LIMIT)
    said: list[bytes] = []

    with pytest.raises((AnswerNonsense, EventTooLarge)):
        said += splitter.feed(bytes(damaged))
        splitter.flush()

    assert [*EVENTS][: len(said)] == said


@pytest.mark.parametrize("cut", range(1, len(chunk(EVENTS[0]))))
def test_a_stream_that_ends_within_a_message_is_broken(cut: int) -> None:
    splitter = MessageSplitter(LIMIT)
    splitter.feed(STREAM[:cut])

    with pytest.raises(AnswerNonsense):
        splitter.flush()


def test_what_comes_before_damage_is_said_first() -> None:
    splitter = MessageSplitter(LIMIT)

    assert [EVENTS[0]] == splitter.feed(chunk(EVENTS[0]) + b"<html>" * 10)
    with pytest.raises(AnswerNonsense):
        splitter.feed(b"more")
    with pytest.raises(AnswerNonsense):
        splitter.flush()


def test_what_is_no_message_is_not_waited_for() -> None:
    with pytest.raises(AnswerNonsense):
        MessageSplitter(LIMIT).feed(b"<!doctype htm")


def test_a_message_that_would_be_too_long_is_refused_at_its_head() -> None:
    prelude = struct.pack(">II", LIMIT + 1, 0)

    with pytest.raises(EventTooLarge):
        MessageSplitter(LIMIT).feed(prelude + struct.pack(">I", crc32(prelude)))


@pytest.mark.parametrize(("size", "headers"), [(0, 0), (15, 0), (16, 1), (100, 90), (LIMIT, 2**31)])
def test_impossible_lengths_are_refused_at_once(size: int, headers: int) -> None:
    prelude = struct.pack(">II", size, headers)

    with pytest.raises(AnswerNonsense):
        MessageSplitter(LIMIT).feed(prelude + struct.pack(">I", crc32(prelude)))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("throttlingException", 429),
        ("serviceUnavailableException", 503),
        ("internalServerException", 500),
        ("modelTimeoutException", 504),
        ("modelStreamErrorException", 502),
        ("validationException", 400),
        ("somethingNewException", 502),
    ],
)
def test_an_exception_is_an_event_with_its_status(name: str, status: int) -> None:
    error = {"type": name, "status_code": status, "message": "Too many tokens."}

    [said] = split([exception(name, "Too many tokens.")])

    assert {"type": "error", "error": error} == msgspec.json.decode(said)


def test_the_models_own_status_counts() -> None:
    [said] = split([exception("modelStreamErrorException", "Overloaded", originalStatusCode=529)])

    assert 529 == msgspec.json.decode(said)["error"]["status_code"]


def test_an_error_without_a_payload_is_told_by_its_headers() -> None:
    headers = header(":message-type", "error") + header(":error-code", "InternalError")

    [said] = split([message(headers + header(":error-message", "Oh."), b"")])

    assert ("InternalError", "Oh.") == tuple(msgspec.json.decode(said)["error"][name] for name in ("type", "message"))


def test_events_of_other_types_say_nothing() -> None:
    headers = header(":message-type", "event") + header(":event-type", "initial-response")

    assert [] == split([message(headers, b"{}")])


def test_headers_of_every_type_are_read_over() -> None:
    values = {
        0: b"",
        1: b"",
        2: b"1",
        3: b"12",
        4: b"1234",
        5: b"12345678",
        6: b"\0\x01x",
        8: b"12345678",
        9: bytes(16),
    }
    odd = b"".join(b"\x01x" + bytes((kind,)) + value for kind, value in values.items())
    named = header(":event-type", "chunk")

    assert [b"{}"] == split([message(odd + named, b'{"bytes":"e30="}')])


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05abc",
        b"\x01x",
        b"\x01x\x0a",
        b"\x01x" + bytes((TEXT,)) + b"\xff\xffab",
        b"\x01x" + bytes((TEXT,)) + b"\x00\x01\xff",
        b"\x01\xff" + bytes((TEXT,)) + b"\x00\x00",
        b"\x01x\x05123",
    ],
)
def test_headers_that_make_no_sense_are_refused(headers: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        split([message(headers, b"")])


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"bytes":"*"}', b'{"bytes":3}', b'{"bytes":"e30"}', b"\xff"])
def test_a_chunk_that_makes_no_sense_is_refused(payload: bytes) -> None:
    with pytest.raises(AnswerNonsense):
        split([message(header(":event-type", "chunk"), payload)])


@given(st.binary(max_size=200))
def test_no_bytes_of_a_stranger_do_more_than_fail(data: bytes) -> None:
    splitter = MessageSplitter(LIMIT)
    try:
        splitter.feed(data)
        splitter.flush()
    except (AnswerNonsense, EventTooLarge):
        return
    assert not data
