"""What the settings page shows of a gateway."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aihub_lite.config import LIVE, REASONS
from aihub_lite.web.console.settings import LIMITS
from tests.web.console.visitor import SITE, Visitor, at_console

ODD = "<img src=x onerror=alert(1)>{{7*7}}"


def test_every_setting_is_on_the_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = (await visitor.page("/console/settings")).replace("_<wbr>", "_")  # where a name may break
        others = {
            "audit_days",
            "backup_hour",
            "backup_keep",
            "breaker",
            "breaker_floor_requests",
            "breaker_floor_usd",
            "breaker_repeats",
            "breaker_times",
            "docs",
            "guess_prices",
            "keep_answers",
            "model_refresh_hours",
            "own_resume",
            "public_url",
            "retention_days",
            "starting_credit",
            "unknown_model_status",
            "unpriced",
        }
        assert sorted(LIVE) == sorted({*LIMITS, *others})
        assert [] == [name for name in LIVE if f'id="f-{name}"' not in text]
        assert [] == [name for name in REASONS if name not in LIVE and f"<code>{name}</code>" not in text]

    at_console(tmp_path, story)


def test_odd_values_are_escaped_on_the_settings_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        headers = {"x-forwarded-for": ODD, "user-agent": f"Firefox/1 {ODD}"}
        await visitor.post("/console/sign-in", {"key": visitor.key}, **headers)
        text = await visitor.page("/console/settings")
        assert (False, True) == ("<img" in text, "{{7*7}}" in text)
        assert [] == re.findall(r"<script(?![^>]* src=)[^>]*>|<style|\sstyle=|\son\w+=\"", text)

    at_console(tmp_path / ODD.replace("/", ""), story, trusted_proxies="127.0.0.1")


def test_a_fixed_setting_says_what_fixes_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/settings")
        (field,) = re.findall(r'<input[^>]* id="f-rpm"[^>]*>', text)
        assert ('value="5"' in field, " disabled" in field) == (True, True)
        assert "Fixed by --rpm" in text
        (other,) = re.findall(r'<input[^>]* id="f-max_attempts"[^>]*>', text)
        assert ('value=""' in other, 'placeholder="3"' in other, " disabled" in other) == (True, True, False)

    at_console(tmp_path, story, rpm=5, sources={"rpm": "--rpm"})


def test_links_and_snippets_have_the_public_address(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert (await visitor.call("POST", "/console-links", status=201))["public_url"] is None
        await visitor.call("PATCH", "/settings", {"public_url": "https://ai.example.com/hub"})
        link = await visitor.call("POST", "/console-links", status=201)
        assert "https://ai.example.com/hub" == link["public_url"]
        await visitor.sign_in()
        text = await visitor.page("/console/tokens/new")
        assert ("https://ai.example.com/hub/v1" in text, SITE in text) == (True, False)

    at_console(tmp_path, story)


@pytest.mark.attack("T-68")
def test_other_sites_cannot_change_settings_or_take_a_backup(tmp_path: Path) -> None:
    """T-68."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        evil = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
        calls = [("PATCH", "/settings"), ("POST", "/admin-key"), ("DELETE", "/sessions"), ("PUT", "/strategies")]
        answers = [
            await visitor.http.request(*each, headers=evil) for each in [(m, f"/api/admin{p}") for m, p in calls]
        ]
        assert [403] * 4 == [answer.status_code for answer in answers]
        assert "samesite=strict" in (await visitor.sign_in()).headers["set-cookie"].lower()

    at_console(tmp_path, story)


def test_a_session_can_download_a_backup(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        answer = await visitor.http.get("/api/admin/backup")
        assert (200, b"SQLite format 3\0") == (answer.status_code, answer.content[:16])
        assert answer.headers["content-disposition"].startswith('attachment; filename="aihub-')
        assert "no-store" == answer.headers["cache-control"]
        assert str(len(answer.content)) == answer.headers["content-length"]

    at_console(tmp_path, story)


def test_a_second_backup_at_once_is_a_conflict(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        async with visitor.gateway.backing_up:
            await visitor.call("GET", "/backup", status=409)

    at_console(tmp_path, story)
