"""Who changed what: every change of the admin API leaves a line, and none of them tells a secret."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.gateway.people.audit import Who
from aihub_lite.gateway.state.admin_key import admin_key
from tests.web.admin.desk import Desk, at_desk
from tests.web.console.visitor import SAME_ORIGIN, Visitor, at_console

SECRET = "sk-canary-4f1d9b7a2c"
PASSWORD = "canary-pass-77e1"
Line = dict[str, Any]


async def lines(desk: Desk | Visitor, query: str = "") -> list[Line]:
    """The log, oldest first."""
    found: list[Line] = (await desk.call("GET", f"/audit{query}"))["audit"]
    return found[::-1]


def told(line: Line) -> tuple[str, str, str]:
    return line["action"], line["kind"], line["object"]


def test_a_change_says_who_did_what_from_what_to_what_when_and_from_where(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        made = await desk.call("POST", "/tokens", {"name": "ci", "rpm": 5, "quota": "1.50"}, status=201)
        await desk.call("PATCH", "/tokens/ci", {"name": "nightly", "rpm": 9, "budget": "5/day", "models": ["a", "b"]})
        first, second = await lines(desk)
        assert {"name": [None, "ci"], "rpm": [None, 5], "quota": [None, "1.50"]}.items() <= first["changes"].items()
        assert {
            "name": ["ci", "nightly"],
            "rpm": [5, 9],
            "budget": [None, "5.00/day"],
            "models": [None, ["a", "b"]],
        } == second["changes"]
        assert ("edit_token", "token", "nightly") == told(second)
        assert (made["id"], "admin key", "admin key", "127.0.0.1") == (
            *(second[field] for field in ("object_id", "by", "via", "address")),
        )
        assert second["at"].startswith("20")
        assert second["request_id"]

    at_desk(tmp_path, story)


def test_what_goes_along_with_a_change_has_a_line_of_its_own(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/teams", {"name": "lab"}, status=201)
        await desk.call("POST", "/people", {"name": "Ada"}, status=201)
        for name in ("a", "b"):
            await desk.call("POST", "/tokens", {"name": name, "person": "Ada"}, status=201)
        await desk.call("PUT", "/teams/lab/members/Ada")
        await desk.call("DELETE", "/people/Ada")
        *_, joined = [line for line in await lines(desk) if line["action"] == "add_member" and line["kind"] == "person"]
        assert {"team": [None, "lab"]} == joined["changes"]
        moved = [line["object"] for line in await lines(desk, "?action=add_member&kind=token")]
        assert ["a", "b"] == moved
        gone = [told(line)[1:] for line in await lines(desk, "?action=delete_person")]
        assert [("person", "Ada"), ("token", "a"), ("token", "b")] == sorted(gone)

    at_desk(tmp_path, story)


def test_what_was_refused_or_only_read_leaves_no_line(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.refused("POST", "/tokens", {"name": "a/b"})
        await desk.refused("DELETE", "/tokens/nobody", status=404)
        await desk.call("GET", "/tokens")
        assert [] == await lines(desk)

    at_desk(tmp_path, story)


def test_a_copy_of_the_database_is_told_and_carries_the_log(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "kept"}, status=201)
        copy = await desk.http.get("/api/admin/backup")
        assert b"create_token" in copy.content
        assert "download_backup" == (await lines(desk))[-1]["action"]

    at_desk(tmp_path, story)


def test_whatever_holds_a_secret_is_told_by_its_name_alone(tmp_path: Path) -> None:
    """Keys, header values, credentials of a proxy, a prefix of prompts: what became of them, never what they are."""

    async def story(desk: Desk) -> None:
        body = {
            "name": "c",
            "provider": "openai",
            "base_url": "http://127.0.0.1:9/v1",
            "models": ["m"],
            "keys": [f"{SECRET}-1", f"{SECRET}-2"],
            "headers": [f"x-own={SECRET}-header"],
            "set_params": [f'user="{SECRET}-param"'],
            "proxy": f"http://ada:{PASSWORD}@127.0.0.1:9",
            "system_prefix": f"{SECRET}-prefix",
        }
        await desk.call("POST", "/channels", body, status=201)
        await desk.call("PATCH", "/channels/c", {"keys": [f"{SECRET}-3"], "headers": [f"x-own={SECRET}-other"]})
        await desk.call("PATCH", "/channels/c", {"proxy": f"http://eve:{PASSWORD}@127.0.0.1:9"})
        await desk.call("POST", "/channels/c/keys", {"keys": [f"{SECRET}-4"]})
        key = (await desk.call("POST", "/tokens", {"name": "t"}, status=201))["key"]
        second = (await desk.call("POST", "/tokens/t/rotate"))["key"]
        link = (await desk.call("POST", "/console-links", status=201))["path"].rpartition("/")[2]
        invited = (await desk.call("POST", "/invitations", {"name": "Ada"}, status=201))["path"].rpartition("/")[2]
        new_key = (await desk.call("POST", "/admin-key"))["key"]
        desk.http.headers["authorization"] = f"Bearer {new_key}"
        rows = await desk.gateway.database.read("SELECT * FROM audit")
        text = str([dict(row) for row in rows]) + str(await lines(desk))
        digests = [token.digest for token in desk.gateway.registry.tokens.all]
        hidden = (SECRET, PASSWORD, key, second, key[-12:], second[-12:], link, invited, new_key, *digests)
        assert [] == [secret for secret in hidden if secret in text]
        found = {(line["action"], line["kind"]): line["changes"] for line in await lines(desk)}
        assert ["k1", "k2"] == found["create_channel", "channel"]["keys"][1]
        assert {"key": ["…", "…"]} == found["rotate_token", "token"]
        assert {"way_out.proxy": ["…", "…"]}.items() <= found["edit_channel", "channel"].items()
        assert ("reset_key", "admin-key") in found

    at_desk(tmp_path, story)


def test_settings_routes_prices_and_aliases_are_told_field_by_field(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/settings", {"rpm": 7})
        await desk.call("POST", "/aliases", {"alias": "fast", "model": "demo"})
        await desk.call("POST", "/prices", {"model": "demo", "input": 1, "output": 2})
        await desk.call("POST", "/prices", {"model": "demo", "input": 3, "output": 2})
        await desk.call("POST", "/routes", {"name": "coding", "steps": [{"model": "demo"}]}, status=201)
        await desk.call("DELETE", "/routes/coding")
        found = [(line["kind"], line["object"], line["changes"]) for line in await lines(desk)]
        assert ("settings", "settings", {"rpm": [180, 7]}) == found[0]
        assert ("alias", "fast", {"value": [None, "demo"]}) == found[1]
        assert {"rates.input": ["1.00", "3.00"]}.items() <= found[3][2].items()
        assert (("route", "coding"), ["demo"]) == (found[4][:2], found[4][2]["steps"][1])
        assert [["demo"], None] == found[5][2]["steps"]

    at_desk(tmp_path, story)


def test_what_was_set_to_what_it_was_is_told_by_its_kind(tmp_path: Path) -> None:
    """The log had an `aliase` and a `strategie`."""

    async def story(desk: Desk) -> None:
        for _ in range(2):
            await desk.call("POST", "/aliases", {"alias": "fast", "model": "demo"})
            await desk.call("PUT", "/strategies", {"model": "demo", "strategy": "cheapest"})
        assert ["alias", "strategy", "alias", "strategy"] == [line["kind"] for line in await lines(desk)]

    at_desk(tmp_path, story)


def test_what_a_change_does_beside_another_is_not_told_of_it(tmp_path: Path) -> None:
    """Changes run in turn, and each is told in the line of the request that made it."""

    async def story(desk: Desk) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                tasks.create_task(desk.call("POST", "/tokens", {"name": f"t{number}"}, status=201))
        found = await lines(desk)
        assert {f"t{number}" for number in range(20)} == {line["object"] for line in found}
        assert (20, 20) == (len(found), len({line["request_id"] for line in found}))

    at_desk(tmp_path, story)


@pytest.mark.parametrize("key", ["admin key", "command line"])
def test_the_key_that_came_with_a_request_is_told_by_its_kind(tmp_path: Path, key: str) -> None:
    async def story(desk: Desk) -> None:
        presented = {"admin key": admin_key(tmp_path, {}), "command line": desk.gateway.run_key}[key]
        headers = {"authorization": f"Bearer {presented}"}
        await desk.http.post("/api/admin/tokens", json={"name": "a"}, headers=headers)
        (line,) = await lines(desk)
        assert (key, key) == (line["via"], line["by"])

    at_desk(tmp_path, story)


def test_a_page_says_where_the_next_one_begins(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for number in range(5):
            await desk.call("POST", "/teams", {"name": f"t{number}"}, status=201)
        first = await desk.call("GET", "/audit?limit=2")
        second = await desk.call("GET", f"/audit?limit=2&after={first['after']}")
        last = await desk.call("GET", f"/audit?limit=2&after={second['after']}")
        names = [line["object"] for each in (first, second, last) for line in each["audit"]]
        assert (["t4", "t3", "t2", "t1", "t0"], False, None) == (names, last["more"], last["after"])
        for query in ("limit=0", "limit=101", "after=x", "since=never"):
            await desk.refused("GET", f"/audit?{query}")

    at_desk(tmp_path, story)


def test_lines_are_kept_for_ever_unless_the_operator_says_for_how_long(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/teams", {"name": "old"}, status=201)
        visitor.clock.leapt += 400 * 86_400
        await visitor.call("POST", "/teams", {"name": "new"}, status=201)
        assert ["old", "new"] == [line["object"] for line in await lines(visitor)]
        await visitor.call("PATCH", "/settings", {"audit_days": 365})
        assert ["new", "settings"] == [line["object"] for line in await lines(visitor)]

    at_console(tmp_path, story)


# Who comes in


def test_who_signs_in_and_out_is_told_and_changes_as_a_session(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        await visitor.http.post("/api/admin/tokens", json={"name": "a"}, headers=SAME_ORIGIN)
        await visitor.post("/console/sign-out")
        await visitor.post("/console/sign-out")
        assert [("sign_in", "session"), ("create_token", "session"), ("sign_out", "session")] == [
            (line["action"], line["via"]) for line in await lines(visitor)
        ]

    at_console(tmp_path, story)


def test_failed_tries_of_one_network_are_folded(tmp_path: Path) -> None:
    """A stranger who guesses is told at the first try, the tenth and the hundredth, and fills no disk."""

    async def story(visitor: Visitor) -> None:
        for number in range(120):
            answer = await visitor.post("/console/sign-in", {"key": f"guess-{number}"})
            assert 401 == answer.status_code
        await visitor.gateway.database.write(("DELETE FROM holds WHERE request_id = ''", ()))
        found = await lines(visitor, "?action=failed_sign_in")
        assert [1, 10, 100] == [line["changes"]["tries"][1] for line in found]
        assert {("nobody", "127.0.0.1")} == {(line["via"], line["address"]) for line in found}
        visitor.clock.ahead += 3600
        await visitor.post("/console/sign-in", {"key": "again"})
        await visitor.gateway.database.write(("DELETE FROM holds WHERE request_id = ''", ()))
        assert 1 == (await lines(visitor))[-1]["changes"]["tries"][1]

    at_console(tmp_path, story, admin_failures_per_minute=0)


def test_a_wrong_key_of_the_admin_api_is_a_failed_try(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.http.get("/api/admin/tokens", headers={"authorization": "Bearer wrong"})
        await desk.gateway.database.write(("DELETE FROM holds WHERE request_id = ''", ()))
        assert ["failed_sign_in"] == [line["action"] for line in await lines(desk)]

    at_desk(tmp_path, story)


def test_many_networks_are_counted_one_by_one_up_to_a_limit(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        book = desk.gateway.audit
        for number in range(300):
            who = Who(via="nobody", by="nobody", address=f"10.0.{number // 250}.{number % 250}")
            await book.failed(who)
        assert 101 == len(book._tries)
        rows = await desk.gateway.database.read("SELECT fields FROM audit")
        assert 100 + 3 == len(rows)

    at_desk(tmp_path, story)
