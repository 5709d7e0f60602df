"""`aihub-lite price …`: USD per million tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from aihub_lite.cli.commands import Desk, command, given
from aihub_lite.cli.output import dollars, print_table

price_app = typer.Typer(
    help="What models cost, in USD per million tokens.", no_args_is_help=True, rich_markup_mode=None
)
KINDS = ("input", "output", "cache_read", "cache_write")


@command(price_app, "set")
def set_price(
    at: Desk,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    input_price: Annotated[str, typer.Option("--input", metavar="USD", help="Prompt.", show_default=False)],
    output_price: Annotated[str, typer.Option("--output", metavar="USD", help="Completion.", show_default=False)],
    cache_read: Annotated[str | None, typer.Option(metavar="USD", help="Prompt read from a cache.")] = None,
    cache_write: Annotated[str | None, typer.Option(metavar="USD", help="Prompt written to a cache.")] = None,
) -> None:
    """Set the price of a model at every channel."""
    prices = given(input=input_price, output=output_price, cache_read=cache_read, cache_write=cache_write)
    answer = at.call("POST", "prices", body={"model": model, **prices})
    if not at.told(answer):
        print(f"{answer['model']}: {dollars(answer['input'])} in, {dollars(answer['output'])} out per million tokens.")


@command(price_app, "list")
def list_prices(
    at: Desk,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", show_default=False)] = None,
) -> None:
    """The price of every model at every channel, or of one model."""
    answer = at.call("GET", "prices", **given(model=model))
    if not at.told(answer):
        rows = [{**row, **{kind: dollars(row[kind]) for kind in KINDS}} for row in answer]
        for row in rows:
            if row["unpriced"]:
                row.update(dict.fromkeys(KINDS, "-"))
        columns = {"model": "MODEL", "channel": "CHANNEL", "input": "INPUT", "output": "OUTPUT"}
        more = {"cache_read": "CACHE READ", "cache_write": "CACHE WRITE", "source": "SOURCE"}
        print_table(rows, {**columns, **more}, "No models.")
