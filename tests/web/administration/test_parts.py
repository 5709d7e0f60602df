"""The admin API is made part by part: each for the paths that begin alike, and only when somebody asks for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import httpx
from litestar import get

from aihub_lite.web.administration.later import MadeLater, Paths
from aihub_lite.web.administration.rooms import parts_of
from aihub_lite.web.framework import PathRouter
from tests.web.admin.desk import Desk, at_desk, surfaces_of


def router(*paths: str) -> PathRouter:
    @get([*paths])
    async def answer() -> None: ...

    return PathRouter("/", route_handlers=[answer])


async def administration_of(desk: Desk) -> Paths:
    transport = cast("httpx.ASGITransport", desk.http._transport)
    administration = (await surfaces_of(cast("Any", transport.app))).otherwise
    assert isinstance(administration, MadeLater)
    rooms = await administration.made()
    assert isinstance(rooms, Paths)
    return rooms


def is_made(app: object) -> bool:
    return isinstance(app, MadeLater) and app._app is not None


def test_routers_whose_paths_begin_alike_are_one_part() -> None:
    first, second, third, fourth = router("/a", "/a/b"), router("/b"), router("/c", "/b/{x:str}"), router("/d")
    parts = [(sorted(names), routers) for names, routers in parts_of([first, second, third, fourth])]
    assert [(["a"], [first]), (["b", "c"], [second, third]), (["d"], [fourth])] == parts


def test_a_router_joins_parts_that_were_apart() -> None:
    first, second, third = router("/a"), router("/b"), router("/b", "/a")
    assert [(frozenset({"a", "b"}), [first, second, third])] == parts_of([first, second, third])


def test_whoever_asks_for_one_part_waits_for_that_alone(tmp_path: Path) -> None:
    """A list of tokens after a start waited until every path of the admin API was made."""

    async def story(desk: Desk) -> None:
        rooms = await administration_of(desk)
        await desk.call("GET", "/tokens")
        made = {path for path in rooms.mounted if is_made(rooms.endpoints[path])}
        assert {"/api/admin/tokens"} == made

    at_desk(tmp_path, story)


def test_the_longest_path_that_somebody_answers_for_is_theirs() -> None:
    outer, inner, rest = (cast("Any", name) for name in ("outer", "inner", "rest"))
    paths = Paths({"/a": outer, "/a/b": inner, "/c": rest}, frozenset({"/a", "/a/b"}), rest)
    found = [paths.answering(path) for path in ("/a", "/a/x", "/a/b", "/a/b/c/d", "/a/bc", "/ab", "/c/d", "")]
    assert [outer, outer, inner, inner, outer, rest, rest, rest] == found
