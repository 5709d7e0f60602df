"""Statistics and usage of thousands of tokens."""

from __future__ import annotations

import asyncio
import csv
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aihub_lite.web.admin.paging import LIMIT
from tests.storage.crowd import crowd_token, fill, use
from tests.web.admin.test_paging import longest_step
from tests.web.console.visitor import Visitor, at_console

pytestmark = pytest.mark.extended

MANY = 3000
DAYS = 3
QUARTERS_A_DAY = 96


def with_usage(directory: Path, story: Callable[[Visitor], Awaitable[None]]) -> None:
    """All of the tokens used on each of three days, the last of them today."""
    now = int(time.time()) // 900
    asyncio.run(fill(directory, tokens=MANY))
    asyncio.run(use(directory, MANY, [now - day * QUARTERS_A_DAY for day in range(DAYS)]))
    at_console(directory, story, console_rpm=0)


def test_the_table_shows_the_dearest_and_the_rest_together(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/statistics?by=token")
        rows = re.findall(r'<th scope="row"><span class="swatch s\d"></span>(?:<a[^>]+>)?([^<]+)(?:</a>)?</th>', text)
        assert [crowd_token(MANY - 1 - place).name for place in range(LIMIT)] == rows
        assert f"All others ({MANY - LIMIT:,})" in text
        assert len(text.encode()) < 256 * 1024
        (rest,) = re.findall(r"All others \([\d,]+\)</th>\s*<td[^>]*>[^<]*</td>\s*<td[^>]*>([\d,]+)</td>", text)
        assert f"{(MANY - LIMIT) * DAYS:,}" == rest

    with_usage(tmp_path, story)


def test_the_api_and_the_table_as_a_file_have_everybody(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        figures = await visitor.call("GET", "/statistics?by=token")
        usage = await visitor.call("GET", "/usage?by=token")
        await visitor.sign_in()
        file = await visitor.get("/console/statistics.csv?by=token")
        names = [crowd_token(number).name for number in reversed(range(MANY))]
        assert names == [member["name"] for member in figures["members"]]
        assert names == [row["token"] for row in usage]
        assert names == [row["token"] for row in csv.DictReader(file.text.splitlines())]
        assert (MANY * DAYS, DAYS) == (figures["total"]["requests"], figures["members"][5]["requests"])
        assert 7 == len(figures["members"][0]["steps"])

    with_usage(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    [
        "/api/admin/statistics?by=token",
        "/api/admin/usage?by=token",
        "/console/statistics?by=token",
        "/console/statistics.csv?by=token",
    ],
)
def test_others_go_on_while_the_usage_of_thousands_is_told(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        steps = [(await longest_step(visitor.get(path)))[0] for _ in range(3)]
        assert min(steps) < 0.08

    with_usage(tmp_path, story)
