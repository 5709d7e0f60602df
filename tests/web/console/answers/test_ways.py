"""Why a request takes the way that it does, in the reader's language."""

from __future__ import annotations

import ast
import html
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from aihub_lite.domain.channel import Ability
from aihub_lite.domain.route import PassedOver
from aihub_lite.gateway.line import named
from aihub_lite.gateway.routing import needs, route, walk
from aihub_lite.gateway.routing.health import Obstacle
from aihub_lite.gateway.state import flight
from aihub_lite.gateway.upkeep import explain, explain_model
from aihub_lite.storage.journal import Journal
from aihub_lite.web.console.language import DEFAULT, LANGUAGES
from aihub_lite.web.console.translate import WAY_PATTERNS, way_told
from tests.storage.facts import record
from tests.web.console.test_translate import HAN, SOURCE
from tests.web.console.visitor import Visitor, at_console

CHINESE = LANGUAGES["zh"]
ENGLISH = re.compile("[a-z]{2,} [a-z]{2,}")
"""Two words of it."""
SPEAKERS: list[tuple[ModuleType, tuple[str, ...]]] = [
    (explain_model, ("barrier", "unusable_keys", "reason", "price_reason", "speed_reason", "explain_model")),
    (explain, ("_walked",)),
    (named, ("unmet", "take", "barrier")),
    (walk, ("_is_too_small", "_afford", "why_out")),
    (needs, ("fitness",)),
    (flight, ("_all_passed",)),
]
"""Modules, and their functions that say why."""
FILLED = "7"


def said_in(module: ModuleType, names: tuple[str, ...]) -> Iterator[str]:
    """The texts in these functions of a module, with something for what varies."""
    tree = ast.parse(inspect.getsource(module))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names]
    assert {*names} == {function.name for function in functions}
    for function in functions:
        documentation = function.body[0]
        for statement in function.body:
            if statement is not documentation or ast.get_docstring(function) is None:
                yield from texts_of(statement)


def texts_of(node: ast.AST) -> Iterator[str]:
    """Those that are sentences, or parts of one that vary."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else FILLED for part in node.values]
        text = "".join(map(str, parts))
        if ENGLISH.search(text):
            yield text
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and ENGLISH.search(node.value):
            yield node.value
        return
    for child in ast.iter_child_nodes(node):
        yield from texts_of(child)


def test_every_text_in_the_catalogue_is_said_somewhere() -> None:
    spoken = re.sub(r'"\s*\n\s*f?"', "", SOURCE)
    for key, _ in WAY_PATTERNS:
        pieces = re.split(r"\{\w+\}", DEFAULT.texts[key])
        beginnings = [piece.strip("(), .;:")[:18] for piece in pieces if len(piece) > 10]
        assert (key, []) == (key, [text for text in beginnings if text not in spoken])


@pytest.mark.parametrize(("module", "names"), SPEAKERS, ids=[module.__name__ for module, _ in SPEAKERS])
def test_whatever_is_said_of_a_way_is_said_in_chinese(module: ModuleType, names: tuple[str, ...]) -> None:
    texts = [*said_in(module, names)]
    assert texts
    assert [] == [text for text in texts if ENGLISH.search(way_told(CHINESE, text))]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("priority 3", "优先级 3"),
        ("priority 0, by chance: 50 % of this priority", "优先级 0，随机：占该优先级的 50 %"),
        ("priority -1, by conversation", "优先级 -1，按对话固定"),
        ("disabled: disabled by the operator", "已停用：由管理员停用"),
        ("disabled: every key is disabled", "已停用：所有密钥都已停用"),
        (
            "no key can be used: k1 is disabled: the upstream refused it; k2: SOME_KEY is not set",
            "没有可用的密钥：k1 已停用：上游拒绝了它；k2：没有设置 SOME_KEY",
        ),
        (
            "at its limit of 5 requests per minute, as its upstream told: 12 s left",
            "已达到上限（每分钟 5 个请求，由上游告知）：还剩 12 秒",
        ),
        (
            "its key rests for 300 s more: the account is spent; tried all the same, as no other is left",
            "它的密钥还要暂停 300 秒：上游账户余额已用完；因为没有其他可用的，仍会尝试",
        ),
        (
            "nobody knows whether it calls tools and takes 9000 tokens, so it comes last: priority 0",
            "不清楚它能否调用工具、能否接收 9000 个 Token，所以排在最后：优先级 0",
        ),
        (
            "all of its channels are kept out at the moment (down, rate)",
            "它的所有渠道目前都无法尝试（无应答、限流）",
        ),
        (
            "No available channel for model a under group b: of the models of this route, no channel offers it; "
            "it does not reason.",
            "分组 b 中没有可用于模型 a 的渠道。此路由的模型：没有渠道提供它；它不能推理。",
        ),
        ("the upstream's own words", "the upstream's own words"),
    ],
)
def test_a_text_within_another_is_told_too(text: str, told: str) -> None:
    assert told == way_told(CHINESE, text)
    assert text == way_told(DEFAULT, text)


@pytest.mark.parametrize("ability", needs.NOT)
def test_what_a_model_lacks_is_told(ability: Ability) -> None:
    for text in (needs.NOT[ability], f"nobody knows whether it {needs.NAMES[ability]}"):
        assert not ENGLISH.search(way_told(CHINESE, text)), text


@pytest.mark.parametrize(
    "limit",
    [
        "3 requests at once",
        "60 requests per minute",
        "9 requests per 10 s, as its upstream told",
        "9000 tokens per minute",
        "9000 tokens per 10 s",
        "its budget per day",
        "its budget per 5h",
    ],
)
@pytest.mark.parametrize("seconds", [0.0, 12.0])
def test_the_limit_that_a_channel_is_at_is_told(limit: str, seconds: float) -> None:
    told = way_told(CHINESE, Obstacle("limit", seconds, last_fault=limit).text)
    assert (True, None) == ("已达到上限" in told, ENGLISH.search(told))


@pytest.mark.parametrize("kind", ["cooldown", "probe", "rate_limit", "rest"])
def test_what_keeps_a_channel_out_is_told(kind: Literal["cooldown", "probe", "rate_limit", "rest"]) -> None:
    obstacle = Obstacle(kind, 12.0, 3, "the account is spent")
    if kind == "cooldown":
        obstacle = Obstacle(kind, 12.0, 3, "server")
    told = way_told(CHINESE, obstacle.text)
    assert (True, None, kind != "probe") == (bool(HAN.search(told)), ENGLISH.search(told), "12" in told)


def test_who_waits_behind_others_is_told() -> None:
    assert "其他请求等待它更久" == way_told(CHINESE, route.SPOKEN_FOR)


# Pages


STEPS: list[dict[str, str | int]] = [
    {"model": "big"},
    {"model": "gone"},
    {"model": "poor", "below_budget": 20},
    {"model": "long", "over_tokens": 5000},
    {"model": "marked", "tag": "night"},
    {"model": "night"},
]


async def with_route(visitor: Visitor) -> None:
    """A route over models of one channel, one of which nobody offers, and a token that may use another model only."""
    models = [step["model"] for step in STEPS if step["model"] != "gone"]
    for channel in ({"name": "one", "priority": 2}, {"name": "two", "weight": 3}, {"name": "three"}):
        body = {"provider": "openai", "keys": ["k"], "models": models, **channel}
        await visitor.call("POST", "/channels", body, status=201)
    await visitor.call("POST", "/channels/three/disable")
    later = (int(visitor.clock.wall()) // 3600 + 6) % 24
    steps = [*STEPS[:-1], {"model": "night", "hours": f"{later:02}:00-{later:02}:01@UTC"}]
    await visitor.call("POST", "/routes", {"name": "coding", "steps": steps}, status=201)
    await visitor.call("POST", "/tokens", {"name": "narrow", "models": ["other"]}, status=201)
    await visitor.sign_in()


def ways_in(page: str) -> list[str]:
    """What a page says of each channel and model of a route, without the first line, which has their names."""
    (ways,) = re.findall(r'<ol class="ways".*?</ol>', page, re.DOTALL)
    return [html.unescape(text) for text in re.findall(r'<span class="muted">(.*?)</span>', ways)]


def refused_in(page: str) -> str:
    """What a page says a client would be told instead of an answer."""
    (refused,) = re.findall(r'id="refused"[^>]*>(.*?)</p>', page, re.DOTALL)
    return html.unescape(refused)


def test_a_chinese_reader_is_told_in_chinese_why_a_route_goes_as_it_does(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await with_route(visitor)
        ways = ways_in(await visitor.page("/console/routes/named/coding", accept_language="zh"))
        assert ["优先级 2", "优先级 0", "已停用：由管理员停用"] == ways[:3]
        assert ["跳过： 没有渠道提供它", True] == [ways[3], all(HAN.search(text) for text in ways)]
        assert (8, []) == (len(ways), [text for text in ways if ENGLISH.search(text)])

    at_console(tmp_path, story)


def test_the_list_of_routes_says_which_no_model_of_answers(tmp_path: Path) -> None:
    """Whatever a single request would be refused for."""

    async def story(visitor: Visitor) -> None:
        await with_route(visitor)
        await visitor.sign_in()
        assert "No model answers now" not in await visitor.page("/console/routes")
        for channel in visitor.gateway.registry.channels.all:
            await visitor.gateway.registry.channels.disable(channel.id, "by a test")
        assert 1 == (await visitor.page("/console/routes")).count("No model answers now")

    at_console(tmp_path, story)


def test_an_english_reader_is_told_what_the_api_tells(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await with_route(visitor)
        told = await visitor.call("GET", "/route?model=coding")
        wanted = [way["why"] for way in told["channels"]]
        wanted += [f"Passed over: {passed['why']}" for passed in told["passed"]]
        assert wanted == ways_in(await visitor.page("/console/routes/named/coding"))

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("token", "refused"),
    [("narrow", "此令牌不能使用模型 coding。"), ("nobody", "没有令牌 'nobody'。"), ("", "")],
)
def test_a_route_is_explained_for_the_token_that_is_asked_for(tmp_path: Path, token: str, refused: str) -> None:
    async def story(visitor: Visitor) -> None:
        await with_route(visitor)
        page = await visitor.page(f"/console/routes/named/coding?token={token}", accept_language="zh")
        assert (refused, bool(refused)) == (refused_in(page), not ways_in(page))
        assert ("<option selected>narrow</option>" in page) == (token == "narrow")

    at_console(tmp_path, story)


def test_a_request_says_in_the_readers_language_what_was_passed_over(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        passed = (
            PassedOver("big", "no channel offers it"),
            PassedOver("", "at its limit of 3 requests at once", "one"),
        )
        started = int(visitor.clock.wall() * 1000)
        await Journal(visitor.gateway.database).settle(record("0123456789abcdef", started_ms=started, passed=passed))
        await visitor.sign_in()
        page = await visitor.page("/console/requests/0123456789abcdef", accept_language="zh")
        assert (True, True) == ("big: 没有渠道提供它" in page, "已达到上限（同时 3 个请求）" in page)

    at_console(tmp_path, story)


def test_the_fault_that_a_channel_cools_down_after_is_said_in_words_in_english_too() -> None:
    said = "cooling down for 30 s after 5 faults in a row (nonsense)"
    assert said.replace("nonsense", "unreadable answer") == way_told(DEFAULT, said)
    assert "no key can be used: k1 is disabled: spent" == way_told(DEFAULT, "no key can be used: k1 is disabled: spent")
