"""A gateway that is killed with requests of a team under way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.pots.budget import GATEWAY, PotKey
from aihub_lite.gateway.core import open_gateway
from tests.support.gateway import eventually, serving
from tests.support.process import SCALED, Home
from tests.support.upstream.answers import chat_answer
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang


async def share(directory: Path) -> str:
    """A person of a team, with budgets on every pot; returns their token's key."""
    async with open_gateway(Settings(data_dir=directory), {}) as gateway:
        team = await gateway.people.create_team("research")
        ada = await gateway.people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))
        _, key = await gateway.registry.tokens.create(
            "ada", lambda token: attrs.evolve(token, person_id=ada.id, team_id=team.id)
        )
        for pot in (PotKey("team", team.id), PotKey("person", ada.id), GATEWAY):
            await gateway.pots.set_budgets(pot, ["100/30d", "gpt*=50/day", "m*=50/month"])
        await gateway.credits.add(PotKey("person", ada.id), 10 * 10**9, "", "admin key")
        return key


async def pots(directory: Path) -> list[tuple[str, int, list[int], int]]:
    """Each pot: what it spent in all, in each budget's window, and what it holds."""
    async with open_gateway(Settings(data_dir=directory), {}) as gateway:
        return [
            (pot.key.kind, pot.spent, [tally.windows.spent for tally in pot.tallies], pot.held)
            for pot in gateway.ledger.pots.values()
        ]


def test_what_a_kill_left_on_hold_is_booked_to_every_pot_at_the_next_start(tmp_path: Path) -> None:
    home = Home(tmp_path / "data", SCALED)
    home.directory.mkdir()
    key = asyncio.run(share(home.directory))
    with Upstream([*chat_answer()]) as upstream, serving(home) as gateway:
        model = gateway.add_channel(upstream.url, "model-1")
        gateway.set_price(model)
        assert 200 == gateway.chat(model, key=key).status
        upstream.default = [Hang()]
        with gateway.asking(model, key=key), gateway.asking(model, key=key, stream=True):
            upstream.wait_requests(3)
            eventually(lambda: 2 == len(gateway.books.holds()), lambda: "two holds are on the disk")
            gateway.process.kill()
    after = asyncio.run(pots(home.directory))
    records = gateway.books.records()
    spent = sum(record.charge_nano for record in records)
    assert ["interrupted", "interrupted", "ok"] == sorted(record.outcome for record in records)
    assert 0 < min(record.charge_nano for record in records)
    assert [] == gateway.books.holds()
    windows = [spent, 0, spent]
    assert [("gateway", windows, 0), ("person", windows, 0), ("team", windows, 0)] == sorted(
        (kind, seen, held) for kind, _, seen, held in after
    )
    assert {spent} == {total for kind, total, _, _ in after if kind != "gateway"}
