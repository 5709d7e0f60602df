"""A token that the gateway pauses by itself is told of once a pause, and one that is paused by hand is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from aihub_lite.domain.safety.runaway import Runaway
from tests.gateway.alerts.watched import PUBLIC_URL, Watched, receiver, titles, watched
from tests.support.upstream.scripted import Upstream

FAST = Runaway("spend", 12 * 10**9, 10**9, 12 * 10**9)
TOLD = "Token bob is paused for safety: $12.00 within 1 h, usually $1.00 at most"


def play(directory: Path, story: Callable[[Watched, Upstream], Awaitable[None]]) -> None:
    async def played() -> None:
        with receiver() as upstream:
            async with watched(directory) as room:
                await room.to(upstream)
                await story(room, upstream)

    asyncio.run(played())


def test_it_is_told_once_with_what_to_do_and_a_link(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        token = await room.token(0.0)
        await room.gateway.pauses.pause("token", token.id, FAST, int(room.clock.wall() * 1000))
        for _ in range(3):
            await room.look()
        assert [[TOLD]] == titles(upstream.requests)
        (alert,) = upstream.requests[0].json()["alerts"]
        assert f"{PUBLIC_URL}/console/tokens/{token.id}" == alert["link"]
        assert ("runaway", "runaway", True) == (alert["event"], alert["topic"], alert["critical"])
        assert f"aihub-lite token resume {token.id}" in alert["text"]

    play(tmp_path, story)


def test_another_pause_of_the_same_token_is_news(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        token = await room.token(0.0)
        pauses = room.gateway.pauses
        for _ in range(2):
            await pauses.pause("token", token.id, FAST, int(room.clock.wall() * 1000))
            await room.look()
            await pauses.resume(token)
            await room.look()
            room.clock.advance(60)
        assert [[TOLD], [TOLD]] == titles(upstream.requests)

    play(tmp_path, story)


def test_what_somebody_paused_by_hand_is_no_alert(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        await room.gateway.pauses.pause_by_hand(await room.token(0.0))
        await room.look()
        assert [] == upstream.requests

    play(tmp_path, story)


def test_of_a_person_it_is_told_with_all_of_their_tokens(tmp_path: Path) -> None:
    async def story(room: Watched, upstream: Upstream) -> None:
        ada = await room.gateway.people.create_person("Ada")
        assert await room.gateway.pauses.pause("person", ada.id, FAST, int(room.clock.wall() * 1000))
        for _ in range(3):
            await room.look()
        title = "Ada, with all of their tokens, is paused for safety: $12.00 within 1 h, usually $1.00 at most"
        assert [[title]] == titles(upstream.requests)
        (alert,) = upstream.requests[0].json()["alerts"]
        assert f"{PUBLIC_URL}/console/people/{ada.id}" == alert["link"]
        assert ("runaway", True) == (alert["topic"], alert["critical"])
        assert f"aihub-lite person resume {ada.id}" in alert["text"]

    play(tmp_path, story)
