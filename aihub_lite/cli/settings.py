"""`aihub-lite settings …`: what may be set while the gateway runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import AdminApi, command
from aihub_lite.cli.base.output import print_table
from aihub_lite.config import REASONS, BadSetting, parse_setting

settings_app = typer.Typer(help="Limits, retention and addresses.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
COLUMNS = {"name": "NAME", "value": "VALUE", "source": "FROM", "change": "CHANGE", "reason": "WHAT"}


@command(settings_app, "list")
def list_settings(api: AdminApi) -> None:
    """Every setting, where its value is from, and whether a change needs a restart."""
    answer = api.call("GET", "settings")
    if not api.print_as_json(answer):
        print_table([_row(setting) for setting in answer["settings"]], COLUMNS, "No settings.")


@command(settings_app, "set")
def set_setting(
    api: AdminApi, name: Name, value: Annotated[str, typer.Argument(metavar="VALUE", show_default=False)]
) -> None:
    """Set NAME to VALUE, from the next request on."""
    if name not in REASONS:
        raise BadSetting(f"there is no setting {name!r}")
    _change(api, name, parse_setting(name, value))


@command(settings_app, "unset")
def unset_setting(api: AdminApi, name: Name) -> None:
    """Put NAME back to its default."""
    _change(api, name, None)


@command(settings_app, "test-mail")
def test_mail(api: AdminApi, address: Annotated[str, typer.Argument(metavar="ADDRESS", show_default=False)]) -> None:
    """Send a mail to ADDRESS by the server that AIHUB_SMTP_HOST names, or say why that fails."""
    answer = api.call("POST", "mail", body={"to": address})
    if not api.print_as_json(answer):
        print(f"The mail server has taken a mail to {answer['to']}.")


def _change(api: AdminApi, name: str, value: Any) -> None:
    answer = api.call("PATCH", "settings", body={name: value})
    if not api.print_as_json(answer):
        (row,) = (_row(setting) for setting in answer["settings"] if setting["name"] == name)
        print(f"{name}: {row['value']} ({row['source']}).")


def _row(setting: dict[str, Any]) -> dict[str, Any]:
    value = setting["value"]
    if value in (None, ""):
        value = "-"
    change = "restart"
    if setting["live"]:
        change = "at once"
    return {**setting, "value": value, "change": change}
