"""The links that open the console, as a terminal shows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import rawclient
from tests.support.process import SCALED, Home

LINK = re.compile(r"(http://\S+?)(/console/enter/\S+)")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data directory that does not exist yet."""
    return Home(tmp_path / "data", SCALED)


def opened(text: str) -> tuple[int, bool]:
    """The status of the first link in a text, and whether it gave a session."""
    match = LINK.search(text)
    assert match is not None, text
    url, path = match.groups()
    answer = rawclient.request(url, "POST", path, {"sec-fetch-site": "same-origin"}, b"")
    return answer.status, "aihub_session=" in (answer.header("set-cookie") or "")


def test_the_first_start_shows_a_link_that_opens_the_console_once(home: Home) -> None:
    process, _ = home.serve()
    with process:
        assert [(303, True), (401, False)] == [opened(process.stdout.text) for _ in range(2)]


def test_the_command_prints_a_link_that_opens_the_console(home: Home) -> None:
    process, url = home.serve()
    with process:
        printed = home.cli("console")
        assert (0, 1, True) == (printed.code, len(printed.stdout.splitlines()), printed.stdout.startswith(url))
        assert (303, True) == opened(printed.stdout)


def test_the_command_without_a_server_prints_no_link(home: Home) -> None:
    printed = home.cli("console")
    assert (1, "", True) == (printed.code, printed.stdout, "aihub-lite serve" in printed.stderr)


def test_a_link_leads_where_the_gateway_is_found_and_not_to_its_socket(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", {**SCALED, "public_url": "https://ai.example.com/v1"})
    process, _ = home.serve()
    with process:
        assert home.cli("console").stdout.startswith("https://ai.example.com/console/enter/")
        welcome = process.stdout.text
        assert ("Base URL  https://ai.example.com/v1\n" in welcome, "http://127" in welcome) == (True, True)
        assert welcome.splitlines()[-1].startswith("Listening on http://127.0.0.1:")
