"""The command line beside a running server: at once effective, over the server's own API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.gateway import Gateway
from tests.support.process import ROOT, Home


def test_a_token_made_beside_a_server_works_at_once(gateway: Gateway) -> None:
    created = gateway.home.cli("token", "create", "beside", "--json")
    gateway.secrets.append(created.json()["key"])

    assert (0, "") == (created.code, created.stderr)
    assert 200 == gateway.chat("demo", key=created.json()["key"]).status
    assert 0 == gateway.home.cli("token", "delete", "beside").code
    assert 401 == gateway.chat("demo", key=created.json()["key"]).status


def test_usage_counts_the_requests_of_a_token(gateway: Gateway) -> None:
    created = gateway.home.cli("token", "create", "counted", "--json").json()
    gateway.secrets.append(created["key"])
    for _ in range(3):
        assert 200 == gateway.chat("demo", key=created["key"]).status
    rows = gateway.home.cli("usage", "--by", "token", "--json").json()

    (row,) = [row for row in rows if row["token"] == "counted"]
    keys = ["token", "requests", "errors", "interrupted", "prompt_tokens", "completion_tokens", "cost_usd"]
    assert keys == list(row)
    assert (3, 0) == (row["requests"], row["errors"])


def test_a_remote_gateway_is_administered_by_url_and_key(gateway: Gateway, tmp_path: Path) -> None:
    elsewhere = Home(tmp_path / "elsewhere", environment={"AIHUB_ADMIN_KEY": gateway.admin_key})
    channels = elsewhere.cli("channel", "list", "--url", gateway.url, "--json")

    assert (0, False) == (channels.code, elsewhere.directory.exists())
    assert "demo" in [channel["name"] for channel in channels.json()]


def test_a_second_server_on_the_directory_refuses_with_the_firsts_pid(gateway: Gateway) -> None:
    second = gateway.home.cli("serve", "--port", "0")

    assert 1 == second.code
    assert f"pid {gateway.process.pid}" in second.stderr


def test_a_command_beside_a_server_does_not_pay_for_the_server_framework() -> None:
    heavy = "{'litestar', 'hypercorn', 'httptools'}"
    code = f"import sys; from aihub_lite.cli import program; program(); print(sorted({heavy} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert "[]" == ran.stdout.strip()
