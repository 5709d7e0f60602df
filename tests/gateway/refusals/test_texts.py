"""What of an error may lie on the disk: a sentence, a code and names, but no key and nothing that anybody wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.errors import (
    AnswerOverdue,
    ChannelsCoolingDown,
    ChannelsDisabled,
    ChannelsDown,
    ModelUnpriced,
    NoChannel,
    QuotaExhausted,
    Stopped,
    Unauthenticated,
)
from aihub_lite.gateway.refusals.echoes import RUN, without_echoes
from aihub_lite.gateway.refusals.texts import kept_code, kept_model, kept_names, kept_path, kept_text
from tests.support.canaries import KEY_CANARY, PROMPT_CANARY

OURS = (
    Unauthenticated(),
    QuotaExhausted(12_000_000_000, 3_000_000_000),
    ModelUnpriced("gpt-5"),
    NoChannel("gpt-5", "default"),
    ChannelsDisabled("gpt-5", "default"),
    ChannelsCoolingDown("gpt-5", 3),
    ChannelsDown("gpt-5", 3),
    Stopped(),
    AnswerOverdue(600),
)


@pytest.mark.parametrize("error", OURS, ids=lambda error: type(error).__name__)
def test_our_own_sentences_are_kept_as_the_client_got_them(error: Exception) -> None:
    assert str(error) == kept_text(str(error))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("'messages[0].content' must be a string.", "'messages[0].content' must be a string."),
        ("the token's quota and the gateway's clock", "the token's quota and the gateway's clock"),
        ("none that this model knows: 'my cat is ill'.", "none that this model knows: '…'."),
        ('none that this model knows: "it\'s my cat".', 'none that this model knows: "…".'),
        ("no such kind: '你好吗'.", "no such kind: '…'."),
        (f"Incorrect API key provided: {KEY_CANARY}.", "Incorrect API key provided: [key]."),
        ("two\nlines\tand \x1b[31mred", "two lines and [31mred"),
        ("x" * 500, "x" * 300),
    ],
)
def test_a_sentence_keeps_no_key_and_no_text_that_it_quotes(said: str, kept: str) -> None:
    assert kept == kept_text(said)


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("context_length_exceeded", "context_length_exceeded"),
        ("RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"),
        ("ValidationException", "ValidationException"),
        (1211, "1211"),
        (None, ""),
        ("two words", ""),
        (PROMPT_CANARY, ""),
        (KEY_CANARY, ""),
        ("a" * 65, ""),
    ],
)
def test_a_code_is_kept_where_it_looks_like_one(code: object, kept: str) -> None:
    assert kept == kept_code(code)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("openai/gpt-5.1:free", "openai/gpt-5.1:free"),
        ("", ""),
        ("tell me a story", "tell…"),
        ("请给我讲个故事", "…"),
        (f"{KEY_CANARY} x", "[key]…"),
        ("m" * 200, "m" * 128 + "…"),
    ],
)
def test_a_model_is_kept_as_far_as_it_can_be_the_name_of_one(name: str, kept: str) -> None:
    assert kept == kept_model(name)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/openai/deployments/gpt-4o/chat", "/openai/deployments/gpt-4o/chat"),
        ("/v1/sk-0123456789abcdef0123", "/v1/…"),
        (f"/v1/{PROMPT_CANARY}/x", "/v1/…/x"),
        ("/tell me a story", "/…"),
        ("/" + "a" * 50, "/…"),
    ],
)
def test_a_path_is_kept_without_what_may_be_a_key(path: str, kept: str) -> None:
    assert kept == kept_path(path)


def test_of_many_fields_and_of_odd_ones_a_mark_is_kept() -> None:
    names = ("top_k", "tell me a story", *(f"field{number}" for number in range(60)))
    kept = kept_names(names)
    assert ("top_k", "field0", "?", 51) == (kept[0], kept[1], kept[-1], len(kept))


LETTERS = st.sampled_from("abcdefghijKLM 0123456789,.'é你好")
WORDS = st.text(LETTERS, min_size=RUN, max_size=60)


@given(
    before=st.text("abc ", max_size=30),
    secret=WORDS,
    after=st.text("xyz ", max_size=30),
    around=st.text(LETTERS, max_size=9),
)
def test_no_run_of_a_request_is_left_in_what_an_upstream_says_of_it(
    before: str, secret: str, after: str, around: str
) -> None:
    """Whatever stands around it, and in capitals or not."""
    told = without_echoes(f"{before}{secret.upper()}{after}", [f"{around}{secret}{around}"])
    runs = {secret.lower()[start : start + RUN] for start in range(len(secret.lower()) - RUN + 1)}
    assert not any(run in told.lower() for run in runs)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("This model's maximum context length is 8192 tokens.", "This model's maximum context length is 8192 tokens."),
        ("Input 'tell me a long story' was flagged.", "Input '…' was flagged."),
        ("tell me a long story", "…"),
        ("Flagged: \\u4f60\\u597d", "…"),
    ],
)
def test_only_what_is_the_requests_own_is_taken_out(said: str, told: str) -> None:
    assert told == without_echoes(said, ["please tell me a long story!", "short"])


def test_of_a_request_too_long_to_look_through_nothing_is_kept() -> None:
    assert "…" == without_echoes("What a pity.", ["a" * 5_000_000])
