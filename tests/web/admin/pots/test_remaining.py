"""What is left of each limit, since when its spending counts and when it refills, alike for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.web.remaining import tightest
from tests.web.admin.desk import Desk, at_desk

NANO = 10**9


async def all_limits(desk: Desk) -> None:
    """A token with limits of every kind, whose person, team and gateway have some as well."""
    gateway = desk.gateway
    team = await gateway.people.create_team("research")
    await gateway.people.create_person("Ada", lambda person: attrs.evolve(person, team_id=team.id))
    body = {"name": "laptop", "person": "Ada", "quota": "9", "budget": "8/month", "budgets": ["gpt-*=7/5h"]}
    await desk.call("POST", "/tokens", body, status=201)
    await gateway.credits.add(gateway.credits.key_of("Ada"), 6 * NANO, "", "admin key")
    await gateway.pots.set_budgets(gateway.pots.key_of("research"), ["5/week"])
    await gateway.pots.set_budgets(gateway.pots.key_of("gateway"), ["10/day"])


def test_every_limit_says_what_is_left_since_when_and_until_when(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await all_limits(desk)
        limits = (await desk.call("GET", "/tokens/laptop"))["limits"]
        assert [("quota", None, 9.0), ("budget", None, 8.0), ("budget", "gpt-*", 7.0)] == [
            (row["limit"], row["scope"], row["left_usd"]) for row in limits
        ]
        assert (None, None) == (limits[0]["since"], limits[0]["refills"])
        for row in limits[1:]:
            assert row["since"] < row["refills"]
        assert limits[1]["since"].endswith("-01T00:00:00Z")

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "own", "first"),
    [
        ("/tokens/laptop", ["quota", "budget", "budget"], ("team", "research", 5.0)),
        ("/people/Ada", ["credit"], ("team", "research", 5.0)),
        ("/teams/research", ["budget"], ("team", "research", 5.0)),
        ("/pots/Ada", ["credit"], ("person", "Ada", 6.0)),
        ("/pots/laptop", ["quota", "budget", "budget"], ("token", "laptop", 8.0)),
        ("/pots/gateway", ["budget"], ("gateway", "", 10.0)),
    ],
)
def test_the_limit_that_refuses_first_is_named(
    tmp_path: Path, path: str, own: list[str], first: tuple[str, str, float]
) -> None:
    """Of a token, a person or a team, whoever's it is; of a pot, among its own."""

    async def story(desk: Desk) -> None:
        await all_limits(desk)
        shown = await desk.call("GET", path)
        assert own == [row["limit"] for row in shown["limits"]]
        assert first == tuple(shown["tightest"][name] for name in ("whose", "name", "left_usd"))

    at_desk(tmp_path, story)


def test_what_nothing_limits_has_no_limits(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "free"}, status=201)
        free = await desk.call("GET", "/tokens/free")
        assert ([], None) == (free["limits"], free["tightest"])

    at_desk(tmp_path, story)


def row(left: float, scope: str | None = None) -> dict[str, Any]:
    return {"left_usd": left, "scope": scope}


def test_a_limit_for_some_models_is_tightest_only_where_none_is_for_all() -> None:
    """It leaves all other models open."""
    assert row(5) == tightest([row(1, "gpt-*"), row(5), row(9)])
    assert row(1, "gpt-*") == tightest([row(2, "o*"), row(1, "gpt-*")])
    assert tightest([]) is None
