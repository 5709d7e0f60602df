"""`aihub-lite price …`: USD per million tokens, and per image, minute, million characters and search."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command, given
from aihub_lite.cli.output import dollars, print_table

price_app = typer.Typer(help="What models cost, in USD.", no_args_is_help=True, rich_markup_mode=None)
KINDS = ("input", "output", "cache_read", "cache_write")
UNITS = {"image": "image", "minute": "minute of audio", "characters": "million characters", "search": "search"}


@command(price_app, "set")
def set_price(
    at: Desk,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    input_price: Annotated[str | None, typer.Option("--input", metavar="USD", help="Prompt.")] = None,
    output_price: Annotated[str | None, typer.Option("--output", metavar="USD", help="Completion.")] = None,
    cache_read: Annotated[str | None, typer.Option(metavar="USD", help="Prompt read from a cache.")] = None,
    cache_write: Annotated[str | None, typer.Option(metavar="USD", help="Prompt written to a cache.")] = None,
    image: Annotated[str | None, typer.Option(metavar="USD", help="One image.")] = None,
    minute: Annotated[str | None, typer.Option(metavar="USD", help="One minute of audio.")] = None,
    characters: Annotated[str | None, typer.Option(metavar="USD", help="A million characters to speak.")] = None,
    search: Annotated[str | None, typer.Option(metavar="USD", help="One search of a rerank model.")] = None,
) -> None:
    """Set the price of a model at every channel: per million tokens, or per what else it counts, or both."""
    tokens = given(input=input_price, output=output_price, cache_read=cache_read, cache_write=cache_write)
    units = given(image=image, minute=minute, characters=characters, search=search)
    answer = at.call("POST", "prices", body={"model": model, **tokens, **units})
    if not at.told(answer):
        print(f"{answer['model']}: {', '.join(terms(answer))}.")


def terms(price: Mapping[str, Any]) -> list[str]:
    """What a price says, in words."""
    units = [f"{dollars(price[kind])} per {name}" for kind, name in UNITS.items() if price[kind] is not None]
    if units and Decimal(price["input"]) == Decimal(price["output"]) == 0:
        return units
    return [f"{dollars(price['input'])} in", f"{dollars(price['output'])} out per million tokens", *units]


@command(price_app, "list")
def list_prices(
    at: Desk,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", show_default=False)] = None,
) -> None:
    """The price of every model at every channel, or of one model."""
    answer = at.call("GET", "prices", **given(model=model))
    if not at.told(answer):
        kinds = (*KINDS, *(kind for kind in UNITS if any(row[kind] is not None for row in answer)))
        rows = [{**row, **{kind: dollars(row[kind]) for kind in kinds}} for row in answer]
        for row in rows:
            if row["unpriced"]:
                row.update(dict.fromkeys(KINDS, "-"))
        columns = {"model": "MODEL", "channel": "CHANNEL", "input": "INPUT", "output": "OUTPUT"}
        more = {kind: kind.upper().replace("_", " ") for kind in kinds if kind not in columns}
        print_table(rows, {**columns, **more, "source": "SOURCE"}, "No models.")
