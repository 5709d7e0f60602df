"""What is charged when a request does not simply succeed."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from aihub_lite.domain.usage import Outcome, Usage, UsageSource
from aihub_lite.gateway.charging import ABORTS, aborted, metered
from aihub_lite.wire.chat_request import ChatRequest, parse_chat
from aihub_lite.wire.chat_stream import ChatStream
from tests.support.answers import chat_chunk, usage_chunk
from tests.support.inprocess import PROMPT_TOKENS, chat_request

ENDS = frozenset(get_args(Outcome)) - {"ok", "interrupted"}


def asked(*, stream: bool) -> ChatRequest:
    return parse_chat(msgspec.json.encode(chat_request(stream=stream)))


def relayed(*chunks: object) -> ChatStream:
    """A stream of which these chunks were passed on."""
    chat = ChatStream("m", "r", 1, include_usage=False)
    for chunk in chunks:
        chat.push(msgspec.json.encode(chunk))
    return chat


TEXT = chat_chunk({"content": "x" * 400})
"""100 tokens by the estimate."""


@pytest.mark.parametrize(
    ("streamed", "outcome", "usage", "source"),
    [
        (True, "client_gone", Usage(), "none"),
        (True, "stopped", Usage(), "none"),
        (True, "error", Usage(), "none"),
        (False, "error", Usage(), "none"),
        (False, "client_gone", Usage(PROMPT_TOKENS), "estimated"),
        (False, "stopped", Usage(PROMPT_TOKENS), "estimated"),
    ],
)
def test_an_end_before_any_content_is_charged_otherwise(
    streamed: bool, outcome: Outcome, usage: Usage, source: UsageSource
) -> None:
    assert (usage, source) == aborted(asked(stream=streamed), None, outcome)


@pytest.mark.parametrize("outcome", ["client_gone", "stopped", "cut_off"])
def test_what_was_relayed_is_not_charged(outcome: Outcome) -> None:
    assert (Usage(PROMPT_TOKENS, 100), "estimated") == aborted(asked(stream=True), relayed(TEXT), outcome)


def test_an_abort_forgets_the_usage_that_came() -> None:
    chat = relayed(TEXT, usage_chunk({"prompt_tokens": 11, "completion_tokens": 222, "total_tokens": 233}))
    assert (Usage(11, 222), "upstream") == aborted(asked(stream=True), chat, "client_gone")


def test_an_end_is_missing_in_the_table() -> None:
    possible = {(True, True, end) for end in ENDS - {"error"}} | {(True, False, end) for end in ENDS - {"cut_off"}}
    possible |= {(False, False, end) for end in ENDS - {"cut_off"}}
    assert possible == set(ABORTS)


def test_a_stream_without_usage_is_free() -> None:
    assert (Usage(PROMPT_TOKENS, 100), "estimated") == metered(asked(stream=True), relayed(TEXT))


def test_a_usage_from_the_beginning_makes_an_aborted_stream_free() -> None:
    early = {**chat_chunk({"role": "assistant"}), "usage": {"prompt_tokens": 11, "completion_tokens": 1}}
    usage, _ = aborted(asked(stream=True), relayed(early, *[TEXT] * 10), "client_gone")
    assert 1000 <= usage.completion_tokens
