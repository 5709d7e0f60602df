"""A channel's page has first what a person comes for: its state, its keys, its limits, what failed in it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from aihub_lite.web.console.language import LANGUAGES
from tests.web.console.test_channels import answered
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console

CHANNEL = {"name": "house", "provider": "demo", "models": ["m"], "rpm": 60}


def test_drift_comes_after_state_keys_limits_and_failures_and_its_definition_behind_a_question(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await answered(visitor, 1.0, CHANNEL)
        await visitor.sign_in()
        for language, texts in LANGUAGES.items():
            page = unescape(await visitor.page("/console/channels/house", accept_language=language))
            content = page[page.index("<h1>") :]
            order = ["tokens.state", "channel.keys", "channel.used", "channel.failures", "channel.drift"]
            places = [content.index(texts(key)) for key in order]
            assert sorted(places) == places
            (behind,) = re.findall(r"<details[^>]*>(.*?)</details>", content[places[-1] :], re.DOTALL)[:1]
            assert content.count(texts("channel.drift_text")) == behind.count(texts("channel.drift_text")) == 1

    at_console(tmp_path, story)


def test_a_channels_page_shows_what_failed_in_it_on_the_last_day(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", CHANNEL, status=201)
        await visitor.sign_in()
        none = LANGUAGES["en"]("channel.no_failures")
        assert none in await visitor.page("/console/channels/house")
        failure: dict[str, Any] = {"outcome": "error", "error_code": "upstream_error", "error_text": "It broke."}
        await book(visitor, "bad", channel="house", **failure)
        await book(visitor, "good", channel="house", outcome="ok", error_code="", error_text="")
        await book(visitor, "elsewhere", channel="other", **failure)
        await book(visitor, "earlier", hours=25, channel="house", **failure)
        page = await visitor.page("/console/channels/house")
        assert ["bad"] == re.findall(r'href="/console/requests/(\w+)\?channel=house"', page)
        assert (True, False) == ("It broke." in page, none in page)

    at_console(tmp_path, story)
