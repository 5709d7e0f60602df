"""`aihub-lite price …`: USD per million tokens, and per image, minute, million characters and search.

Tokens of sound, pictures and film have rates of their own at some models.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command, given
from aihub_lite.cli.output import dollars, print_table
from aihub_lite.domain.money import MODAL_RATES

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
    audio_input: Annotated[str | None, typer.Option(metavar="USD", help="Prompt that is audio.")] = None,
    audio_cache_read: Annotated[str | None, typer.Option(metavar="USD", help="The same from a cache.")] = None,
    audio_output: Annotated[str | None, typer.Option(metavar="USD", help="Completion that is audio.")] = None,
    image_input: Annotated[str | None, typer.Option(metavar="USD", help="Prompt that is images.")] = None,
    image_cache_read: Annotated[str | None, typer.Option(metavar="USD", help="The same from a cache.")] = None,
    image_output: Annotated[str | None, typer.Option(metavar="USD", help="Completion that is images.")] = None,
    video_input: Annotated[str | None, typer.Option(metavar="USD", help="Prompt that is video.")] = None,
    video_cache_read: Annotated[str | None, typer.Option(metavar="USD", help="The same from a cache.")] = None,
    video_output: Annotated[str | None, typer.Option(metavar="USD", help="Completion that is video.")] = None,
    image: Annotated[str | None, typer.Option(metavar="USD", help="One image.")] = None,
    minute: Annotated[str | None, typer.Option(metavar="USD", help="One minute of audio.")] = None,
    characters: Annotated[str | None, typer.Option(metavar="USD", help="A million characters to speak.")] = None,
    search: Annotated[str | None, typer.Option(metavar="USD", help="One search of a rerank model.")] = None,
) -> None:
    """Set the price of a model at every channel: per million tokens, or per what else it counts, or both."""
    tokens = given(input=input_price, output=output_price, cache_read=cache_read, cache_write=cache_write)
    modal = given(
        audio_input=audio_input,
        audio_cache_read=audio_cache_read,
        audio_output=audio_output,
        image_input=image_input,
        image_cache_read=image_cache_read,
        image_output=image_output,
        video_input=video_input,
        video_cache_read=video_cache_read,
        video_output=video_output,
    )
    units = given(image=image, minute=minute, characters=characters, search=search)
    answer = at.call("POST", "prices", body={"model": model, **tokens, **modal, **units})
    if not at.told(answer):
        print(f"{answer['model']}: {', '.join(terms(answer))}.")


def terms(price: Mapping[str, Any]) -> list[str]:
    """What a price says, in words."""
    units = [f"{dollars(price[kind])} per {name}" for kind, name in UNITS.items() if price[kind] is not None]
    if units and Decimal(price["input"]) == Decimal(price["output"]) == 0:
        return units
    tokens = [f"{dollars(price['input'])} in", f"{dollars(price['output'])} out per million tokens"]
    modal = [f"{dollars(price[kind])} for {kind.replace('_', ' ')}" for kind in MODAL_RATES if price[kind] is not None]
    return [*tokens, *modal, *units]


@command(price_app, "list")
def list_prices(
    at: Desk,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", show_default=False)] = None,
) -> None:
    """The price of every model at every channel, or of one model."""
    answer = at.call("GET", "prices", **given(model=model))
    if not at.told(answer):
        kinds = (*KINDS, *(kind for kind in (*MODAL_RATES, *UNITS) if any(row[kind] is not None for row in answer)))
        rows = [{**row, **{kind: dollars(row[kind]) for kind in kinds}} for row in answer]
        for row in rows:
            if row["unpriced"]:
                row.update(dict.fromkeys(KINDS, "-"))
        columns = {"model": "MODEL", "channel": "CHANNEL", "input": "INPUT", "output": "OUTPUT"}
        more = {kind: kind.upper().replace("_", " ") for kind in kinds if kind not in columns}
        print_table(rows, {**columns, **more, "source": "SOURCE"}, "No models.")
