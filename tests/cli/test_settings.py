"""Settings by command."""

from __future__ import annotations

import pytest

from aihub_lite.config import REASONS
from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway


def value(terminal: Terminal, name: str, environ: dict[str, str] | None = None) -> tuple[object, str]:
    rows = terminal.ok("settings", "list", "--json", environ=environ).json["settings"]
    (setting,) = [row for row in rows if row["name"] == name]
    return setting["value"], setting["source"]


def test_a_setting_is_set_listed_and_unset(terminal: Terminal) -> None:
    assert "rpm: 7 (set).\n" == terminal.ok("settings", "set", "rpm", "7").stdout
    assert (7, "set") == value(terminal, "rpm")
    assert "rpm: 180 (default).\n" == terminal.ok("settings", "unset", "rpm").stdout
    assert (
        "public_url: https://ai.example.com (set).\n"
        == terminal.ok("settings", "set", "public_url", "https://ai.example.com/v1").stdout
    )


def test_the_list_names_every_setting_and_where_its_value_is_from(terminal: Terminal) -> None:
    lines = terminal.ok("settings", "list", environ={"AIHUB_MAX_ATTEMPTS": "2"}).stdout.splitlines()
    assert ["NAME", *REASONS] == [line.split()[0] for line in lines]
    (line,) = [line for line in lines if line.startswith("max_attempts")]
    assert ["max_attempts", "2", "AIHUB_MAX_ATTEMPTS", "at", "once"] == line.split()[:5]


@pytest.mark.attack("T-71")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("set", "rpm", "many"), 2, "rpm: 'many' is not a valid value"),
        (("set", "max_attempts", "0"), 2, "max_attempts: must be >= 1"),
        (("set", "rmp", "7"), 2, "'rmp'"),
        (("unset", "rmp"), 2, "rmp"),
        (("set", "port", "7"), 2, "AIHUB_PORT"),
        (("set", "console_rpm", "7"), 1, "is fixed by AIHUB_CONSOLE_RPM"),
    ],
)
def test_a_refusal_names_the_setting_and_what_is_wrong(
    terminal: Terminal, arguments: tuple[str, ...], code: int, says: str
) -> None:
    refused = terminal.run("settings", *arguments, environ={"AIHUB_CONSOLE_RPM": "9"})
    assert (code, "", 1, True) == (refused.code, refused.stdout, refused.stderr.count("\n"), says in refused.stderr)


def test_a_setting_made_beside_a_server_holds_at_once(gateway: Gateway) -> None:
    key = gateway.add_token(name="limited")
    assert [0, 0] == [gateway.home.cli("settings", "set", *words).code for words in [("retention_days", "90")] * 2]
    rows = gateway.home.cli("settings", "list", "--json").json()["settings"]
    sources = {row["name"]: row["source"] for row in rows}
    assert ("set", "AIHUB_RPM", "--port") == (sources["retention_days"], sources["rpm"], sources["port"])
    assert 0 == gateway.home.cli("settings", "unset", "retention_days").code
    assert 200 == gateway.chat("demo", key=key).status
