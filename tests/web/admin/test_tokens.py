"""Tokens over the admin API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.token import digest_of
from tests.web.admin.desk import Desk, at_desk


def test_a_token_is_created_with_every_limit(tmp_path: Path) -> None:
    body = {
        "name": "alice",
        "quota": "1.50",
        "budget": "5/day",
        "models": ["gpt-*", "demo"],
        "expires": "2127-01-31",
        "rpm": 7,
        "tpm": 1000,
        "concurrency": 2,
        "allow_ip": ["10.0.0.0/8", "::1"],
        "group": "team",
    }

    async def story(desk: Desk) -> None:
        answer = await desk.call("POST", "/tokens", body, status=201)
        assert answer.pop("key").startswith("sk-")
        assert [1.5, 5.0] == [row["left_usd"] for row in answer.pop("limits")]
        assert "quota" == answer.pop("tightest")["limit"]
        del answer["id"], answer["hint"], answer["created"]
        assert ["no channel serves the group team yet: channel add … --group team"] == answer.pop("warnings")
        expected = {
            **body,
            "enabled": True,
            "person": None,
            "team": None,
            "person_enabled": True,
            "self_made": False,
            "bound": {},
            "expired": False,
            "expires_soon": False,
            "paused": None,
            "budget": "5.00/day",
            "expires": "2127-01-31T00:00:00Z",
            "allow_ips": ["10.0.0.0/8", "::1/128"],
            "spent_usd": 0,
            "spent_now_usd": 0,
            "held_usd": 0,
            "left_usd": 1.5,
            "quota": 1.5,
            "budgets": [],
        }
        del expected["allow_ip"]
        assert expected == answer

    at_desk(tmp_path, story)


def test_a_key_is_shown_by_create_and_rotate_only(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        first = (await desk.call("POST", "/tokens", {"name": "a"}, status=201))["key"]
        second = (await desk.call("POST", "/tokens/a/rotate"))["key"]
        shown = [await desk.call("GET", "/tokens"), await desk.call("GET", "/tokens/a")]
        assert "key" not in shown[1]
        assert not [key for key in (first, second) if key in str(shown)]
        assert {digest_of(second)} == set(desk.gateway.registry.tokens.by_digest)

    at_desk(tmp_path, story)


def test_an_edit_changes_what_it_names_and_null_removes_a_limit(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "a", "quota": 2, "rpm": 5, "models": ["x"]}, status=201)
        await desk.call("PATCH", "/tokens/a", {"rpm": None, "models": None})
        shown = await desk.call("GET", "/tokens/a")
        assert (2.0, None, []) == (shown["quota"], shown["rpm"], shown["models"])

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("quota", "nano"),
    [("0.1", 100_000_000), ("$0.1", 100_000_000), (0.1, 100_000_000), (3, 3_000_000_000), ("1e-9", 1)],
)
def test_money_is_exact_whether_string_or_number(tmp_path: Path, quota: Any, nano: int) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "a", "quota": quota}, status=201)
        assert nano == desk.gateway.registry.tokens.get("a").quota_nano

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "name: "),
        ({"name": 5}, "name: must be a string"),
        ({"name": "a", "rpm": "5"}, "rpm: must be a whole number"),
        ({"name": "a", "rpm": -1}, "rpm: "),
        ({"name": "a", "quota": "lots"}, "quota: "),
        ({"name": "a", "quota": -1}, "quota: "),
        ({"name": "a", "budget": "5/year"}, "budget: "),
        ({"name": "a", "budget": 5}, "budget: "),
        ({"name": "a", "models": "gpt-4o"}, "models: must be a list"),
        ({"name": "a", "expires": "soon"}, "expires: "),
        ({"name": "a", "expires": "2001-01-01"}, "expires: '2001-01-01' is not in the future"),
        ({"name": "a", "expires": "0d"}, "expires: '0d' is not in the future"),
        ({"name": "a", "expires": "9" * 5000 + "d"}, "expires: "),
        ({"name": "a", "expires": "9999-12-31T23:59:59-12:00"}, "expires: "),
        ({"name": "a", "allow_ip": ["x"]}, "allow_ip: "),
        ({"name": "a", "spent": 0}, "unknown field spent"),
        ({"name": "a", "key": "sk-mine"}, "unknown field key"),
        ({"name": "a", "type": None}, "unknown field type"),
        ({"name": "a", "quota_nano": None}, "unknown field quota_nano"),
        ([], "must be a JSON object"),
    ],
)
def test_a_refusal_names_the_field(tmp_path: Path, body: Any, says: str) -> None:
    async def story(desk: Desk) -> None:
        assert says in await desk.refused("POST", "/tokens", body)
        assert [] == (await desk.call("GET", "/tokens"))["tokens"]

    at_desk(tmp_path, story)


def test_a_taken_name_is_a_conflict(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "a"}, status=201)
        assert "already" in await desk.refused("POST", "/tokens", {"name": "a"}, status=409)

    at_desk(tmp_path, story)


def test_an_unknown_token_is_404_for_every_verb(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for method, path in [
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("POST", "/enable"),
            ("POST", "/disable"),
            ("POST", "/rotate"),
        ]:
            await desk.refused(method, f"/tokens/nobody{path}", {}, status=404)

    at_desk(tmp_path, story)


def test_a_disabled_token_is_dead_until_it_is_enabled(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/tokens", {"name": "a"}, status=201)
        await desk.call("POST", "/tokens/a/disable")
        disabled = desk.gateway.registry.tokens.get("a").live(0)
        await desk.call("POST", "/tokens/a/enable")
        assert (False, True) == (disabled, desk.gateway.registry.tokens.get("a").live(0))

    at_desk(tmp_path, story)


def test_a_token_deleted_by_id_is_gone(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        token = await desk.call("POST", "/tokens", {"name": "my laptop"}, status=201)
        await desk.call("GET", "/tokens/my%20laptop")
        await desk.call("DELETE", f"/tokens/{token['id']}")
        assert [] == (await desk.call("GET", "/tokens"))["tokens"]
        assert {} == desk.gateway.ledger.balances

    at_desk(tmp_path, story)
