"""`aihub-lite model …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command, given
from aihub_lite.cli.output import dollars, print_table

model_app = typer.Typer(help="What clients may ask for.", no_args_is_help=True, rich_markup_mode=None)
COLUMNS = {
    "id": "MODEL",
    "aliases": "ALIASES",
    "channels": "CHANNELS",
    "context_window": "CONTEXT",
    "input": "INPUT",
    "output": "OUTPUT",
    "source": "SOURCE",
    "strategy": "STRATEGY",
}


@command(model_app, "list")
def list_models(
    at: Desk,
    token: Annotated[str | None, typer.Option(metavar="NAME", help="Only those that this token may use.")] = None,
) -> None:
    """Every model with its aliases, channels and price (USD per million tokens)."""
    answer = at.call("GET", "models", **given(token=token))
    if not at.told(answer):
        print_table([_row(model) for model in answer], COLUMNS, "No models.")


def _row(model: dict[str, Any]) -> dict[str, Any]:
    """The price is that of the channel tried first; one that differs elsewhere is in `price list`."""
    price = model["channels"][0]["price"]
    rates = {kind: "-" if price["unpriced"] else dollars(price[kind]) for kind in ("input", "output")}
    channels = [way["channel"] for way in model["channels"]]
    return {**model, **rates, "channels": channels, "source": "free" if price["free"] else price["source"]}
