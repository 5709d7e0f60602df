"""`aihub-lite console`."""

from __future__ import annotations

import typer

from aihub_lite.cli.client import Failed
from aihub_lite.cli.commands import Desk, command
from aihub_lite.cli.output import print_json

console_app = typer.Typer(rich_markup_mode=None)


@command(console_app, "console")
def link_to_console(at: Desk) -> None:
    """Print a link that opens the console once."""
    address = at.client.address()
    if address is None:
        raise Failed("no server runs on this data directory: start one with `aihub-lite serve`")
    answer = at.call("POST", "console-links")
    link = (answer["public_url"] or address.rstrip("/")) + answer["path"]
    if at.json:
        print_json({"url": link, "expires": answer["expires"]})
    else:
        print(link)
