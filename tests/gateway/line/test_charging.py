"""What is charged when a request does not simply succeed."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.usage import Outcome, Usage, UsageSource
from aihub_lite.gateway.line.charging import ABORTS, Aborted, metered_usage
from aihub_lite.wire.anthropic.upstream.answer import chat_of as anthropic_chat_of
from aihub_lite.wire.chat.answer import answer_of
from aihub_lite.wire.chat.joined import answer_in
from aihub_lite.wire.chat.stream import ChatStream
from aihub_lite.wire.gemini.answer import chat_of as gemini_chat_of
from aihub_lite.wire.json_types import JsonObject
from tests.support.inprocess import PROMPT_TOKENS
from tests.support.upstream.answers import chat_chunk, usage_chunk

PROMPT = Usage(PROMPT_TOKENS)
ENDS = frozenset(get_args(Outcome)) - {"ok", "interrupted"}


def relayed(*chunks: object) -> ChatStream:
    """A stream of which these chunks were passed on."""
    chat = ChatStream("m", "r", 1, include_usage=False)
    for chunk in chunks:
        chat.push(msgspec.json.encode(chunk))
    return chat


SAID = {"server_tool_use": {"web_search_requests": 2}}
TEXT = chat_chunk({"content": "x" * 400})
"""100 tokens by the estimate."""
EARLY = {**chat_chunk({"role": "assistant"}), "usage": {"prompt_tokens": 11, "completion_tokens": 1}}
"""A first chunk without content, which says what the prompt came to."""


def aborted(stream: ChatStream | None, *, streamed: bool = True, sent: bool = True, begun: bool = False) -> Aborted:
    """A request that ended early: `stream` was relayed, or has only `begun`."""
    return Aborted(streamed, PROMPT, sent, stream, None if begun else stream)


@pytest.mark.parametrize("outcome", ["client_gone", "stopped"])
@pytest.mark.parametrize("streamed", [True, False])
def test_whoever_leaves_before_any_content_is_charged_the_prompt(streamed: bool, outcome: Outcome) -> None:
    """Thirty streams of 100,000 tokens that were left after 0.4 s cost nothing."""
    assert (Usage(PROMPT_TOKENS), "estimated") == aborted(None, streamed=streamed).usage(outcome)


@pytest.mark.parametrize("outcome", ["client_gone", "stopped"])
@pytest.mark.parametrize("streamed", [True, False])
def test_whoever_leaves_before_the_request_was_sent_whole_is_charged_nothing(streamed: bool, outcome: Outcome) -> None:
    assert (Usage(), "none") == aborted(None, streamed=streamed, sent=False).usage(outcome)


@pytest.mark.parametrize("streamed", [True, False])
def test_an_error_before_any_content_is_charged_nothing(streamed: bool) -> None:
    assert (Usage(), "none") == aborted(None, streamed=streamed).usage("error")


def test_a_prompt_that_its_upstream_counted_before_any_content_is_charged_as_counted() -> None:
    usage, source = aborted(relayed(EARLY), begun=True).usage("client_gone")
    assert (11, "upstream") == (usage.prompt_tokens, source)


def test_a_stream_that_has_begun_without_a_count_is_charged_its_prompt() -> None:
    begun = relayed(chat_chunk({"role": "assistant"}))
    assert (Usage(PROMPT_TOKENS), "estimated") == aborted(begun, begun=True).usage("client_gone")


@pytest.mark.parametrize("outcome", ["client_gone", "stopped", "cut_off"])
def test_what_was_relayed_is_charged(outcome: Outcome) -> None:
    assert (Usage(PROMPT_TOKENS, 100), "estimated") == aborted(relayed(TEXT)).usage(outcome)


def test_an_abort_keeps_the_usage_that_came() -> None:
    chat = relayed(TEXT, usage_chunk({"prompt_tokens": 11, "completion_tokens": 222, "total_tokens": 233}))
    assert (Usage(11, 222), "upstream") == aborted(chat).usage("client_gone")


def test_every_end_is_in_the_table() -> None:
    possible = {(True, True, end) for end in ENDS - {"error"}} | {(True, False, end) for end in ENDS - {"cut_off"}}
    possible |= {(False, False, end) for end in ENDS - {"cut_off"}}
    assert possible == set(ABORTS)


def test_a_stream_without_usage_is_estimated() -> None:
    assert (Usage(PROMPT_TOKENS, 100), "estimated") == metered_usage(PROMPT, relayed(TEXT))


@pytest.mark.parametrize(
    ("reported", "usage", "source"),
    [
        pytest.param([(0, 0)], Usage(PROMPT_TOKENS, 100), "estimated", id="nothing but zeros"),
        pytest.param([(0, 7)], Usage(PROMPT_TOKENS, 7), "estimated", id="no prompt"),
        pytest.param([(11, 0)], Usage(11, 100), "estimated", id="no completion"),
        pytest.param([(10, 2), (0, 0)], Usage(10, 2), "upstream", id="zeros at the end"),
        pytest.param([(10, 2), (0, 5)], Usage(10, 5), "upstream", id="no prompt at the end"),
        pytest.param([(10, 0), (0, 2)], Usage(10, 2), "upstream", id="each in a chunk of its own"),
        pytest.param([(0, 0), (10, 2)], Usage(10, 2), "upstream", id="zeros at the start"),
    ],
)
def test_zeros_that_cannot_be_are_what_was_counted_before_or_else_estimated(
    reported: list[tuple[int, int]], usage: Usage, source: UsageSource
) -> None:
    """A reseller's last chunk said 0 of everything, and 400 letters cost nothing."""
    counts = [{"prompt_tokens": prompt, "completion_tokens": completion} for prompt, completion in reported]
    chat = relayed(TEXT, *map(usage_chunk, counts))

    assert (usage, source) == metered_usage(PROMPT, chat)


def test_no_tokens_for_no_text_are_believed() -> None:
    chat = relayed(chat_chunk({"role": "assistant"}), usage_chunk({"prompt_tokens": 11, "completion_tokens": 0}))

    assert (Usage(11, 0), "upstream") == metered_usage(PROMPT, chat)


def test_what_zeros_are_taken_from_keeps_its_parts() -> None:
    before = Usage(10, 5, 4, 2, 3, modal=Modal(audio_input=2))

    assert before == Usage().possible(before)
    assert Usage(10, 9, 4, 2, modal=Modal(audio_input=2)) == Usage(0, 9).possible(before)
    assert Usage(units=3, unit="image") == Usage(units=3, unit="image").possible(before)


def test_a_usage_from_the_beginning_makes_no_aborted_stream_free() -> None:
    usage, _ = aborted(relayed(EARLY, *[TEXT] * 10)).usage("client_gone")
    assert 1000 <= usage.completion_tokens


@pytest.mark.parametrize("reported", [[], [usage_chunk({"prompt_tokens": 0, "completion_tokens": 7})]])
def test_sound_in_a_prompt_that_nobody_counted_is_no_text(reported: list[object]) -> None:
    """Where an upstream said nothing of its usage, or the client had left, it was billed at the rate of text."""
    sound = Usage(1004, modal=Modal(audio_input=1000))
    stream = relayed(TEXT, *reported)
    aborted_one = Aborted(True, sound, True, stream, stream)

    for usage, source in (metered_usage(sound, stream), aborted_one.usage("client_gone")):
        assert (1004, Modal(audio_input=1000), "estimated") == (usage.prompt_tokens, usage.modal, source)


SEARCH = {"type": "search", "index": 0}
BY_GROQ = {"message": {"content": "Yes", "executed_tools": [SEARCH, {**SEARCH, "index": 1}]}, "finish_reason": "stop"}
BY_GEMINI = {
    "candidates": [
        {
            "content": {"parts": [{"text": "Yes"}]},
            "finishReason": "STOP",
            "groundingMetadata": {"webSearchQueries": ["news", "weather"]},
        }
    ],
    "modelVersion": "gemini-3-pro",
}
BY_CLAUDE = {
    "role": "assistant",
    "content": [{"type": "web_search_tool_result", "content": []}, {"type": "web_search_tool_result", "content": []}],
}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"choices": [BY_GROQ]}, id="Groq's tools"),
        pytest.param({"choices": [{"message": {}}], "usage": SAID}, id="a usage without tokens"),
        pytest.param(gemini_chat_of(BY_GEMINI), id="Gemini's queries"),
        pytest.param(anthropic_chat_of(BY_CLAUDE), id="Claude's results"),
    ],
)
def test_searches_of_a_whole_answer_without_a_usage_are_charged(answer: JsonObject) -> None:
    """Streams counted them; whole answers let them go with the usage that was not there."""
    usage, source = metered_usage(PROMPT, answer_of(msgspec.json.encode(answer), "m", "r", 1))

    assert (Hosted(web_search=2), "estimated") == (usage.hosted, source)


def test_searches_of_a_stream_that_came_in_place_of_an_answer_are_charged() -> None:
    """Each event has those that are new."""
    deltas = [chat_chunk({"content": "Yes", "executed_tools": [{**SEARCH, "index": index}]}) for index in (0, 1)]
    chunks = [*deltas, chat_chunk({}, "stop")]
    stream = b"".join(b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks)

    usage, _ = metered_usage(PROMPT, answer_of(answer_in(stream, "r", 1), "m", "r", 1))

    assert Hosted(web_search=2) == usage.hosted


def test_the_figure_of_a_usage_counts_before_the_searches_that_are_seen() -> None:
    none = {"prompt_tokens": 11, "completion_tokens": 1, "server_tool_use": {"web_search_requests": 0}}
    whole = answer_of(msgspec.json.encode({"choices": [BY_GROQ], "usage": none}), "m", "r", 1)
    delta = BY_GROQ["message"]
    assert isinstance(delta, dict)
    stream = relayed(chat_chunk(delta, "stop"), usage_chunk(none))

    assert [None, None] == [metered_usage(PROMPT, answer)[0].hosted for answer in (whole, stream)]


def test_a_figure_from_the_beginning_makes_no_search_of_an_aborted_stream_free() -> None:
    early = {**EARLY, "usage": {**EARLY["usage"], "server_tool_use": {"web_search_requests": 0}}}
    usage, _ = aborted(relayed(early, chat_chunk({"executed_tools": [SEARCH]}), TEXT)).usage("client_gone")

    assert Hosted(web_search=1) == usage.hosted
