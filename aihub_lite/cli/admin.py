"""`aihub-lite admin …`."""

from __future__ import annotations

import os

import typer

from aihub_lite.cli.commands import Desk, command
from aihub_lite.config import BadSetting
from aihub_lite.gateway.admin_key import NAME, VARIABLE

admin_app = typer.Typer(help="The key to the console and the admin API.", no_args_is_help=True, rich_markup_mode=None)


@admin_app.callback()
def admin() -> None:
    """The key to the console and the admin API."""


@command(admin_app, "reset-key")
def reset_key(at: Desk) -> None:
    """Make a new admin key, shown once; the old one, all sessions and all links end at once."""
    try:
        answer = at.call("POST", "admin-key")
    except BadSetting:
        if os.environ.get(VARIABLE):
            raise
        # What lies in the file is no key, and no server runs that would know one.
        (at.client.settings.data_dir / NAME).unlink(missing_ok=True)
        answer = at.call("POST", "admin-key")
    if not at.told(answer):
        print(f"The admin key is a new one, and {answer['ended']} sessions ended:\n\n{answer['key']}")
