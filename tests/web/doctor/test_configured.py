"""What an operator has set that cannot work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.doctor import configured
from tests.support.clock import ManualClock
from tests.web.admin.desk import Desk, at_desk
from tests.web.doctor.patient import codes, examined

DAY = 86_400


def test_names_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/channels", {"name": "c", "provider": "demo", "models": ["m"]}, status=201)
        await desk.call("POST", "/aliases", {"alias": "good", "model": "m"})
        await desk.call("POST", "/routes", {"name": "whole", "steps": [{"model": "m"}]}, status=201)
        assert [] == await configured.names(desk.gateway)
        await desk.call("POST", "/aliases", {"alias": "bad", "model": "gone"})
        await desk.call("POST", "/routes", {"name": "half", "steps": [{"model": "m"}, {"model": "gone"}]}, status=201)
        await desk.call("POST", "/routes", {"name": "none", "steps": [{"model": "gone"}]}, status=201)
        found = await configured.names(desk.gateway)
        expected = [("alias_nowhere", "warning"), ("route_step_nowhere", "warning"), ("route_nowhere", "error")]
        assert sorted(expected) == sorted(codes(found))
        assert {"bad", "half", "none"} == {finding.facts.get("alias") or finding.facts["route"] for finding in found}

    at_desk(tmp_path, story)


def test_models_without_a_price_and_tokens_near_their_quota_are_found(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = {"name": "c", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "models": ["m"], "keys": ["k1"]}
        await desk.call("POST", "/channels", body, status=201)
        token = await desk.call("POST", "/tokens", {"name": "ann", "quota": "1"}, status=201)
        found = await configured.shown(desk.gateway)
        assert [("unpriced", "m")] == [(finding.code, finding.facts["names"]) for finding in found]
        await desk.call("POST", "/prices", {"model": "m", "input": "1", "output": "1"})
        assert [] == await configured.shown(desk.gateway)
        desk.gateway.ledger.balances[token["id"]].charge(850_000_000, desk.gateway.clock.wall())
        found = await configured.shown(desk.gateway)
        assert [("near_limit", "ann")] == [(finding.code, finding.facts["names"]) for finding in found]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, []),
        ({"idle_timeout": 3000.0}, ["idle_timeout"]),
        ({"keepalive_after": 60.0}, ["keepalive_after"]),
        ({"completion_hold": 20_000}, ["completion_hold"]),
        ({"oidc_only": True}, ["oidc_only"]),
        ({"oidc_only": True, "oidc_issuer": "https://example.org"}, []),
        ({"sign_up": "open"}, ["sign_up"]),
        ({"queue_length": 0}, ["queue_timeout"]),
        ({"queue_length": 0, "queue_timeout": 0.0}, []),
        ({"public_url": "https://ai.example.org"}, ["https://ai.example.org"]),
        ({"public_url": "https://ai.example.org", "trusted_proxies": "127.0.0.1"}, []),
    ],
)
def test_settings_that_contradict_are_found(tmp_path: Path, options: dict[str, Any], names: list[str]) -> None:
    found = examined(tmp_path, configured.settings, **options)
    told = [{**finding.facts} for finding in found]
    assert names == [facts.get("low") or facts.get("name") or facts.get("url") for facts in told]


def test_no_backups_is_advice(tmp_path: Path) -> None:
    assert [("backups_off", "info")] == codes(examined(tmp_path, configured.backups))


def test_a_fresh_backup_is_well_and_an_old_one_is_found(tmp_path: Path) -> None:
    clock = ManualClock()

    async def fresh(gateway: Gateway) -> None:
        await gateway.backups.make()

    async def old(gateway: Gateway) -> None:
        clock.advance(3 * DAY + 60)

    assert [] == examined(tmp_path, configured.backups, fresh, clock=clock, backup_keep=2)
    (finding,) = examined(tmp_path, configured.backups, old, clock=clock, backup_keep=2)
    assert ("backup_old", "error", "3") == (finding.code, finding.severity, finding.facts["days"])


def test_a_backup_that_failed_is_found(tmp_path: Path) -> None:
    (tmp_path / "way").write_text("a file")

    async def fail(gateway: Gateway) -> None:
        with pytest.raises(Exception, match="cannot be written"):
            await gateway.backups.make()

    found = examined(tmp_path / "data", configured.backups, fail, backup_keep=2, backup_dir=tmp_path / "way")
    assert [("backup_failed", "error")] == codes(found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("env:WORDS", []),
        ("env:UNSET", [("backup_failed", "error")]),
        ("file:BACKUPS/words", [("passphrase_beside", "error")]),
    ],
)
def test_a_passphrase_that_is_not_there_or_beside_the_backups_is_found(
    tmp_path: Path, source: str, expected: list[tuple[str, str]]
) -> None:
    source = source.replace("BACKUPS", str(tmp_path / "backups"))
    found = examined(tmp_path, configured.backups, environ={"WORDS": "words"}, backup_keep=2, backup_passphrase=source)
    assert expected == codes(found)
