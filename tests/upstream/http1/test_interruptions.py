"""A cancel at every single wait of a request, and just after what was waited for is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from aihub_lite.upstream.http1.client import HttpClient
from tests.support.upstream.answers import SSE_HEAD, chunked, json_answer, sse
from tests.support.upstream.scripted import Answerer, Upstream
from tests.support.upstream.stepping import Striker
from tests.support.upstream.steps import Close, Send
from tests.upstream.http1.asking import Loop, both_loops, fetch, run, seen

LONG = b"x" * 2**22
SCENARIOS: dict[str, tuple[bytes, Callable[[], list[Answerer]]]] = {
    "an answer in one piece": (b"{}", lambda: [json_answer(200, {})]),
    "an answer in many": (b"{}", lambda: [sse(*[b"data: 1\n\n"] * 4)]),
    "a long request": (LONG, lambda: [json_answer(200, {})]),
    "a large answer": (b"{}", lambda: [[Send(SSE_HEAD + chunked(LONG)), Send(b"0\r\n\r\n")]]),
    "an idle connection that is dead": (b"{}", lambda: [[Close()], json_answer(200, {})]),
    "an answer that breaks off": (b"{}", lambda: [[Send(SSE_HEAD + chunked(b"data: 1\n\n")), Close()]]),
}


@both_loops
@pytest.mark.attack("T-26")
@pytest.mark.parametrize("late", [False, True], ids=["while it waits", "as it goes on"])
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
@pytest.mark.parametrize(("body", "answers"), SCENARIOS.values(), ids=SCENARIOS)
def test_a_cancel_at_any_wait_leaves_nothing_open_but_what_is_idle(
    loop: Loop, body: bytes, answers: Callable[[], list[Answerer]], kept: bool, late: bool
) -> None:
    async def struck(client: HttpClient, at: int) -> bool:
        if kept:
            await fetch(client, upstream.url)

        def strike() -> None:
            task.cancel()

        upstream.enqueue(*answers())
        striker = Striker(at, strike, late)
        task = asyncio.create_task(striker.run(ignoring(client)))
        await asyncio.gather(task, return_exceptions=True)
        await seen(upstream, lambda: upstream.open_connections <= client.size, "the closes")
        assert 0 == client.busy
        upstream.forget_queue()
        return striker.struck

    async def ignoring(client: HttpClient) -> None:
        await fetch(client, upstream.url, body)

    async def steps(client: HttpClient) -> None:
        at = 1
        while await struck(client, at):
            at += 1
        assert at > 1
        assert b"{}" == await fetch(client, upstream.url)

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)


@both_loops
def test_a_cancel_after_the_answer_has_come_whole_leaves_the_connection_to_others(loop: Loop) -> None:
    """It may carry the request of somebody else by then."""

    async def steps(client: HttpClient) -> None:
        async def asking() -> None:
            await fetch(client, upstream.url)

        def strike() -> None:
            task.cancel()

        await asking()
        striker = Striker(1, strike, late=True)
        task = asyncio.create_task(striker.run(asking()))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert striker.struck
        await asking()

    with Upstream(json_answer(200, {})) as upstream:
        run(loop, steps)
        assert [0, 0, 0] == [request.connection for request in upstream.requests]
