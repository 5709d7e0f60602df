"""What is paused for safety is refused for good, on every surface, until somebody resumes it, and over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.token import Token
from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.gateway.upkeep.explain import explain
from aihub_lite.storage.people.audit import AuditFilter, AuditLog
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.storage.safety.pauses import StoredPauses
from aihub_lite.web.app import create_app
from tests.support.asgi import Call, post
from tests.support.inprocess import AT_REST, CHAT, MODEL, House, chat_request, open_house, streamed
from tests.support.storage import refusing
from tests.support.upstream.answers import USAGE

USD = 10**9
FAST = Runaway("spend", 12 * USD, USD, 12 * USD)
NOW_MS = 1_800_000_000_000
SURFACES = (
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/responses",
    "/v1/responses/compact",
    *(f"/v1{surface.path}" for surface in PASSED),
)
"""Every path but chat that a client may spend money on, or counts tokens for it."""
FINAL = (402, "paused_for_safety", "false", False)


def play(directory: Path, story: Callable[[House], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        async with open_house(directory, create_app, **settings) as house:
            await story(house)

    asyncio.run(run())


async def asked(house: House, path: str, key: str, **fields: Any) -> Call:
    return await post(path, key, {**chat_request(), **fields}).start(house.app).served()


def refusal(call: Call) -> tuple[int, object, str | None, bool]:
    """What decides whether a client tries again."""
    return call.status, call.code, call.answer_headers.get("x-should-retry"), "retry-after" in call.answer_headers


async def paused_token(house: House, **fields: Any) -> tuple[Token, str]:
    """One that the gateway has paused for what it spent, and its key."""
    token, key = await house.add_token(**fields)
    assert await house.gateway.pauses.pause("token", token.id, FAST, NOW_MS)
    return token, key


@pytest.mark.parametrize("path", [CHAT, *SURFACES])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_no_surface_serves_a_token_that_is_paused(tmp_path: Path, path: str, stream: bool) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        _, key = await paused_token(house)
        call = await asked(house, path, key, stream=stream)
        assert (FINAL, []) == (refusal(call), house.upstream.requests)

    play(tmp_path, story)


def test_the_refusal_comes_in_the_shape_of_its_surface(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        _, key = await paused_token(house)
        chat = (await asked(house, CHAT, key)).json()
        messages = (await asked(house, "/v1/messages", key)).json()
        assert {"error"} == set(chat)
        assert {"code", "message", "type", "param"} == set(chat["error"])
        assert ("error", "billing_error") == (messages["type"], messages["error"]["type"])

    play(tmp_path, story)


def test_the_refusal_says_what_happened_and_who_can_resume(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, key = await paused_token(house)
        message = (await asked(house, CHAT, key)).json()["error"]["message"]
        assert "it spent $12.00 within 1 h, usually $1.00 at most" in message
        who = "An admin of this gateway can resume it, at the console or with"
        assert f"{who}: aihub-lite token resume {token.name}" in message

    play(tmp_path, story)


@pytest.mark.parametrize("agent", ["OpenAI/Python 1.0", "aider/0.86"])
def test_clients_that_read_the_text_find_there_what_is_final_for_them(tmp_path: Path, agent: str) -> None:
    """aider asks eight times where a 402 does not speak of insufficient credits, and of its own code."""

    async def story(house: House) -> None:
        _, key = await paused_token(house)
        call = await post(CHAT, key, chat_request(), [("user-agent", agent)]).start(house.app).served()
        message = call.json()["error"]["message"]
        assert (True, True) == ("insufficient credits" in message, '("code":402)' in message)

    play(tmp_path, story)


def test_what_costs_nothing_is_answered_still(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        _, key = await paused_token(house)
        assert [200, 200] == [(await house.get(path, key)).status for path in ("/v1/models", "/v1/key")]

    play(tmp_path, story)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_request_under_way_goes_on_and_is_settled(tmp_path: Path, stream: bool) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        token, key = await house.add_token()
        gate = asyncio.Event()
        if stream:
            house.upstream.queue.append((200, [gate, *streamed("hello", usage=USAGE)]))
        else:
            house.upstream.queue.append((200, [gate, *house.upstream.default({})]))
        call = house.ask(key, stream=stream)
        await call.until(lambda: house.upstream.requests)
        await house.gateway.pauses.pause("token", token.id, FAST, NOW_MS)
        gate.set()
        await call.served()
        assert (200, True, ["ok"]) == (call.status, call.complete, [row["outcome"] for row in await house.records()])
        assert (402, AT_REST) == ((await house.ask(key).served()).status, await house.at_rest())

    async def run() -> None:
        async with open_house(tmp_path) as house:
            await story(house)

    asyncio.run(run())


def test_a_pause_holds_over_a_restart(tmp_path: Path) -> None:
    keys: list[str] = []

    async def before(house: House) -> None:
        keys.append((await paused_token(house))[1])

    async def after(house: House) -> None:
        call = await asked(house, CHAT, keys[0])
        assert FINAL == refusal(call)
        assert "it spent $12.00 within 1 h" in call.json()["error"]["message"]

    play(tmp_path, before)
    play(tmp_path, after)


def test_a_pause_holds_before_its_call_first_waits(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, _ = await house.add_token()
        pausing = house.gateway.pauses.pause("token", token.id, FAST, NOW_MS)
        pausing.send(None)  # up to where it waits for the disk
        assert house.gateway.pauses.refusal_of(token) is not None
        pausing.close()

    play(tmp_path, story)


def test_who_is_paused_already_is_not_paused_again(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, _ = await paused_token(house)
        pauses = house.gateway.pauses
        repeated = await pauses.pause("token", token.id, Runaway("repeated", 40, 0, 0), NOW_MS)
        assert (False, "spend") == (repeated, pauses.all[0].kind)
        assert not await pauses.pause("token", "tok_gone", FAST, NOW_MS)

    play(tmp_path, story)


def test_what_the_disk_refuses_holds_and_is_written_later(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, _ = await house.add_token()
        database = house.gateway.database
        async with refusing(database):
            assert await house.gateway.pauses.pause("token", token.id, FAST, NOW_MS)
            assert house.gateway.pauses.refusal_of(token) is not None
        assert [] == await StoredPauses(database).load()
        await house.gateway.pauses.flush()
        assert [token.id] == [pause.id for pause in await StoredPauses(database).load()]

    play(tmp_path, story)


def test_a_resumed_token_is_served_and_stays_so(tmp_path: Path) -> None:
    freed: list[Token | Person] = []

    async def story(house: House) -> None:
        await house.add_channel()
        token, key = await paused_token(house)
        house.gateway.pauses.on_resume.append(freed.append)
        await house.gateway.pauses.resume(token)
        assert (200, [token]) == ((await asked(house, CHAT, key)).status, freed)
        assert [] == await StoredPauses(house.gateway.database).load()

    play(tmp_path, story)


def test_a_paused_persons_tokens_are_refused_and_no_others(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        person = await house.gateway.people.create_person("Ada")
        token, theirs = await house.add_token(person_id=person.id)
        _, other = await house.add_token()
        pauses = house.gateway.pauses
        await pauses.pause_by_hand(person)
        assert [402, 200] == [(await asked(house, CHAT, key)).status for key in (theirs, other)]
        await pauses.resume(token)
        assert 402 == (await asked(house, CHAT, theirs)).status
        await pauses.resume(person)
        assert 200 == (await asked(house, CHAT, theirs)).status

    play(tmp_path, story)


def test_nothing_is_left_of_the_pause_of_what_is_deleted(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        gateway = house.gateway
        token, _ = await paused_token(house)
        person = await gateway.people.create_person("Ada")
        theirs, _ = await paused_token(house, person_id=person.id)
        await gateway.pauses.pause_by_hand(person)
        await gateway.registry.tokens.delete(token.id)
        await gateway.people.delete_person(person.id)
        assert ([], []) == (gateway.pauses.all, await StoredPauses(gateway.database).load())
        assert theirs.person_id == person.id

    play(tmp_path, story)


def test_refused_calls_are_listed_with_their_reason(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, key = await paused_token(house)
        for _ in range(3):
            await asked(house, CHAT, key)
        await house.gateway.refusals.flush()
        ((_, row),) = await Refusals(house.gateway.database).page(RecordFilter())
        assert (token.id, 3, 402, "paused_for_safety") == (row.token_id, row.times, row.status, row.error_code)
        assert "it spent $12.00 within 1 h" in row.error_text

    play(tmp_path, story)


def test_the_gateway_tells_the_audit_log_what_it_paused(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        token, _ = await paused_token(house)
        (_, entry), *_ = await AuditLog(house.gateway.database).page(AuditFilter(), limit=1)
        assert ("gateway", "gateway", "pause_token") == (entry.via, entry.by, entry.action)
        assert ("token", token.id, token.name) == (entry.change.kind, entry.change.id, entry.change.name)
        assert {"paused": (None, "it spent $12.00 within 1 h, usually $1.00 at most")} == {
            name: tuple(values) for name, values in entry.change.fields.items()
        }

    play(tmp_path, story)


def test_a_paused_token_has_no_request_of_its_minute_counted(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        token, key = await paused_token(house, rpm=1)
        for _ in range(3):
            await asked(house, CHAT, key)
        await house.gateway.pauses.resume(token)
        assert 200 == (await asked(house, CHAT, key)).status

    play(tmp_path, story)


def test_route_explain_says_that_the_token_is_paused(tmp_path: Path) -> None:
    async def story(house: House) -> None:
        await house.add_channel()
        token, _ = await paused_token(house)
        refused = explain(house.gateway, MODEL, token).refusal
        assert refused is not None
        assert "paused_for_safety" == refused.code
        assert explain(house.gateway, MODEL, attrs.evolve(token, id="tok_other")).refusal is None

    play(tmp_path, story)
