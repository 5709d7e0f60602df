"""What is paused says so on every page that shows it, with why, and with a button where the reader may resume it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.token import Token
from tests.web.console.visitor import Visitor, at_console
from tests.web.me.test_own import Member, member

FAST = Runaway("spend", 12 * 10**9, 10**9, 12 * 10**9)
WHY = {
    "en": "it spent $12.00 within 1 h, usually $1.00 at most",
    "zh": "1 h 内花费 $12.00，平常最多 $1.00",
}
NOW_MS = 1_800_000_000_000


async def paused_token(visitor: Visitor) -> Token:
    """One that the gateway has paused."""
    token, _ = await visitor.gateway.registry.tokens.create("night-agent")
    await visitor.gateway.pauses.pause("token", token.id, FAST, NOW_MS)
    return token


def resumes(page: str, token: Token) -> bool:
    """Whether a page has a button that resumes a token."""
    return f'data-call="POST /tokens/{token.id}/resume"' in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_paused_token_is_resumed_from_its_page_and_from_the_list(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        token = await paused_token(visitor)
        page = await visitor.page(f"/console/tokens/{token.id}", **{"accept-language": language})
        listed = await visitor.page("/console/tokens", **{"accept-language": language})
        assert (True, True, True) == (WHY[language] in page, resumes(page, token), resumes(listed, token))
        await visitor.call("POST", f"/tokens/{token.id}/resume")
        page = await visitor.page(f"/console/tokens/{token.id}", **{"accept-language": language})
        assert (False, False) == (WHY[language] in page, resumes(page, token))
        assert f'data-call="POST /tokens/{token.id}/pause"' in page

    at_console(tmp_path, story)


def test_the_overview_leads_to_what_is_paused(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        token = await paused_token(visitor)
        by_hand, _ = await visitor.gateway.registry.tokens.create("by-hand")
        ada = await visitor.gateway.people.create_person("Ada")
        for holder in (by_hand, ada):
            await visitor.gateway.pauses.pause_by_hand(holder)
        page = await visitor.page("/console")
        assert f'<a href="/console/tokens/{token.id}">night-agent</a>' in page
        assert f'<a href="/console/tokens/{by_hand.id}">by-hand</a>' in page
        assert f'<a href="/console/people/{ada.id}">Ada</a>' in page
        assert (1, 2, True) == (
            page.count("is paused for safety"),
            page.count("is paused by hand"),
            WHY["en"] in page,
        )

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("en", "their tokens spent $12.00 within 1 h, usually $1.00 at most"),
        ("zh", "其令牌在 1 h 内共花费 $12.00，平常最多 $1.00"),
    ],
)
def test_a_person_whom_the_gateway_paused_is_shown_with_why(tmp_path: Path, language: str, why: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        ada = await visitor.gateway.people.create_person("Ada")
        await visitor.gateway.pauses.pause("person", ada.id, FAST, NOW_MS)
        page = await visitor.page("/console", **{"accept-language": language})
        assert (True, True) == (f'<a href="/console/people/{ada.id}">Ada</a>' in page, why in page)
        assert why in await visitor.page(f"/console/people/{ada.id}", **{"accept-language": language})

    at_console(tmp_path, story)


def test_a_paused_person_is_resumed_from_their_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        ada = await visitor.gateway.people.create_person("Ada")
        await visitor.gateway.pauses.pause_by_hand(ada)
        page = await visitor.page(f"/console/people/{ada.id}")
        assert f'data-call="POST /people/{ada.id}/resume"' in page
        assert "Paused" in await visitor.page("/console/people")

    at_console(tmp_path, story)


@pytest.mark.parametrize("own_resume", ["off", "on"])
def test_the_owner_sees_it_and_has_a_button_where_they_may_resume(tmp_path: Path, own_resume: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.gateway.live_settings.change({"own_resume": own_resume})
        ada: Member = await member(visitor, "Ada")
        made = await ada.ask("POST", "/tokens", {"name": "laptop"}, status=201)
        token = visitor.gateway.registry.tokens.get(made["id"])
        await visitor.gateway.pauses.pause("token", token.id, FAST, NOW_MS)
        home = await ada.page("/console/me")
        page = await ada.page(f"/console/me/tokens/{token.id}")
        assert (True, True) == (WHY["en"] in home, WHY["en"] in page)
        assert (own_resume == "on") == resumes(page, token)
        assert (own_resume == "off") == ("An admin can resume it." in page)
        assert "Paused" in await ada.page("/console/me/tokens")

    at_console(tmp_path, story)
