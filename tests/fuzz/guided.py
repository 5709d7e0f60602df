"""Fuzzing led by which branches an input takes: `python -m tests.fuzz.guided sse|head|chat --seconds 600`.

Needs atheris (`pip install atheris`; it has wheels for some systems), which the gate has where there is one. What fails
is shown with its input, and kept as `crash-…` in the directory it is started in.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from aihub_lite.errors import GatewayError
from aihub_lite.server.http1.head import read_head
from aihub_lite.server.http1.input import Input
from aihub_lite.wire.chat.request import parse_chat
from aihub_lite.wire.sse import EventSplitter, EventTooLarge
from tests.fuzz.documents import REQUESTS

LARGEST_EVENT = 512
BEGINNING = b"data: one\n\n: comment\r\ndata: two\rdata:three\r\n\r\nevent: x\nid: 7\ndata\n\n"
HEADS = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n",
    b"PURGE /x?y=%2f HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n",
)


def events(pieces: list[bytes]) -> list[bytes] | None:
    """What a splitter makes of a stream that comes in such pieces; None where an event is too large."""
    splitter = EventSplitter(LARGEST_EVENT)
    try:
        found = [payload for piece in pieces for payload in splitter.feed(piece)]
        return found + splitter.flush()
    except EventTooLarge:
        return None


def check_sse(data: bytes) -> None:
    """The first byte says where the stream is cut; it gives the same events whole, cut in two, and byte by byte."""
    cut = data[:1] and data[0] % len(data)
    stream = data[1:]
    whole = events([stream])
    for pieces in ([stream[: cut or 0], stream[cut or 0 :]], [stream[at : at + 1] for at in range(len(stream))]):
        found = events(pieces)
        assert found == whole or len(stream) > LARGEST_EVENT, (found, whole)


def check_head(data: bytes) -> None:
    """What comes of any bytes is a head, a refusal, or a wait for more."""
    received = Input()
    received.add(data)
    try:
        while (head := received.take_head()) is not None:
            read_head(head)
    except GatewayError as refusal:
        assert 500 != refusal.status


def check_chat(data: bytes) -> None:
    """A body is a request for a chat, or refused."""
    try:
        parse_chat(data)
    except GatewayError as refusal:
        assert 400 <= refusal.status < 500


@attrs.frozen
class Target:
    """What is fuzzed: the modules whose branches lead, a check that fails for a fault of ours, and where it begins."""

    modules: tuple[str, ...]
    check: Callable[[bytes], None]
    beginnings: tuple[bytes, ...]


TARGETS: Mapping[str, Target] = {
    "sse": Target(("aihub_lite.wire.sse",), check_sse, (b"\x07" + BEGINNING,)),
    "head": Target(("aihub_lite.server.http1.head", "aihub_lite.server.http1.input"), check_head, HEADS),
    "chat": Target(
        ("aihub_lite.wire.chat.request", "aihub_lite.wire.fields"),
        check_chat,
        tuple(json.dumps(document).encode() for document in REQUESTS["/v1/chat/completions"]),
    ),
}


def main() -> None:
    """Does not return: libFuzzer ends the process, with 77 where a check failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("There is no atheris: pip install atheris")
    target = TARGETS[options.target]
    for name in target.modules:
        module = importlib.import_module(name)
        for value in vars(module).values():
            lead(atheris.instrument_func, value, name)
    with tempfile.TemporaryDirectory() as directory:
        for number, beginning in enumerate(target.beginnings):
            (Path(directory) / str(number)).write_bytes(beginning)
        atheris.Setup([sys.argv[0], f"-max_total_time={options.seconds}", "-max_len=4096", directory], target.check)
        atheris.Fuzz()


def lead(instrument: Callable[[object], object], value: object, module: str) -> None:
    """Have the branches of a function, or of all methods of a class, lead the search: they are patched in place."""
    if getattr(value, "__module__", None) != module:
        return
    functions = [value]
    if isinstance(value, type):
        functions = [method for method in vars(value).values() if hasattr(method, "__code__")]
    for function in functions:
        if hasattr(function, "__code__"):
            instrument(function)


if __name__ == "__main__":
    main()
