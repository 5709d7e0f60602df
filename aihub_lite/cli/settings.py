"""`aihub-lite settings …`: what may be set while the gateway runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command
from aihub_lite.cli.output import print_table
from aihub_lite.config import REASONS, BadSetting, parsed

settings_app = typer.Typer(help="Limits, retention and addresses.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
COLUMNS = {"name": "NAME", "value": "VALUE", "source": "FROM", "change": "CHANGE", "reason": "WHAT"}


@command(settings_app, "list")
def list_settings(at: Desk) -> None:
    """Every setting, where its value is from, and whether a change needs a restart."""
    answer = at.call("GET", "settings")
    if not at.told(answer):
        print_table([_row(each) for each in answer["settings"]], COLUMNS, "No settings.")


@command(settings_app, "set")
def set_setting(
    at: Desk, name: Name, value: Annotated[str, typer.Argument(metavar="VALUE", show_default=False)]
) -> None:
    """Set NAME to VALUE, from the next request on."""
    if name not in REASONS:
        raise BadSetting(f"there is no setting {name!r}")
    _change(at, name, parsed(name, value))


@command(settings_app, "unset")
def unset_setting(at: Desk, name: Name) -> None:
    """Put NAME back to its default."""
    _change(at, name, None)


def _change(at: Desk, name: str, value: Any) -> None:
    answer = at.call("PATCH", "settings", body={name: value})
    if not at.told(answer):
        (row,) = (_row(each) for each in answer["settings"] if each["name"] == name)
        print(f"{name}: {row['value']} ({row['source']}).")


def _row(setting: dict[str, Any]) -> dict[str, Any]:
    shown = "-" if setting["value"] in (None, "") else setting["value"]
    return {**setting, "value": shown, "change": "at once" if setting["live"] else "restart"}
