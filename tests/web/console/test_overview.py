"""What the front page says of the gateway."""

from __future__ import annotations

from pathlib import Path

from aihub_lite.domain.usage import Usage
from aihub_lite.storage.ledger import Ledger
from tests.storage.facts import record
from tests.web.console.visitor import Visitor, at_console

DOWN = "http://127.0.0.1:9/v1"


async def kinds(visitor: Visitor) -> list[tuple[str, str]]:
    return [(item["kind"], item["subject"]) for item in (await visitor.call("GET", "/overview"))["attention"]]


def test_a_gateway_at_peace_asks_for_attention(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/tokens", {"name": "a", "quota": "5"}, status=201)
        await visitor.sign_in()
        assert [] == await kinds(visitor)
        assert "Nothing: all is well." in await visitor.page("/console")

    at_console(tmp_path, story)


def test_what_is_wrong_with_channels_stays_unsaid(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        body = {"name": "c", "provider": "openai", "base_url": DOWN, "keys": ["env:NOT_SET"], "models": ["m"]}
        await visitor.call("POST", "/channels", body, status=201)
        assert [("key_disabled", "c"), ("unpriced", "m")] == await kinds(visitor)
        await visitor.call("POST", "/prices", {"model": "m", "input": "1", "output": "1"})
        await visitor.call("POST", "/channels/c/disable")
        assert [] == await kinds(visitor)
        channel = visitor.gateway.registry.channel("c")
        await visitor.gateway.registry.disable_channel(channel.id, "the upstream wants money")
        assert [("channel_disabled", "c")] == await kinds(visitor)

    at_console(tmp_path, story)


def test_a_token_at_its_end_comes_as_a_surprise(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        near = await visitor.call("POST", "/tokens", {"name": "near", "quota": "1"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "soon", "expires": "3d"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "later", "expires": "30d"}, status=201)
        await visitor.call("POST", "/tokens", {"name": "off", "expires": "3d", "enabled": False}, status=201)
        visitor.gateway.ledger.accounts[near["id"]].charge(850_000_000, visitor.clock.wall())
        assert [("near_limit", "near"), ("expires_soon", "soon")] == await kinds(visitor)

    at_console(tmp_path, story)


def test_the_last_day_is_another_than_its_hours(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        now = int(visitor.clock.wall() * 1000)
        journal = Ledger(visitor.gateway.database)
        for number, hours in enumerate([0, 0, 5, 22, 30]):
            row = record(f"r{number}", started_ms=now - hours * 3_600_000, usage=Usage(10, 5), cost_nano=1_000_000)
            await journal.settle(row)
        found = await visitor.call("GET", "/overview")
        assert (24, 4, 4) == (
            len(found["hours"]),
            found["day"]["requests"],
            sum(hour["requests"] for hour in found["hours"]),
        )
        assert (40, 20, "0.004") == tuple(
            found["day"][name] for name in ("prompt_tokens", "completion_tokens", "cost_usd")
        )
        assert 2 == found["hours"][-1]["requests"]

    at_console(tmp_path, story)


def test_stopping_what_is_over_seems_to_work(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert [] == await visitor.call("GET", "/flights")
        await visitor.call("POST", "/flights/x/stop", status=404)

    at_console(tmp_path, story)


def test_strange_names_get_into_the_front_page_as_markup(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        name = "A<img src=x>{{7*7}}"
        body = {"name": name, "provider": "openai", "base_url": DOWN, "keys": ["env:NOT_SET"], "models": ["m<img>"]}
        await visitor.call("POST", "/channels", body, status=201)
        await visitor.sign_in()
        text = await visitor.page("/console")
        assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)
