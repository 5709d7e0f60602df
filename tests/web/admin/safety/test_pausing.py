"""Pausing and resuming over both APIs: what is answered, who may, and what the audit log has of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.safety.runaway import Runaway
from tests.web.access.team import add_person, signed_in
from tests.web.admin.desk import Desk, at_desk
from tests.web.console.visitor import Visitor, at_console
from tests.web.me.test_own import Member, member

LOOP = Runaway("repeated", 40, 0, 2 * 10**9)
WHY = "it sent the same conversation 40 times within 1 h, and spent $2.00 in its last hour"


async def last_entry(desk: Desk) -> dict[str, Any]:
    entry: dict[str, Any] = (await desk.call("GET", "/audit"))["audit"][0]
    return entry


@pytest.mark.parametrize(("noun", "body"), [("tokens", {"name": "a"}), ("people", {"name": "a"})])
def test_what_is_paused_says_so_until_it_is_resumed(tmp_path: Path, noun: str, body: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        assert (await desk.call("POST", f"/{noun}", body, status=201))["paused"] is None
        paused = (await desk.call("POST", f"/{noun}/a/pause"))["paused"]
        assert ("manual", "it was paused by hand") == (paused["kind"], paused["why"])
        again = (await desk.call("POST", f"/{noun}/a/pause"))["paused"]
        assert paused == again == (await desk.call("GET", f"/{noun}/a"))["paused"]
        assert paused == (await desk.call("GET", f"/{noun}"))[noun][0]["paused"]
        assert (await desk.call("POST", f"/{noun}/a/resume"))["paused"] is None
        assert (await desk.call("POST", f"/{noun}/a/resume"))["paused"] is None

    at_desk(tmp_path, story)


@pytest.mark.parametrize("noun", ["tokens", "people"])
@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_is_not_there_is_404(tmp_path: Path, noun: str, verb: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.refused("POST", f"/{noun}/nobody/{verb}", status=404)

    at_desk(tmp_path, story)


@pytest.mark.parametrize(("noun", "kind"), [("tokens", "token"), ("people", "person")])
def test_the_audit_log_has_both_with_what_it_was_and_is(tmp_path: Path, noun: str, kind: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", f"/{noun}", {"name": "a"}, status=201)
        for verb, fields in (("pause", [None, "it was paused by hand"]), ("resume", ["it was paused by hand", None])):
            await desk.call("POST", f"/{noun}/a/{verb}")
            entry = await last_entry(desk)
            assert (f"{verb}_{kind}", kind, "a") == (entry["action"], entry["kind"], entry["object"])
            assert {"paused": fields} == {name: list(values) for name, values in entry["changes"].items()}

    at_desk(tmp_path, story)


def test_a_token_of_a_paused_person_says_that_it_is_the_person(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/people", {"name": "Ada"}, status=201)
        await desk.call("POST", "/tokens", {"name": "a", "person": "Ada"}, status=201)
        await desk.call("POST", "/people/Ada/pause")
        assert "person" == (await desk.call("GET", "/tokens/a"))["paused"]["holder"]
        assert "person" == (await desk.call("POST", "/tokens/a/resume"))["paused"]["holder"]

    at_desk(tmp_path, story)


def test_many_tokens_are_paused_and_resumed_at_once_and_no_channels(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for name in ("a", "b"):
            await desk.call("POST", "/tokens", {"name": name}, status=201)
        for do, paused in (("pause", True), ("resume", False)):
            await desk.call("POST", "/tokens/many", {"refs": ["a", "b"], "do": do})
            rows = (await desk.call("GET", "/tokens"))["tokens"]
            assert {paused} == {row["paused"] is not None for row in rows}
        assert "do: must be one of" in await desk.refused("POST", "/channels/many", {"refs": ["a"], "do": "pause"})

    at_desk(tmp_path, story)


def test_a_file_that_is_applied_resumes_nobody_and_says_nothing_of_pauses(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "a"}, status=201)
        await desk.call("POST", "/tokens/a/pause")
        document = (await desk.call("GET", "/export"))["document"]
        assert "pause" not in document
        await desk.call("POST", "/apply", {"document": f"{document}rpm = 7\n"})
        token = await desk.call("GET", "/tokens/a")
        assert (7, "manual") == (token["rpm"], token["paused"]["kind"])

    at_desk(tmp_path, story)


async def own_token(visitor: Visitor) -> tuple[Member, str]:
    """Ada, and the id of a token of hers."""
    ada = await member(visitor, "Ada")
    return ada, str((await ada.ask("POST", "/tokens", {"name": "laptop"}, status=201))["id"])


@pytest.mark.parametrize(("own_resume", "status"), [("off", 403), ("on", 200)])
def test_people_resume_what_the_gateway_paused_where_the_setting_lets_them(
    tmp_path: Path, own_resume: str, status: int
) -> None:
    async def story(visitor: Visitor) -> None:
        gateway = visitor.gateway
        await gateway.live_settings.change({"own_resume": own_resume})
        ada, token_id = await own_token(visitor)
        await gateway.pauses.pause("token", token_id, LOOP, 1_800_000_000_000)
        assert WHY == (await ada.ask("GET", "/tokens/laptop"))["paused"]["why"]
        await ada.ask("POST", "/tokens/laptop/resume", status=status)
        assert (status == 403) == bool(gateway.pauses.all)

    at_console(tmp_path, story)


@pytest.mark.parametrize(("own_resume", "status"), [("off", 403), ("on", 200)])
def test_people_whom_the_gateway_paused_resume_all_of_theirs_where_the_setting_lets_them(
    tmp_path: Path, own_resume: str, status: int
) -> None:
    async def story(visitor: Visitor) -> None:
        gateway = visitor.gateway
        await gateway.live_settings.change({"own_resume": own_resume})
        ada, _ = await own_token(visitor)
        await gateway.pauses.pause("person", ada.person.id, LOOP, 1_800_000_000_000)
        assert "their tokens sent the same conversation" in (await ada.ask("GET", "/tokens/laptop"))["paused"]["why"]
        await ada.ask("POST", "/tokens/laptop/resume", status=status)
        assert (status == 403) == bool(gateway.pauses.all)

    at_console(tmp_path, story)


@pytest.mark.parametrize("holder", ["token", "person"])
def test_people_never_resume_what_an_admin_paused(tmp_path: Path, holder: str) -> None:
    async def story(visitor: Visitor) -> None:
        gateway = visitor.gateway
        await gateway.live_settings.change({"own_resume": "on"})
        ada, token_id = await own_token(visitor)
        paused = gateway.registry.tokens.get(token_id) if holder == "token" else ada.person
        await gateway.pauses.pause_by_hand(paused)
        await ada.ask("POST", "/tokens/laptop/resume", status=403)
        assert [paused.id] == [pause.id for pause in gateway.pauses.all]

    at_console(tmp_path, story)


def test_an_admin_pauses_no_owner(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        owner = await add_person(visitor.gateway, "Olga", "owner")
        headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Adam", "admin"))
        for verb in ("pause", "resume"):
            answer = await visitor.http.post(f"/api/admin/people/{owner.id}/{verb}", headers=headers)
            assert 403 == answer.status_code
        assert [] == visitor.gateway.pauses.all

    at_console(tmp_path, story)
