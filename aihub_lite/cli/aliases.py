"""`aihub-lite alias …`."""

from __future__ import annotations

from typing import Annotated

import typer

from aihub_lite.cli.commands import Desk, command
from aihub_lite.cli.output import print_table

alias_app = typer.Typer(help="Other public names of models.", no_args_is_help=True, rich_markup_mode=None)
Alias = Annotated[str, typer.Argument(metavar="ALIAS", show_default=False)]


@command(alias_app, "set")
def set_alias(
    at: Desk, alias: Alias, model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)]
) -> None:
    """Let ALIAS lead to MODEL."""
    answer = at.call("POST", "aliases", body={"alias": alias, "model": model})
    if not at.told(answer):
        missing = "" if answer["leads_to"] else " No channel offers it yet."
        print(f"Alias {answer['alias']} leads to {answer['model']}.{missing}")


@command(alias_app, "list")
def list_aliases(at: Desk) -> None:
    """The aliases that were set; the built-in ones work beside them."""
    answer = at.call("GET", "aliases")
    if not at.told(answer):
        print_table(answer, {"alias": "ALIAS", "model": "MODEL", "leads_to": "LEADS TO"}, "No aliases set.")


@command(alias_app, "delete")
def delete_alias(at: Desk, alias: Alias) -> None:
    """Remove an alias."""
    answer = at.call("DELETE", "aliases", alias)
    if not at.told(answer):
        print(f"Alias {answer['alias']} deleted.")
