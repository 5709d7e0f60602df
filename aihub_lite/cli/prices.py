"""`aihub-lite price …`: USD per million tokens, per image, minute, million characters and search, per thousand calls.

Tokens of sound, pictures and film have rates of their own at some models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import AdminApi, Limit, Search, command, without_none
from aihub_lite.cli.base.output import complain, exact_text, print_table
from aihub_lite.domain.hosted import HOSTED
from aihub_lite.domain.money import MODAL_RATES

price_app = typer.Typer(help="What models cost, in USD.", no_args_is_help=True, rich_markup_mode=None)
KINDS = ("input", "output", "cache_read", "cache_write")
HOUR = "cache_write_1h"
CALLS = {
    "web_search": "web searches",
    "file_search": "file searches",
    "code_session": "code sessions",
    "request": "requests",
    "request_low": "requests with a low search context",
    "request_medium": "requests with a medium one",
}
UNITS = {"image": "image", "minute": "minute of audio", "characters": "million characters", "search": "search"}


@command(price_app, "set")
def set_price(
    api: AdminApi,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    input_price: Annotated[str | None, typer.Option("--input", metavar="USD", help="Prompt.")] = None,
    output_price: Annotated[str | None, typer.Option("--output", metavar="USD", help="Completion.")] = None,
    cache_read: Annotated[str | None, typer.Option(metavar="USD", help="Prompt read from a cache.")] = None,
    cache_write: Annotated[str | None, typer.Option(metavar="USD", help="Prompt written to a cache.")] = None,
    cache_write_1h: Annotated[str | None, typer.Option(metavar="USD", help="The same for an hour.")] = None,
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
    web_search: Annotated[str | None, typer.Option(metavar="USD", help="1,000 searches of the web.")] = None,
    file_search: Annotated[str | None, typer.Option(metavar="USD", help="1,000 searches of uploaded files.")] = None,
    code_session: Annotated[str | None, typer.Option(metavar="USD", help="1,000 containers that code ran in.")] = None,
    request: Annotated[str | None, typer.Option(metavar="USD", help="1,000 requests, beside their tokens.")] = None,
    request_low: Annotated[str | None, typer.Option(metavar="USD", help="The same of a low search context.")] = None,
    request_medium: Annotated[str | None, typer.Option(metavar="USD", help="The same of a medium one.")] = None,
    tier: Annotated[str | None, typer.Option(metavar="TIER", help="Of answers at that service tier (flex).")] = None,
    above: Annotated[int | None, typer.Option(metavar="TOKENS", help="Of prompts that are longer.")] = None,
    hours: Annotated[str | None, typer.Option(metavar="16:30-00:30", help="Of requests then, in UTC.")] = None,
    weekdays: Annotated[bool, typer.Option("--weekdays", help="With --hours: Monday to Friday.")] = False,
) -> None:
    """Set the price of a model at every channel: per million tokens, or per what else it counts, or both.

    Tools that the provider runs (--web-search …) may be priced alone: all else that the model costs stays.
    """
    tokens = without_none(input=input_price, output=output_price)
    cached = without_none(cache_read=cache_read, cache_write=cache_write, cache_write_1h=cache_write_1h)
    audio = without_none(audio_input=audio_input, audio_cache_read=audio_cache_read, audio_output=audio_output)
    images = without_none(image_input=image_input, image_cache_read=image_cache_read, image_output=image_output)
    video = without_none(video_input=video_input, video_cache_read=video_cache_read, video_output=video_output)
    units = without_none(image=image, minute=minute, characters=characters, search=search)
    calls = without_none(web_search=web_search, file_search=file_search, code_session=code_session)
    requests = without_none(request=request, request_low=request_low, request_medium=request_medium)
    rates = {**tokens, **cached, **audio, **images, **video, **units, **calls, **requests}
    part = without_none(tier=tier, above=above, at=hours, weekdays=weekdays or None)
    answer = api.call("POST", "prices", body={"model": model, **part, **rates})
    for warning in answer.get("warnings", ()):
        complain(f"warning: {model}: {warning}")
    if not api.print_as_json(answer):
        print_price(f"{answer['model']} at tier {tier}" if tier else answer["model"], answer)


def print_price(name: str, price: Mapping[str, Any]) -> None:
    """What a model costs, in one line."""
    parts = [", ".join(terms(price))]
    parts += [f"{label(part)} {', '.join(terms(part))}" for part in parts_of(price)]
    print(f"{name}: {'; '.join(parts)}.")


def terms(price: Mapping[str, Any]) -> list[str]:
    """What a price says, in words; one of hosted tools alone says nothing else."""
    calls = {name: price[kind] for kind, name in CALLS.items() if price.get(kind) is not None}
    hosted = [f"{exact_text(rate)} per 1,000 {name}" for name, rate in calls.items()]
    if "input" not in price:
        return hosted
    units = [f"{exact_text(price[kind])} per {name}" for kind, name in UNITS.items() if price[kind] is not None]
    if units and price["input"] == price["output"] == 0:
        return [*units, *hosted]
    tokens = [f"{exact_text(price['input'])} in", f"{exact_text(price['output'])} out per million tokens"]
    modal = [
        f"{exact_text(price[kind])} for {kind.replace('_', ' ')}" for kind in MODAL_RATES if price[kind] is not None
    ]
    return [*tokens, *modal, *units, *hosted]


@command(price_app, "adopt")
def adopt_price(
    api: AdminApi,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="Whose price, where channels differ.")] = None,
) -> None:
    """Make a price that was looked up or guessed your own: it stays, whatever the price table says later."""
    answer = api.call("POST", "prices", "adopt", model, **without_none(channel=channel))
    if not api.print_as_json(answer):
        print_price(answer["model"], answer)


@command(price_app, "delete")
def delete_price(
    api: AdminApi,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    tier: Annotated[str | None, typer.Option(metavar="TIER", help="That of this service tier alone.")] = None,
    above: Annotated[int | None, typer.Option(metavar="TOKENS", help="That of longer prompts alone.")] = None,
    hours: Annotated[str | None, typer.Option(metavar="16:30-00:30", help="That of these hours alone.")] = None,
) -> None:
    """Remove a price of your own: the price table's counts again. Or remove a part of it."""
    length = None
    if above is not None:
        length = str(above)
    answer = api.call("DELETE", "prices", model, **without_none(tier=tier, above=length, at=hours))
    if not api.print_as_json(answer):
        print(f"Price of {part_name(answer['model'], answer)} deleted.")


@command(price_app, "list")
def list_prices(
    api: AdminApi,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", show_default=False)] = None,
    q: Search = None,
    limit: Limit = None,
) -> None:
    """The price of every model at every channel, or of one model."""
    answer = api.rows("prices", q, limit, **without_none(model=model))
    if not api.print_as_json(answer):
        prices = [*with_parts(answer)]
        kinds = (
            *KINDS,
            *(kind for kind in (HOUR, *MODAL_RATES, *UNITS, *HOSTED) if any(row[kind] is not None for row in prices)),
        )
        rows = [{**row, **{kind: exact_text(row[kind]) for kind in kinds}} for row in prices]
        for row in rows:
            if row["unpriced"]:
                row.update(dict.fromkeys(KINDS, "-"))
        columns = {"model": "MODEL", "channel": "CHANNEL", "input": "INPUT", "output": "OUTPUT"}
        more = {kind: kind.upper().replace("_", " ") for kind in kinds if kind not in columns}
        print_table(rows, {**columns, **more, "source": "SOURCE"}, "No models.")


def with_parts(prices: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each price, and behind it those of longer prompts, of hours of the day and of later days, and those that the
    operator set for its tiers of service."""
    for price in prices:
        yield price
        for part in parts_of(price):
            yield {**price, **part, "model": part_name(price["model"], part)}
        for service in price["services"]:
            yield {**price, **service, "model": part_name(price["model"], service), "source": "operator"}


def parts_of(price: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Rates for longer prompts, for hours of the day and from later days on; each names all that it is for."""
    for tier in price.get("tiers", ()):
        yield {name: price[name] for name in ("at", "weekdays", "since") if name in price} | tier
    for hours in price.get("hours", ()):
        whole = {name: price[name] for name in ("since",) if name in price} | hours
        yield whole
        yield from parts_of(whole)
    for later in price.get("later", ()):
        yield later
        yield from parts_of(later)


def part_name(model: str, part: Mapping[str, Any]) -> str:
    """A model, and what answers or prompts a part of its price is for."""
    if text := label(part):
        return f"{model} ({text})"
    return model


def label(part: Mapping[str, Any]) -> str:
    """What a part of a price is for."""
    words = []
    if "since" in part:
        words.append(f"from {part['since']}")
    if "at" in part:
        words.append(f"{part['at']} UTC")
    if part.get("weekdays"):
        words.append("Monday to Friday")
    if "above" in part:
        words.append(f"above {part['above']:,} tokens")
    if "tier" in part:
        words.append(part["tier"])
    return ", ".join(words)
