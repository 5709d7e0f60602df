"""What a text has of tokens, by the kinds of its characters."""

from __future__ import annotations

from typing import Any

import pytest

from aihub_lite.wire.written import Written

PROSE = "The old well gives cold water in August, which is all that anybody wants of it. "
CODE = 'def total(items):\n    """Sum."""\n    return sum(item["price"] * item["count"] for item in items)\n\n\n'


def tokens(*pieces: str) -> float | None:
    written = Written()
    for piece in pieces:
        written.add(piece)
    return written.tokens()


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        pytest.param(PROSE, 16, 20, id="prose: a token for each of 16 words and its marks"),
        pytest.param(CODE, 25, 40, id="code"),
        pytest.param("12,345.67 * 3 = ", 7, 14, id="a sum"),
        pytest.param(
            "Der Brunnen hinter dem Haus ist älter als das Haus, und gibt auch im August. ", 15, 22, id="umlauts"
        ),
    ],
)
def test_words_and_marks_are_counted_as_tokenizers_do(text: str, least: int, most: int) -> None:
    counted = tokens(text)
    assert counted is not None
    assert least <= counted <= most


@pytest.mark.parametrize(
    "text", ["房子后面的井比房子还要老。", "Колодец за домом старше дома.", "The well 井 is 老, 老."]
)
def test_a_text_in_another_script_has_no_count(text: str) -> None:
    assert tokens(text * 20) is None


@pytest.mark.parametrize("size", [1, 5, 700])
def test_a_text_that_comes_in_pieces_counts_as_it_does_in_one(size: int) -> None:
    text = (PROSE + CODE) * 30
    whole = tokens(text)
    assert whole is not None
    assert tokens(*(text[start : start + size] for start in range(0, len(text), size))) == pytest.approx(
        whole, rel=0.05
    )


def test_a_tokenizer_that_cuts_words_smaller_makes_more_of_them_and_no_more_of_marks() -> None:
    prose, marks = Written(), Written()
    prose.add("water " * 50)
    marks.add("{}[]" * 50)
    assert prose.tokens(2.0) == 2 * (prose.tokens() or 0)
    assert marks.tokens(2.0) == marks.tokens()


@pytest.mark.parametrize(
    ("part", "thought", "other"),
    [
        ({"role": "assistant", "content": "x"}, False, False),
        ({"content": None, "refusal": "no", "annotations": [], "tool_calls": None}, False, False),
        ({"content": "x", "reasoning_content": "hm"}, True, False),
        ({"reasoning_details": [{"type": "reasoning.encrypted"}]}, True, False),
        ({"content": "x", "tool_calls": [{"index": 0}]}, False, True),
        ({"content": "x", "annotations": [{"type": "url_citation"}]}, False, True),
        ({"images": [{"type": "image_url"}]}, False, True),
        ({"content": "x", "something_new": 1}, False, True),
    ],
)
def test_what_is_more_than_text_is_seen(part: dict[str, Any], thought: bool, other: bool) -> None:
    written = Written()
    written.take(part)
    assert (thought, other) == (written.thought, written.other)
