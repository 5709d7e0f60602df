"""A request's page tells of its attempts in two parts: what happened, and how long it took. Each figure stands once."""

from __future__ import annotations

import re
from pathlib import Path

from aihub_lite.domain.route import PassedOver
from aihub_lite.domain.usage import Attempt
from tests.web.console.answers.test_failures import words_of
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console

ATTEMPTS = (
    Attempt("first", 529, "overloaded", 111, code="busy_word", began_ms=63, connect_ms=31, head_ms=72),
    Attempt("second", 200, "", 287, began_ms=174, connect_ms=0, head_ms=245),
)
WHAT = ("529", "overloaded", "busy_word", "200")
HOW_LONG = ("111 ms", "31 ms", "41 ms", "39 ms", "287 ms", "245 ms", "42 ms", "13 ms", "50 ms", "63 ms", "539 ms")
"""Both attempts whole and in parts; until a channel was asked, the wait at its limit and both; the stream."""


async def parts_of(visitor: Visitor) -> tuple[str, str]:
    """What is read under Attempts and under Times."""
    page = await visitor.page("/console/requests/r1")
    sections = dict(re.findall(r"<h2>([^<]+)</h2>(.*?)</section>", page, re.DOTALL))
    return words_of(sections["Attempts"]), words_of(sections["Times"])


def times_told(text: str, part: str) -> int:
    """How often a figure or word stands in a text."""
    return len(re.findall(rf"(?<![\w.]){re.escape(part)}(?!\w)", text))


def test_what_happened_stands_with_the_attempts_and_how_long_it_took_with_the_times(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        times = {"duration_ms": 1000, "waited_ms": 50, "first_byte_ms": 461}
        passed = (PassedOver("m", "its daily budget", channel="third", before=2),)
        await book(visitor, "r1", attempts=ATTEMPTS, passed=passed, **times)
        await visitor.sign_in()
        attempts, falls = await parts_of(visitor)
        assert dict.fromkeys(WHAT, 1) == {word: times_told(attempts, word) for word in WHAT}
        assert dict.fromkeys(WHAT, 0) == {word: times_told(falls, word) for word in WHAT}
        assert dict.fromkeys(HOW_LONG, 1) == {figure: times_told(falls, figure) for figure in HOW_LONG}
        assert dict.fromkeys(HOW_LONG, 0) == {figure: times_told(attempts, figure) for figure in HOW_LONG}
        assert (1, 1) == (times_told(attempts, "third"), times_told(attempts, "its daily budget"))
        assert (1, 1) == (times_told(falls, "#1 first"), times_told(falls, "#2 second"))

    at_console(tmp_path, story)


def test_a_wait_stands_once_on_the_page_and_among_the_facts_where_no_channel_was_asked(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", attempts=ATTEMPTS, duration_ms=1000, waited_ms=50, first_byte_ms=461)
        await book(visitor, "r2", attempts=(), duration_ms=1000, waited_ms=50, first_byte_ms=0)
        await visitor.sign_in()
        asked = words_of(await visitor.page("/console/requests/r1"))
        never = words_of(await visitor.page("/console/requests/r2"))
        assert (1, 1) == (times_told(asked, "50 ms"), times_told(never, "50 ms"))

    at_console(tmp_path, story)
