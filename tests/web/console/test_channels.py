"""What the channel pages show, and what they ask of upstreams."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.usage import DRIFT_WINDOW
from aihub_lite.gateway.routing.account_limits import NOTHING
from aihub_lite.storage.journal import Journal
from tests.storage.facts import record
from tests.support.upstream.answers import error_answer, healthy, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script
from tests.web.console.visitor import Visitor, at_console

SECRET = "sk-very-secret-upstream-key"


def channel(**fields: Any) -> dict[str, Any]:
    return {"name": "c", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "models": ["m"], **fields}


def test_no_page_shows_an_upstream_key(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", channel(keys=[SECRET]), status=201)
        await visitor.sign_in()
        for path in ["/console", "/console/channels", "/console/channels/c"]:
            assert SECRET not in await visitor.page(path)
        assert f"…{SECRET[-4:]}" in await visitor.page("/console/channels/c")

    at_console(tmp_path, story)


def test_names_are_escaped_on_channel_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        name = "A\"'><img src=x>{{7*7}}"
        answer = await visitor.call("POST", "/channels", channel(name=name, group=name, models=["<img>"]), status=201)
        await visitor.sign_in()
        for path in ["/console/channels", f"/console/channels/{answer['id']}"]:
            text = await visitor.page(path)
            assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_listing_models_for_a_new_channel_creates_none(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(lambda _: models_list("gpt-5", "gpt-5-mini")) as upstream:
            body = {"provider": "openai", "base_url": upstream.url, "keys": [SECRET]}
            answer = await visitor.call("POST", "/channels/offers", body)
            assert ({"models": ["gpt-5", "gpt-5-mini"]}, []) == (
                answer,
                (await visitor.call("GET", "/channels"))["channels"],
            )
            assert f"Bearer {SECRET}" == dict(upstream.requests[0].headers)["authorization"]

    at_console(tmp_path, story)


def test_a_providers_own_key_is_not_sent_to_another_address(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(lambda _: models_list("m")) as upstream:
            await visitor.call("POST", "/channels/offers", {"provider": "openai", "base_url": upstream.url})
            assert "authorization" not in dict(upstream.requests[0].headers)

    at_console(tmp_path, story, environ={"OPENAI_API_KEY": SECRET})


def test_a_channel_lists_its_upstreams_models_with_its_own_key(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(lambda _: models_list("other")) as upstream:
            await visitor.call("POST", "/channels", channel(base_url=upstream.url, keys=[SECRET]), status=201)
            assert {"models": ["other"]} == await visitor.call("GET", "/channels/c/offers")
            assert f"Bearer {SECRET}" == dict(upstream.requests[0].headers)["authorization"]
            assert ["m"] == (await visitor.call("GET", "/channels/c"))["models"]

    at_console(tmp_path, story)


def test_a_key_in_the_environment_is_marked_as_at_hand(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/channels/new")
        assert 1 == text.count("data-at-hand>")
        assert SECRET not in text

    at_console(tmp_path, story, environ={"OPENAI_API_KEY": SECRET})


def test_a_key_that_rests_says_why_and_until_when(tmp_path: Path) -> None:
    """The page said that a key is out of use, and nobody knew that it would come back."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        one = await visitor.call("POST", "/channels", channel(keys=["sk-1", "sk-2"]), status=201)
        registry = visitor.gateway.registry.channels
        until = 1_800_000_000
        await registry.rest_key(one["id"], "k1", "the account is spent", until, 1)
        assert ["ok", "2027-01-15T08:00:00Z", None] == [
            (shown := await visitor.call("GET", "/channels/c"))["state"],
            *(key["until"] for key in shown["keys"]),
        ]
        await registry.rest_key(one["id"], "k2", "the upstream refused it with HTTP status 403", until + 60, 1)
        assert "keys rest" == (await visitor.call("GET", "/channels/c"))["state"]
        page = await visitor.page("/console/channels/c")
        assert 2 == page.count("tried again from")
        assert '<time datetime="2027-01-15T08:01:00Z"' in page
        assert "the account is spent, tried again from 2027-01-15T08:00:00Z" in await visitor.page("/console")
        assert "上游账户余额已用完" in await visitor.page("/console/channels/c", accept_language="zh")
        assert "Key rests" in await visitor.page("/console/channels")

    at_console(tmp_path, story)


async def answered(visitor: Visitor, drift: float, asked: dict[str, Any] | None = None) -> None:
    """A window of the channel's answers with this drift is on record."""
    made = asked or channel()
    await visitor.call("POST", "/channels", made, status=201)
    for number in range(DRIFT_WINDOW):
        row = record(f"r{number}", started_ms=int(visitor.clock.wall() * 1000) + 1000 + number, channel=made["name"])
        await Journal(visitor.gateway.database).settle(attrs.evolve(row, drift=drift))


def test_a_channel_that_nobody_asked_has_no_figures_on_its_page(tmp_path: Path) -> None:
    """As in the list: no errors of no requests are not 0 %, and no drift needs no heading."""

    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", channel(), status=201)
        await visitor.sign_in()
        text = await visitor.page("/console/channels/c")
        assert ("0 %" in text, "$0.00" in text, 'id="drift"' in text) == (False, False, False)
        assert 'Requests</dt><dd>0 <small class="muted">Last 24 hours</small>' in text

    at_console(tmp_path, story)


def test_the_channel_pages_show_its_drift_and_explain_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await answered(visitor, 1.04)
        await visitor.sign_in()
        assert "1.04" in await visitor.page("/console/channels")
        text = await visitor.page("/console/channels/c")
        assert ("1.04" in text, "Honest providers lie between" in text) == (True, True)
        assert "times as many tokens as its answers have" not in text

    at_console(tmp_path, story)


def test_a_channel_that_reports_too_much_is_named_with_what_to_do(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await answered(visitor, 2.04)
        await visitor.sign_in()
        for path in ("/console", "/console/channels/c"):
            text = await visitor.page(path)
            assert "2.04 times as many" in text
            assert "provider the same and compare the counts" in text
        assert "网关自行计数的 2.04 倍" in await visitor.page("/console", accept_language="zh")

    at_console(tmp_path, story)


def test_a_disabled_channel_is_not_named_for_its_drift(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await answered(visitor, 2.04)
        await visitor.call("POST", "/channels/c/disable")
        kinds = {item["kind"] for item in (await visitor.call("GET", "/overview"))["attention"]}
        assert "drift" not in kinds

    at_console(tmp_path, story)


def test_limits_are_shown_with_what_is_used_of_them(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", channel(keys=[SECRET], rpm=60, budget="20/day"), status=201)
        meters = visitor.gateway.line.router.limits
        (account,) = meters.by_account
        for _ in range(15):
            meters.reserve((*account, "m"), NOTHING)
        await visitor.sign_in()
        text = await visitor.page("/console/channels/c")
        assert 'max="60" high="48.0" value="15"' in text
        assert ("15 of 60" in text, "$0.00 of $20.00" in text) == (True, True)
        assert "At its limit" not in text
        for _ in range(45):
            meters.reserve((*account, "m"), NOTHING)
        assert "At its limit" in await visitor.page("/console/channels")
        assert "at its limit" == (await visitor.call("GET", "/channels/c"))["state"]

    at_console(tmp_path, story)


def refusing(request: Request) -> Script:
    """A model that is gone, and one that answers."""
    if b"gone" in request.body:
        return error_answer(404, "no such model", "model_not_found")
    return healthy(request)


async def states(visitor: Visitor) -> tuple[str, str | None]:
    shown = await visitor.call("GET", "/channels/c")
    return shown["state"], shown["failing"]


def test_a_failing_test_shows_in_the_channels_state_until_an_answer_comes(tmp_path: Path) -> None:
    """A channel that nobody could use stood there as healthy."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        with Upstream(refusing) as upstream:
            body = channel(base_url=upstream.url, keys=[SECRET], models=["gone", "m"])
            await visitor.call("POST", "/channels", body, status=201)
            await visitor.call("POST", "/channels/c/test", {"model": "gone"})
            assert ("failing", "gone: no such model") == await states(visitor)
            for path in ("/console", "/console/channels", "/console/channels/c"):
                assert "gone: no such model" in await visitor.page(path)
            await visitor.call("POST", "/channels/c/test", {"model": "m"})
            assert ("ok", None) == await states(visitor)
            await visitor.call("POST", "/channels/c/test", {"model": "gone"})
            visitor.gateway.health.succeeded((await visitor.call("GET", "/channels/c"))["id"])
            assert ("ok", None) == await states(visitor)

    at_console(tmp_path, story)


def test_an_address_at_which_nobody_answers_shows_in_the_channels_state(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", channel(), status=201)
        answer = await visitor.call("POST", "/channels/c/reach")
        assert (False, "failing", answer["error"]) == (answer["ok"], *await states(visitor))
        assert ["failing", "unpriced"] == [
            item["kind"] for item in (await visitor.call("GET", "/overview"))["attention"]
        ]
        await visitor.call("PATCH", "/channels/c", {"base_url": "http://127.0.0.1:8/v1"})
        assert ("ok", None) == await states(visitor)

    at_console(tmp_path, story)


def test_an_address_is_reached_without_asking_anything(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(healthy) as upstream:
            await visitor.call("POST", "/channels", channel(base_url=upstream.url, keys=[SECRET]), status=201)
            answer = await visitor.call("POST", "/channels/c/reach")
            assert (True, None, []) == (answer["ok"], answer["error"], upstream.requests)
        await visitor.call("POST", "/channels", {"name": "d", "provider": "demo", "models": ["m"]}, status=201)
        assert (await visitor.call("POST", "/channels/d/reach"))["ok"]

    at_console(tmp_path, story)


def test_channels_are_ordered_by_what_they_served(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        now = int(visitor.clock.wall() * 1000)
        for number, name in enumerate(("a", "b", "c")):
            await visitor.call("POST", "/channels", channel(name=name, priority=5), status=201)
            for request in range(number):
                row = record(f"{name}{request}", started_ms=now, channel=name, cost_nano=10**9 // number**2)
                await Journal(visitor.gateway.database).settle(row)
        await visitor.sign_in()
        orders = {}
        for sort in ("-requests", "-cost", "name", "-name", "nonsense"):
            text = await visitor.page(f"/console/channels?q=openai&sort={sort}")
            orders[sort] = "".join(re.findall(r'<a class="whole" href="[^"]+">(.)</a>', text))
        assert {"-requests": "cba", "-cost": "bca", "name": "abc", "-name": "cba", "nonsense": "abc"} == orders
        text = await visitor.page("/console/channels?sort=-requests")
        assert re.findall(r'aria-sort="(\w+)"><a class="order" href="([^"]+)">(\w+)<', text) == [
            ("descending", "/console/channels?sort=requests", "Requests")
        ]

    at_console(tmp_path, story)


def test_what_providers_are_called_is_said_in_the_readers_language(tmp_path: Path) -> None:
    """Names of firms stay; words do not."""

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/channels/new", accept_language="zh")
        titles = re.findall(r'<option value="[\w-]+" data-url[^>]*>([^<]+)</option>', text)
        assert {"OpenAI，或兼容的服务", "另一个 aihub-lite", "new-api 或 one-api", "Anthropic"} <= set(titles)
        assert [] == [
            title for title in titles if re.search(r"\b(or|by|any|its|another|international)\b", title.lower())
        ]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "is_open"),
    [
        ({}, False),
        ({"priority": 1}, True),
        ({"rpm": 60}, True),
        ({"proxy": "direct"}, True),
        ({"set_params": ["a=1"]}, True),
        ({"system_prefix": "Be brief."}, True),
        ({"group": "lab"}, True),
    ],
)
def test_the_rarer_fields_of_a_channel_are_open_where_one_is_set(
    tmp_path: Path, fields: dict[str, Any], is_open: bool
) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", channel(**fields), status=201)
        await visitor.sign_in()
        assert is_open == ('<details class="more" open>' in await visitor.page("/console/channels/c"))

    at_console(tmp_path, story)


LIMITS_IN_USE = {
    "en": {"Requests per minute", "LLM tokens per minute", "Cost per day", "Requests at once"},
    "zh": {"每分钟请求数", "每分钟 Token 数", "每天费用", "并发请求"},
}


@pytest.mark.parametrize("language", LIMITS_IN_USE)
def test_limits_in_use_are_named_in_the_order_of_the_language(tmp_path: Path, language: str) -> None:
    """Chinese says how often first: 请求 每分钟 were the words of English."""

    async def story(visitor: Visitor) -> None:
        limits = {"rpm": 60, "tpm": 1000, "concurrency": 2, "budget": "5/day"}
        await visitor.call("POST", "/channels", channel(**limits), status=201)
        await visitor.sign_in()
        visitor.http.cookies.set("aihub_language", language)
        text = await visitor.page("/console/channels/c")
        names = re.findall(r'<th scope="row">([^<]+?)</th>\s*<td class="number nowrap">', text)
        assert LIMITS_IN_USE[language] == {*names}

    at_console(tmp_path, story)
