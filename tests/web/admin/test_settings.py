"""What may be set while the gateway runs, and what wins over it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.config import LIVE, REASONS, Settings, load
from aihub_lite.gateway.core import open_gateway
from aihub_lite.storage.settings import StoredSettings
from tests.storage.facts import with_database
from tests.web.admin.desk import Desk, at_desk, open_desk


async def shown(desk: Desk, name: str) -> dict[str, Any]:
    setting: dict[str, Any]
    (setting,) = [setting for setting in (await desk.call("GET", "/settings"))["settings"] if setting["name"] == name]
    return setting


async def asked(desk: Desk, key: str) -> int:
    """The status of a request of a token."""
    return (await desk.http.get("/v1/key", headers={"authorization": f"Bearer {key}"})).status_code


def test_a_limit_counts_from_the_next_request_on(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        key = (await desk.call("POST", "/tokens", {"name": "a"}, status=201))["key"]
        assert [200, 200] == [await asked(desk, key) for _ in range(2)]
        await desk.call("PATCH", "/settings", {"rpm": 1})
        assert 429 == await asked(desk, key)
        await desk.call("PATCH", "/settings", {"rpm": 0})
        assert 200 == await asked(desk, key)

    at_desk(tmp_path, story)


def test_a_setting_reaches_everyone_who_reads_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        body = {"max_in_flight": 7, "max_attempts": 9, "auth_failures_per_minute": 8, "console_rpm": 6}
        await desk.call("PATCH", "/settings", body)
        gateway = desk.gateway
        assert (7, 9, 8, 6) == (
            gateway.flights.limit,
            gateway.line.failover.settings.max_attempts,
            gateway.limits.auth_failures,
            gateway.settings.console_rpm,
        )

    at_desk(tmp_path, story)


def test_a_setting_is_kept_over_a_restart(tmp_path: Path) -> None:
    async def change(desk: Desk) -> None:
        await desk.call("PATCH", "/settings", {"rpm": 7, "public_url": "https://ai.example.com/v1/"})

    async def look(desk: Desk) -> None:
        rpm = await shown(desk, "rpm")
        assert (7, "set", 180) == (rpm["value"], rpm["source"], rpm["default"])
        assert "https://ai.example.com" == (await shown(desk, "public_url"))["value"]
        assert 7 == desk.gateway.limits.rpm

    at_desk(tmp_path, change)
    at_desk(tmp_path, look)


def test_null_puts_one_setting_back_to_its_default(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/settings", {"rpm": 7, "max_attempts": 2})
        await desk.call("PATCH", "/settings", {"rpm": None})
        settings = [await shown(desk, name) for name in ("rpm", "max_attempts")]
        assert [(180, "default"), (2, "set")] == [(setting["value"], setting["source"]) for setting in settings]

    at_desk(tmp_path, story)


@pytest.mark.parametrize(
    ("environ", "flags", "source"),
    [({"AIHUB_RPM": "5"}, {}, "AIHUB_RPM"), ({}, {"rpm": 5}, "--rpm"), ({"AIHUB_RPM": "6"}, {"rpm": 5}, "--rpm")],
)
def test_a_variable_or_flag_overrides_what_is_stored(
    tmp_path: Path, environ: dict[str, str], flags: dict[str, Any], source: str
) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("PATCH", "/settings", {"rpm": 7})

    async def check() -> None:
        settings = attrs.evolve(load(environ, **flags), data_dir=tmp_path, discover_local=False)
        async with open_gateway(settings, {}) as gateway:
            assert (5, 5, source) == (gateway.settings.rpm, gateway.limits.rpm, gateway.live_settings.source("rpm"))
            await gateway.live_settings.change({"max_attempts": 9})
            assert 5 == gateway.settings.rpm

    at_desk(tmp_path, story)
    asyncio.run(check())


def test_a_setting_that_the_environment_fixes_is_a_conflict(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        message = await desk.refused("PATCH", "/settings", {"rpm": 7, "max_attempts": 9}, status=409)
        assert "rpm: is fixed by AIHUB_RPM" == message
        assert (3, 180) == (desk.gateway.settings.max_attempts, desk.gateway.settings.rpm)
        await desk.call("PATCH", "/settings", {"rpm": None})

    at_desk(tmp_path, story, sources={"rpm": "AIHUB_RPM"})


BAD: list[tuple[Any, str]] = [
    ({"rpm": -1}, "rpm: must be >= 0"),
    ({"rpm": 10**10}, "rpm: must be <= "),
    ({"rpm": "7"}, "rpm: must be a whole number"),
    ({"rpm": True}, "rpm: must be a whole number"),
    ({"rpm": 1.5}, "rpm: must be a whole number"),
    ({"max_in_flight": 0}, "max_in_flight: must be > 0"),
    ({"max_attempts": 0}, "max_attempts: must be >= 1"),
    ({"retention_days": 36_501}, "retention_days: must be <= "),
    ({"public_url": 5}, "public_url: must be a string"),
    ({"public_url": "ai.example.com"}, "public_url: must be http:// or https:// with a host"),
    ({"public_url": "javascript:alert(1)"}, "public_url: must be http:// or https:// with a host"),
    ({"public_url": "https://user:pass@a.example"}, "public_url: must hold no user name"),
    ({"public_url": "https://a.example/?x"}, "public_url: must hold no user name, query"),
    ({"public_url": 'https://a.example/"><script>'}, "public_url: must be http:// or https:// with"),
    ({"public_url": "https://a.example/$(reboot)"}, "public_url: must be http:// or https:// with"),
    ({"rmp": 7}, "unknown field rmp"),
    ({"rmp": None}, "unknown field rmp"),
    ({"port": 7}, "port: counts from the start on: set AIHUB_PORT"),
    ({"sources": {}}, "unknown field sources"),
    ([], "must be a JSON object"),
]


def test_a_wrong_value_is_refused_by_its_field(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        for body, says in BAD:
            assert says in await desk.refused("PATCH", "/settings", body)
            assert Settings(data_dir=tmp_path, discover_local=False) == desk.gateway.settings

    at_desk(tmp_path, story)


def test_one_wrong_value_keeps_all_others_from_being_set(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.refused("PATCH", "/settings", {"rpm": 7, "max_attempts": 0})
        assert 180 == desk.gateway.settings.rpm

    at_desk(tmp_path, story)


def test_stored_values_that_no_longer_fit_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def put(database: Any) -> None:
        await StoredSettings(database).put({"rpm": "many", "max_attempts": 0, "gone": [1], "console_rpm": 5})

    async def story(desk: Desk) -> None:
        assert (180, 3, 5) == tuple(
            getattr(desk.gateway.settings, name) for name in ("rpm", "max_attempts", "console_rpm")
        )

    with_database(tmp_path / "aihub.db", put)
    at_desk(tmp_path, story)
    assert 2 == len(caplog.messages)


def test_every_setting_is_listed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        listed = (await desk.call("GET", "/settings"))["settings"]
        assert list(REASONS) == [setting["name"] for setting in listed]
        assert list(LIVE) == [setting["name"] for setting in listed if setting["live"]]
        assert (str(tmp_path), None) == (listed[0]["value"], (await shown(desk, "certfile"))["value"])

    at_desk(tmp_path, story)


def test_a_change_whose_caller_leaves_is_finished_in_storage_and_memory(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_desk(tmp_path, {}) as desk:
            change = asyncio.create_task(desk.gateway.live_settings.change({"rpm": 7}))
            await asyncio.sleep(0)
            change.cancel()
            await desk.gateway.live_settings.change({"max_attempts": 9})
            stored = await StoredSettings(desk.gateway.database).load()
            assert (7, {"rpm": 7, "max_attempts": 9}) == (desk.gateway.settings.rpm, stored)

    asyncio.run(story())
