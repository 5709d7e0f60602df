"""One echo for all, and what it says to raw bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from tests.served.front.door import Door, echo, opened
from tests.support.rawclient import CutOff, Head, RawConnection

Exchange = Callable[[bytes], list[tuple[int, bytes]]]


@pytest.fixture(scope="session")
def echoing() -> Iterator[Door]:
    with opened(echo) as door:
        yield door


def whole(connection: RawConnection, method: str = "GET") -> tuple[Head, bytes]:
    """The next answer with its body."""
    head = connection.read_head()
    return head, b"".join(piece.data for piece in connection.pieces(head, method))


@pytest.fixture
def exchange(echoing: Door) -> Exchange:
    """`exchange(bytes)` is every answer's status and body until the server closes; a refusal's body is its type."""

    def exchanged(data: bytes) -> list[tuple[int, bytes]]:
        answers: list[tuple[int, bytes]] = []
        with RawConnection(echoing.url) as connection:
            connection.send(data)
            while True:
                try:
                    head, body = whole(connection)
                except CutOff:
                    return answers
                if head.status != 200:
                    assert "close" == head.header("connection")
                    assert head.header("x-request-id")
                    body = msgspec.json.decode(body)["error"]["type"].encode()
                answers.append((head.status, body))
                if head.header("connection") == "close":
                    assert connection.at_eof(5)
                    return answers

    return exchanged
