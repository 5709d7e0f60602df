"""A pot that many people's requests want at once, through the whole line."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.people.person import Team
from aihub_lite.domain.pots.budget import PotKey
from tests.support.inprocess import AT_REST, House, healthy, open_house

pytestmark = pytest.mark.attack("T-44")

AT_ONCE = 200
ENOUGH_FOR = 10
ROUNDS = pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.slow)])
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


async def team_of_three(house: House, name: str) -> tuple[Team, list[str]]:
    """A team, and the keys of ten tokens of its three people."""
    people = house.gateway.people
    team = await people.create_team(name)
    members = [
        await people.create_person(f"{name} {number}", lambda person: attrs.evolve(person, team_id=team.id))
        for number in range(3)
    ]
    keys = []
    for number in range(10):
        member = members[number % 3]
        _, key = await house.add_token(person_id=member.id, team_id=team.id)
        keys.append(key)
    return team, keys


async def hold_of_one(house: House, key: str, **fields: Any) -> int:
    """What one request sets aside, in nano-USD."""
    gate = asyncio.Event()
    house.upstream.default = lambda request: [gate, *healthy(request)]
    call = house.ask(key, **fields)
    await call.until(lambda: house.gateway.ledger.held)
    held = house.gateway.ledger.held
    gate.set()
    await call.served()
    return held


async def race(house: House, keys: list[str], **fields: Any) -> Counter[int]:
    """Statuses of requests that all run at once: no answer comes before every refusal is out."""
    gate = asyncio.Event()
    house.upstream.default = lambda request: [gate, *healthy(request)]
    calls = [house.ask(keys[number % len(keys)], **fields) for number in range(AT_ONCE)]
    await calls[0].until(lambda: sum(call.complete for call in calls) >= AT_ONCE - ENOUGH_FOR)
    gate.set()
    await asyncio.gather(*(call.served() for call in calls))
    return Counter(call.status for call in calls)


@STREAMED
@ROUNDS
@pytest.mark.parametrize("limit", ["budget", "credit", "family"])
def test_a_team_for_ten_lets_exactly_ten_of_200_pass_over_ten_tokens_of_three_people(
    tmp_path: Path, limit: str, rounds: int, stream: bool
) -> None:
    async def story() -> None:
        async with open_house(tmp_path, rpm=0) as house:
            await house.add_channel()
            _, own = await house.add_token()
            enough = await hold_of_one(house, own, stream=stream) * ENOUGH_FOR
            for number in range(rounds):
                team, keys = await team_of_three(house, f"team{number}")
                key = PotKey("team", team.id)
                if limit == "credit":
                    await house.gateway.credits.add(key, enough, "", "admin key")
                else:
                    scope = {"budget": "", "family": "mod*="}[limit]
                    await house.gateway.pots.set_budgets(key, [f"{scope}{enough / 10**9:.9f}/month"])
                statuses = await race(house, keys, stream=stream)
                assert {200: ENOUGH_FOR, 402: AT_ONCE - ENOUGH_FOR} == statuses
                assert AT_REST == await house.at_rest()
                (booked,) = await house.gateway.database.read(
                    "SELECT sum(charge_nano) FROM usage_records WHERE team_id = ?", (team.id,)
                )
                pot = house.gateway.ledger.pots[key]
                assert (booked[0], 0) == (pot.spent, pot.held)

    asyncio.run(story())


def test_a_refusal_is_402_and_names_the_pot(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path) as house:
            await house.add_channel()
            team, keys = await team_of_three(house, "research")
            await house.gateway.pots.set_budgets(PotKey("team", team.id), ["0.000001/day"])
            call = await house.ask(keys[0]).served()
            assert (402, "insufficient_user_quota") == (call.status, call.code)
            assert "false" == call.answer_headers["x-should-retry"]
            text = call.json()["error"]["message"]
            assert "more than is left of the budget per day of team research. It refills at " in text

    asyncio.run(story())


def test_an_unpriced_model_is_refused_to_whom_a_pot_limits(tmp_path: Path) -> None:
    """What costs nothing would never empty the team's budget."""

    async def story() -> None:
        async with open_house(tmp_path) as house:
            await house.add_channel("free", price=None, provider="siliconflow")
            team, keys = await team_of_three(house, "research")
            free = await house.ask(keys[0], model="free").served()
            await house.gateway.pots.set_budgets(PotKey("team", team.id), ["5/day"])
            call = await house.ask(keys[0], model="free").served()
            assert (200, 403, "model_unpriced") == (free.status, call.status, call.code)

    asyncio.run(story())
