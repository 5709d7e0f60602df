"""Channels that are not reached, keys that are not taken, clocks that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.web.doctor import upstreams
from tests.support.upstream.answers import error_answer, json_answer, models_list
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Step
from tests.web.admin.desk import Desk, at_desk
from tests.web.doctor.patient import codes

GOOD, BAD = "sk-good-0123456789", "sk-wrong-0123456789"


def judging(request: Request) -> list[Step]:
    """An upstream that takes one key."""
    if request.header("authorization") == f"Bearer {GOOD}":
        return models_list("m")
    return error_answer(401, "no such key")


@pytest.fixture
def judge() -> Iterator[Upstream]:
    with Upstream(judging) as upstream:
        yield upstream


async def add(desk: Desk, name: str, url: str, keys: list[str], **more: Any) -> None:
    body = {"name": name, "provider": "openai", "base_url": url, "models": ["m"], "keys": keys, **more}
    await desk.call("POST", "/channels", body, status=201)


def test_a_channel_whose_keys_are_taken_is_well_and_no_model_is_asked(tmp_path: Path, judge: Upstream) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {"name": "d", "provider": "demo", "models": ["demo"]}, status=201)
        await add(desk, "good", judge.url, [GOOD])
        judge.requests.clear()
        assert [] == await upstreams.channels(desk.gateway)

    at_desk(tmp_path, story)
    assert [("GET", "/v1/models")] == [(request.method, request.path) for request in judge.requests]


def test_the_one_key_of_several_that_is_refused_is_named_by_its_end_alone(tmp_path: Path, judge: Upstream) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "two", judge.url, [GOOD, BAD])
        (finding,) = await upstreams.channels(desk.gateway)
        assert ("key_refused", "error", "…6789") == (finding.code, finding.severity, finding.facts["key"])
        assert BAD not in str(finding)

    at_desk(tmp_path, story)


def test_a_channel_that_nobody_answers_for_is_found(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "down", "http://127.0.0.1:9/v1", [GOOD])
        assert [("channel_unreached", "error")] == codes(await upstreams.channels(desk.gateway))
        await desk.call("POST", "/channels/down/disable")
        assert [] == await upstreams.channels(desk.gateway)

    at_desk(tmp_path, story)


def test_a_key_whose_variable_is_not_set_is_found(tmp_path: Path, judge: Upstream) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "unset", judge.url, ["env:NOT_SET"])
        (finding,) = await upstreams.channels(desk.gateway)
        assert ("key_missing", "env:NOT_SET") == (finding.code, finding.facts["key"])

    at_desk(tmp_path, story)


def test_an_upstream_without_a_list_whose_models_are_named_is_well(tmp_path: Path) -> None:
    with Upstream(lambda _: error_answer(404, "no such path")) as upstream:

        async def story(desk: Desk) -> None:
            await add(desk, "named", upstream.url, [GOOD])
            assert [] == await upstreams.channels(desk.gateway)

        at_desk(tmp_path, story)


@pytest.mark.parametrize(("lead", "expected"), [(0, []), (5, []), (3600, ["clock_wrong"]), (-3600, ["clock_wrong"])])
def test_a_clock_that_is_far_from_upstreams_is_found(tmp_path: Path, lead: int, expected: list[str]) -> None:
    async def story(desk: Desk) -> None:
        date = formatdate(desk.gateway.clock.wall() - lead, usegmt=True)
        upstream.default = lambda _: json_answer(404, {}, (("date", date),))
        await add(desk, "timed", upstream.url, [GOOD])
        assert expected == [finding.code for finding in await upstreams.clock(desk.gateway)]

    with Upstream() as upstream:
        at_desk(tmp_path, story)
    assert [None] == [request.header("authorization") for request in upstream.requests[-1:]]


def test_an_upstream_that_says_no_time_is_no_fault(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await add(desk, "down", "http://127.0.0.1:9/v1", [GOOD])
        assert [] == await upstreams.clock(desk.gateway)

    at_desk(tmp_path, story)
