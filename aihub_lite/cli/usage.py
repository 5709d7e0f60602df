"""`aihub-lite usage`."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from aihub_lite.cli.commands import Desk, command
from aihub_lite.cli.output import dollars, print_table

usage_app = typer.Typer(rich_markup_mode=None)
FIGURES = ("requests", "errors", "interrupted", "prompt_tokens", "completion_tokens", "cost_usd")


class By(StrEnum):
    """What to sum by."""

    TOKEN = "token"  # noqa: S105  a dimension
    MODEL = "model"
    CHANNEL = "channel"
    DAY = "day"


@command(usage_app, "usage")
def show_usage(
    at: Desk,
    by: Annotated[By, typer.Option(help="What to sum by.")] = By.MODEL,
    since: Annotated[str, typer.Option(metavar="7d|DATE", help="From when on.")] = "7d",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """What was used and what it cost."""
    if as_csv and at.json:
        raise typer.BadParameter("--csv and --json exclude each other")
    answer = at.call("GET", "usage", by=by.value, since=since)
    columns = (by.value, *FIGURES)
    if as_csv:
        table = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(answer)
    elif not at.told(answer):
        rows = [{**row, "cost_usd": dollars(f"{Decimal(str(row['cost_usd'])):f}")} for row in answer]
        headings = {column: column.upper().replace("_", " ").removesuffix(" USD") for column in columns}
        print_table(rows, headings, "No requests.")
