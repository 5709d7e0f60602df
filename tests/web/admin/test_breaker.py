"""What the admin API and the settings page show of the runaway breaker."""

from __future__ import annotations

from pathlib import Path

from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.storage.safety.findings import BreakerFinding
from tests.web.admin.desk import Desk, at_desk
from tests.web.console.visitor import Visitor, at_console

SPEND = BreakerFinding(
    1_767_571_200_000, "token", "tok_1", "agent", Runaway("spend", 5_200_000_000, 1_500_000_000, 6, 5), False
)
REPEATED = BreakerFinding(1_767_571_260_000, "token", "tok_1", "agent", Runaway("repeated", 24, 0, 7), True)

PERSON = BreakerFinding(
    1_767_571_320_000, "person", "per_1", "Ada", Runaway("spend", 9_100_000_000, 7_500_000_000, 9, 60), False
)


def test_findings_are_shown_newest_first_with_amounts_in_usd(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.gateway.breaker.findings.add(SPEND)
        await desk.gateway.breaker.findings.add(REPEATED)
        await desk.gateway.breaker.findings.add(PERSON)
        answer = await desk.call("GET", "/breaker")
        assert (answer["mode"], answer["floor_usd"]) == ("watch", 1.5)
        person, repeated, spend = answer["findings"]
        assert (person["holder"], person["holder_id"], person["name"]) == ("person", "per_1", "Ada")
        assert (spend["holder"], spend["holder_id"], spend["name"]) == ("token", "tok_1", "agent")
        assert (spend["kind"], spend["seen"], spend["usual"], spend["minutes"]) == ("spend", 5.2, 1.5, 5)
        assert (repeated["kind"], repeated["seen"], repeated["paused"]) == ("repeated", 24, True)
        assert repeated["at"] == "2026-01-05T00:01:00Z"

    at_desk(tmp_path, story)


def test_the_settings_page_says_what_would_have_been_paused(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert "Nothing was found so far." in await visitor.page("/console/settings")
        await visitor.gateway.breaker.findings.add(SPEND)
        text = await visitor.page("/console/settings")
        assert "$5.20 in 5 minutes, usually at most $1.50" in text
        assert "Watched only" in text
        assert '<a href="/console/tokens/tok_1">agent</a> <small class="muted">token</small>' in text
        await visitor.gateway.breaker.findings.add(PERSON)
        text = await visitor.page("/console/settings")
        assert '<a href="/console/people/per_1">Ada</a>' in text
        assert "person, all tokens together" in text

    at_console(tmp_path, story)
