"""What an upstream's fault shares a piece of bytes with is not lost: where bytes are cut must change nothing."""

from __future__ import annotations

import pytest

from tests.conftest import AddChannel
from tests.support.checkers.chat import check_chat_stream
from tests.support.gateway import Gateway
from tests.support.upstream.answers import chat_chunk, sse, sse_event
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Pause

FIRST = sse_event(chat_chunk({"role": "assistant", "content": "first"}))
SECOND = sse_event(chat_chunk({"content": " second"}))
FINISH = sse_event(chat_chunk({}, "stop"))
ERROR = b'data: {"error":{"message":"boom","code":"server_error"}}\n\n'
GARBAGE = b"data: {oops\n\n"


@pytest.mark.parametrize("fault", [ERROR, GARBAGE], ids=["error", "garbage"])
def test_content_before_a_fault_is_kept_where_they_share_a_piece(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, fault: bytes
) -> None:
    model = add_channel(upstream.url)
    upstream.enqueue(sse(FIRST, Pause(0.1), SECOND + fault, done=False))
    seen = check_chat_stream(gateway.chat(model, stream=True).body, include_usage=False)
    assert ("first second", False, None) == (seen.content, seen.done, seen.finish_reason)


@pytest.mark.parametrize("fault", [ERROR, GARBAGE], ids=["error", "garbage"])
@pytest.mark.parametrize("pieces", [(FIRST, Pause(0.1)), (FIRST,), ()], ids=["later", "soon", "at-once"])
def test_a_finish_reason_before_a_fault_is_kept_where_they_share_a_piece(
    gateway: Gateway, upstream: Upstream, add_channel: AddChannel, fault: bytes, pieces: tuple[bytes | Pause, ...]
) -> None:
    model = add_channel(upstream.url)
    upstream.enqueue(sse(*pieces, (b"" if pieces else FIRST) + SECOND + FINISH + fault, done=False))
    seen = check_chat_stream(gateway.chat(model, stream=True).body, include_usage=False)
    assert (1, "first second", "stop") == (len(upstream.chats), seen.content, seen.finish_reason)
