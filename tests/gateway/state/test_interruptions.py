"""A request is ended at every await it has, in every way there is; whatever it held must be given back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.asgi import Call, post
from tests.support.inprocess import AT_REST, CHAT, House, Part, chat_request, open_house, streamed, whole
from tests.support.upstream.answers import USAGE
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.stepping import Striker

Answers = Callable[[], list[tuple[int, Iterable[Part]]]]
Blow = Callable[[House, Call], None]

UNKNOWN_THERE: tuple[int, list[Part]] = (404, [b'{"error": {"code": "model_not_found", "message": "no such model"}}'])
SCENARIOS: dict[str, tuple[bool, Answers]] = {
    "stream": (True, lambda: [(200, streamed("a", "b", usage=USAGE))]),
    "stream without usage": (True, lambda: [(200, streamed("a", "b", done=False))]),
    "stream that breaks off": (True, lambda: [(200, [*streamed("a", "b")[:2], OSError()])]),
    "stream after a failover": (True, lambda: [UNKNOWN_THERE, (200, streamed("a"))]),
    "whole": (False, lambda: [(200, whole(usage=USAGE))]),
    "whole after a failover": (False, lambda: [UNKNOWN_THERE, (200, whole())]),
    "nobody has the model": (False, lambda: [UNKNOWN_THERE, UNKNOWN_THERE]),
}


def cancel(_: House, call: Call) -> None:
    assert call.task is not None
    call.task.cancel()


def cancel_twice(house: House, call: Call) -> None:
    cancel(house, call)
    asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, cancel, house, call)


def leave(_: House, call: Call) -> None:
    call.leave()


def stop(house: House, _: Call) -> None:
    for flight in tuple(house.gateway.flights.open.values()):
        flight.cut("stopped")


def leave_and_cancel(house: House, call: Call) -> None:
    leave(house, call)
    cancel(house, call)


def stop_and_cancel(house: House, call: Call) -> None:
    stop(house, call)
    cancel(house, call)


BLOWS: tuple[Blow, ...] = (cancel, cancel_twice, leave, stop, leave_and_cancel, stop_and_cancel)
CANCELLING = (cancel, cancel_twice, leave_and_cancel, stop_and_cancel)
SETTINGS: dict[str, Any] = {"abort_grace": 0.001, "usage_grace": 0.001, "rpm": 0, "fault_threshold": 10**6}


async def interrupted(house: House, key: str, scenario: str, at: int, blow: Blow, *, late: bool) -> tuple[bool, Call]:
    """One request, struck at its wait number `at`; whether it waited that often, and the call."""
    stream, answers = SCENARIOS[scenario]
    house.upstream.queue[:] = answers()
    call = post(CHAT, key, chat_request(stream=stream))
    striker = Striker(at, lambda: blow(house, call), late)
    call.task = asyncio.create_task(striker.run(house.app(call.scope, call.receive, call.send)))  # type: ignore[arg-type]
    await asyncio.wait({call.task}, timeout=5)
    assert call.task.done(), f"still running after a blow at wait {at}"
    return striker.struck, call


async def sweep(house: House, key: str, scenario: str, blow: Blow, *, late: bool) -> list[str]:
    """Strike at every wait in turn; what was left behind by which."""
    leftovers: list[str] = []
    for at in count(1):
        where = f"{blow.__name__}{' late' if late else ''} at wait {at}"
        struck, call = await interrupted(house, key, scenario, at, blow, late=late)
        state = await house.at_rest()
        leftovers += [f"{where}: {name} {value}" for name, value in state.items() if value != AT_REST[name]]
        leftovers += [f"{where}: {violation}" for violation in call.violations]
        leftovers += [f"{where}: {fault}" for fault in ended_badly(call, blow)]
        if not struck:
            assert at > 3
            return leftovers
    raise AssertionError


def ended_badly(call: Call, blow: Blow) -> list[str]:
    """A cancellation that was swallowed, or an error that nobody foresaw."""
    assert call.task is not None
    if call.task.cancelled():
        return []
    if call.task.exception() is not None:
        return [repr(call.task.exception())]
    return ["cancellation swallowed"] if blow in CANCELLING and not call.complete else []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_interruption_at_any_wait_leaves_nothing_behind(tmp_path: Path, scenario: str) -> None:
    async def story() -> list[str]:
        async with open_house(tmp_path, **SETTINGS) as house:
            await house.add_channel()
            await house.add_channel()
            _, key = await house.add_token(concurrency=1, tpm=10**9)
            blows = [(blow, late) for blow in BLOWS for late in (False, True)]
            return [left for blow, late in blows for left in await sweep(house, key, scenario, blow, late=late)]

    assert [] == asyncio.run(story())


def test_an_interruption_over_a_real_connection_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story(upstream: Upstream) -> list[str]:
        async with open_house(tmp_path, **SETTINGS) as house:
            await house.add_channel(base_url=upstream.url)
            _, key = await house.add_token(concurrency=1)
            return [left for blow in (cancel, stop) for left in await sweep(house, key, "stream", blow, late=False)]

    with Upstream() as upstream:
        assert [] == asyncio.run(story(upstream))


def test_a_stream_that_is_cancelled_twice_is_charged_by_estimate(tmp_path: Path) -> None:
    async def story() -> list[str]:
        async with open_house(tmp_path, **SETTINGS) as house:
            await house.add_channel()
            _, key = await house.add_token()
            house.upstream.slow_close = True
            house.upstream.queue.append((200, [*streamed("hello")[:2], asyncio.Event()]))
            call = house.ask(key, stream=True)
            await call.until(lambda: call.content)
            assert call.task is not None
            call.task.cancel()
            await asyncio.sleep(0)  # it is closing the upstream now
            call.task.cancel()
            await asyncio.wait({call.task})
            return [row["usage_source"] for row in await house.records()]

    assert ["estimated"] == asyncio.run(story())


def test_keep_alives_and_content_never_get_into_each_others_way(tmp_path: Path) -> None:
    async def story() -> list[object]:
        async with open_house(tmp_path, keepalive_after=0.001, keepalive_event_after=0.002, rpm=0) as house:
            await house.add_channel()
            _, key = await house.add_token()
            for _ in range(60):
                parts = [part for piece in streamed("a", "b", "c", usage=USAGE) for part in (piece, 0.0015)]
                house.upstream.queue.append((200, parts))
            calls = [house.ask(key, stream=True) for _ in range(60)]
            await asyncio.gather(*(call.served() for call in calls))
            async with asyncio.timeout(5):
                while house.gateway.keepalive._beats:
                    await asyncio.sleep(0)
            assert any(b": keep-alive" in call.content for call in calls)
            assert {1} == {len({each["id"] for each in call.events()[:-1]}) for call in calls}
            assert AT_REST == await house.at_rest()
            return [(call.violations, call.events()[-1]) for call in calls if call.violations or not call.complete]

    assert [] == asyncio.run(story())
