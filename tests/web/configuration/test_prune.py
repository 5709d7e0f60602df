"""Nothing is deleted unless that is asked for, and then all that the file does not name, but for what must stay."""

from __future__ import annotations

from pathlib import Path

from tests.web.admin.desk import Desk, at_desk
from tests.web.configuration.rich import ENVIRON, make_rich
from tests.web.configuration.test_round_trip import applied, exported, names


def test_without_prune_nothing_is_deleted(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk)
        before = await exported(desk)
        answer = await applied(desk, "[tokens.new]\n")
        assert (["token new"], [], []) == (names(answer, "+"), names(answer, "~"), names(answer, "-"))
        await desk.call("DELETE", "/tokens/new")
        assert before == await exported(desk)

    at_desk(tmp_path, story, ENVIRON)


def test_with_prune_all_goes_that_the_file_does_not_name(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk)
        await desk.call("DELETE", "/people/Eve")
        answer = await applied(desk, '[people.Ada]\nrole = "owner"\n', "?prune=true")
        assert {
            "token ci",
            "person Bob",
            "team research",
            "channel main",
            "alias fast",
            "alert destination ops",
        } <= set(names(answer, "-"))
        assert [] == answer["kept"]
        left = await exported(desk)
        assert [line for line in left.splitlines() if line.startswith("[")] == ["[people.Ada]"]
        nothing = {"dry_run": False, "changes": [], "kept": [], "keys": [], "secrets": []}
        assert await applied(desk, left, "?prune=true") == nothing

    at_desk(tmp_path, story, ENVIRON)


def test_a_pruned_gateway_is_pruned_behind_a_restart(tmp_path: Path) -> None:
    async def first(desk: Desk) -> None:
        await make_rich(desk)
        await applied(desk, '[people.Ada]\nrole = "owner"\n', "?prune=true")

    async def second(desk: Desk) -> None:
        left = await exported(desk)
        assert [line for line in left.splitlines() if line.startswith("[")] == ["[people.Ada]"]
        for table in ("pot_budgets", "tokens", "channels", "prices", "tier_prices", "strategies"):
            assert [] == await desk.gateway.database.read(f"SELECT * FROM {table}")

    at_desk(tmp_path, first, ENVIRON)
    at_desk(tmp_path, second, ENVIRON)


def test_the_last_owner_and_what_comes_back_by_itself_are_kept_with_a_reason(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/people", {"name": "Ada", "role": "owner"}, status=201)
        await desk.call("POST", "/people", {"name": "Bob"}, status=201)
        channel = {"name": "main", "type": "openai", "base_url": "http://127.0.0.1:9/v1", "models": ["m"]}
        await desk.call("POST", "/channels", {**channel, "keys": ["env:K1"]}, status=201)
        document = '[channels.demo]\ntype = "demo"\norigin = "builtin"\nmodels = ["demo"]\n'
        await applied(desk, document)
        answer = await applied(desk, "", "?prune=true")
        assert ["person Bob", "channel main"] == names(answer, "-")
        assert ["person Ada", "channel demo"] == [reason.partition(":")[0] for reason in answer["kept"]]
        assert ["Ada"] == [person.name for person in desk.gateway.people.persons.values()]
        assert (await desk.http.get("/api/admin/overview")).status_code == 200, "the admin key opens what it opened"

    at_desk(tmp_path, story, ENVIRON)


def test_a_name_may_be_an_alias_before_and_a_route_after(tmp_path: Path) -> None:
    channel = '[channels.one]\nbase_url = "http://127.0.0.1:9/v1"\nkeys = ["env:K1"]\nmodels = ["gpt-5"]\n'

    async def story(desk: Desk) -> None:
        await applied(desk, f'{channel}[aliases]\nfast = "gpt-5"\n')
        route = f'{channel}[routes.fast]\nsteps = [{{ model = "gpt-5" }}]\n'
        await applied(desk, route, status=400)
        answer = await applied(desk, route, "?prune=true")
        assert (["route fast"], ["alias fast"]) == (names(answer, "+"), names(answer, "-"))

    at_desk(tmp_path, story, ENVIRON)


def test_a_person_goes_with_their_team_and_tokens_in_one_go(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await applied(desk, '[teams.a]\n[people.Ada]\nteam = "a"\n[tokens.t]\nperson = "Ada"\nbudgets = ["1/hour"]\n')
        key = desk.gateway.registry.tokens.get("t").id
        await applied(desk, "[teams.b]\n[people.Bob]\n", "?prune=true")
        assert ["b"] == [team.name for team in desk.gateway.people.teams.values()]
        assert key not in desk.gateway.ledger.balances
        assert {"person", "team"} == {pot.kind for pot in desk.gateway.ledger.pots}

    at_desk(tmp_path, story)
