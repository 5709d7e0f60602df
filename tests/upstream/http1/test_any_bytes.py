"""Whatever bytes an upstream sends, and wherever the network cuts them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from aihub_lite.upstream.http1.answer import HttpAnswer
from aihub_lite.upstream.http1.connection import HttpConnection
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.http1.request import Origin, Parcel
from tests.upstream.http1.asking import Wire
from tests.upstream.http1.test_answers import CUT, NONSENSE, WHOLE

SAID = [*(sent for sent, _, _ in WHOLE.values()), *(sent for sent, _ in CUT.values()), *NONSENSE.values()]
Result = tuple[int, dict[str, str], bytes, str]


class Shelf:
    """Keeps what is idle, and counts."""

    def __init__(self) -> None:
        self.kept = 0
        self.buffer = memoryview(b"")

    def idle(self, connection: HttpConnection) -> None:
        self.kept += 1

    def lost(self, connection: HttpConnection) -> None:
        """Nothing is held for it."""


def outcome(pieces: Sequence[bytes], method: str) -> tuple[Result, int]:
    """What becomes of an answer in these pieces, before the upstream closes; and whether its connection was kept."""

    async def main() -> tuple[Result, int]:
        wire = Wire()
        shelf = Shelf()
        connection = HttpConnection(shelf, Origin("http", "a.example", 80))
        connection.connection_made(wire)
        asking = asyncio.create_task(connection.ask(method, b"", None, Parcel()))
        await asyncio.sleep(0)
        for piece in pieces:
            if not wire.closing:
                connection.received(piece)
        connection.connection_lost(None)
        return await told(asking), shelf.kept

    return asyncio.run(main())


async def told(asking: asyncio.Task[HttpAnswer]) -> Result:
    body = b""
    try:
        answer = await asking
    except TransportFault as fault:
        return 0, {}, b"", type(fault).__name__
    try:
        async for piece in answer:
            body += piece
    except TransportFault as fault:
        return answer.status, dict(answer.fields), body, type(fault).__name__
    return answer.status, dict(answer.fields), body, ""


@given(
    said=st.sampled_from(SAID),
    cuts=st.lists(st.integers(0, 300), max_size=8),
    noise=st.lists(st.tuples(st.integers(0, 120), st.binary(max_size=3)), max_size=2),
    method=st.sampled_from(["POST", "HEAD"]),
)
@example(said=WHOLE["chunks"][0] + WHOLE["length"][0], cuts=[], noise=[], method="POST")
@example(said=WHOLE["chunks"][0] + WHOLE["length"][0], cuts=[60, 70, 80, 90], noise=[], method="POST")
def test_cutting_an_answer_changes_nothing_of_it(
    said: bytes, cuts: list[int], noise: list[tuple[int, bytes]], method: str
) -> None:
    """Sound or damaged, it is the same answer or the same fault; nothing but a TransportFault is ever raised."""
    for at, other in noise:
        said = said[:at] + other + said[at + len(other) :]
    places = sorted({0, *(cut for cut in cuts if cut < len(said)), len(said)})
    pieces = [said[start:end] for start, end in pairwise(places)]
    (whole, _), (cut, kept) = outcome([said], method), outcome(pieces, method)
    assert whole == cut
    assert kept <= 1


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_bytes_of_any_kind_end_in_an_answer_or_a_fault(pieces: list[bytes]) -> None:
    (status, _, _, fault), _ = outcome(pieces, "POST")
    assert status >= 200 or fault in ("Garbled", "Disconnected")
