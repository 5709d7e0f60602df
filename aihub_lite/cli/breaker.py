"""`aihub-lite breaker`: which tokens and people ran away, or would have been stopped."""

from __future__ import annotations

from typing import Any

import typer

from aihub_lite.cli.base.commands import AdminApi, command
from aihub_lite.cli.base.output import amount_text, print_table

breaker_app = typer.Typer(rich_markup_mode=None)
MODES = {
    "off": "The breaker is off: nobody looks for runaways. aihub-lite settings set breaker watch",
    "watch": "The breaker watches: what it finds is written down, and nobody is paused for it.",
    "on": "The breaker is on: whoever leaves its own past is paused.",
}
COLUMNS = {"at": "WHEN", "holder": "OF", "name": "NAME", "what": "WHAT", "spent": "SPENT IN AN HOUR", "then": "THEN"}


@command(breaker_app, "breaker")
def show_findings(api: AdminApi) -> None:
    """Show which tokens, or people over all of theirs, went far beyond their own past, and whether they were paused."""
    answer = api.call("GET", "breaker")
    if api.print_as_json(answer):
        return
    print(MODES[answer["mode"]])
    print_table([_row(finding) for finding in answer["findings"]], COLUMNS, "Nothing was found.")


def _row(finding: dict[str, Any]) -> dict[str, Any]:
    then = "watched"
    if finding["paused"]:
        then = "paused"
    return {
        "at": finding["at"],
        "holder": finding["holder"],
        "name": finding["name"],
        "what": what_text(finding),
        "spent": amount_text(finding["spent_usd"]),
        "then": then,
    }


def what_text(finding: dict[str, Any]) -> str:
    """What was found, beside what is usual."""
    if finding["kind"] == "repeated":
        return f"the same conversation {finding['seen']} times"
    seen = f"{finding['seen']} requests"
    usual = f"{finding['usual']}"
    if finding["kind"] == "spend":
        seen = amount_text(finding["seen"])
        usual = amount_text(finding["usual"])
    return f"{seen} in {finding['minutes']} minutes, usually at most {usual}"
