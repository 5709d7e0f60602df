"""`aihub-lite backup FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aihub_lite.cli.commands import Desk, command
from aihub_lite.cli.output import print_json

backup_app = typer.Typer(rich_markup_mode=None)


@command(backup_app, "backup")
def back_up(at: Desk, file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]) -> None:
    """Copy the database, and with it the keys of all channels, into FILE."""
    size = at.client.save_backup(file)
    if at.json:
        print_json({"file": str(file), "bytes": size})
    else:
        print(f"{file}: {size} bytes. It holds the keys of all channels.")
