"""A thought that comes in very many pieces."""

from __future__ import annotations

from time import process_time

from aihub_lite.wire.anthropic.surface.stream import NativeStream

TEXT = "abcdefgh" * 8
PIECES = 60_000
BLOCK = b'{"type":"content_block_%b","index":0,%b}'


def test_a_long_thought_is_read_in_linear_time() -> None:
    """Four megabytes take a fraction of a second; else several, in which nobody else is served."""
    stream = NativeStream("m")
    began = process_time()
    stream.push(BLOCK % (b"start", b'"content_block":{"type":"thinking","thinking":"","signature":""}'))
    for _ in range(PIECES):
        stream.push(BLOCK % (b"delta", b'"delta":{"type":"thinking_delta","thinking":"%b"}' % TEXT.encode()))
    stream.push(BLOCK % (b"delta", b'"delta":{"type":"signature_delta","signature":"s"}'))
    stream.push(b'{"type":"content_block_stop","index":0}')
    assert [{"type": "thinking", "thinking": TEXT * PIECES, "signature": "s"}] == stream.thoughts
    assert process_time() - began < 1.0
