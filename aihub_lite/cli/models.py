"""`aihub-lite model …` and `aihub-lite alias …`: what clients may ask for, and by which other names."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import AdminApi, Limit, Search, command, split_list, tokens_of, without_none
from aihub_lite.cli.base.output import exact_text, print_facts, print_table

model_app = typer.Typer(help="What clients may ask for.", no_args_is_help=True, rich_markup_mode=None)
alias_app = typer.Typer(help="Other public names of models.", no_args_is_help=True, rich_markup_mode=None)
Alias = Annotated[str, typer.Argument(metavar="ALIAS", show_default=False)]
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
AT_CHANNEL = {
    "channel": "CHANNEL",
    "group": "GROUP",
    "upstream_model": "UPSTREAM MODEL",
    "context_window": "CONTEXT",
    "input": "INPUT",
    "output": "OUTPUT",
    "source": "SOURCE",
}


@command(model_app, "list")
def list_models(
    api: AdminApi,
    token: Annotated[str | None, typer.Option(metavar="NAME", help="Only those that this token may use.")] = None,
    q: Search = None,
    limit: Limit = None,
) -> None:
    """Every model with its aliases, channels and price (USD per million tokens)."""
    answer = api.rows("models", q, limit, **without_none(token=token))
    if not api.print_as_json(answer):
        print_table([_row(model) for model in answer], COLUMNS, "No models.")


@command(model_app, "show")
def show_model(api: AdminApi, model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)]) -> None:
    """One model by any of its names, with what it costs at each channel."""
    answer = api.call("GET", "models", model)
    if not api.print_as_json(answer):
        print_facts({name: value for name, value in answer.items() if name not in ("channels", "unpriced")})
        print_table([_at_channel(channel) for channel in answer["channels"]], AT_CHANNEL, "")


@command(model_app, "set")
def say_of_model(
    api: AdminApi,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    context: Annotated[str | None, typer.Option(metavar="TOKENS", help="Its context window, like 128k.")] = None,
    can: Annotated[
        str | None, typer.Option(metavar="A,B", help="Of tools, image, audio, file, structured, reasoning.")
    ] = None,
    cannot: Annotated[str | None, typer.Option(metavar="A,B", help="Of the same.")] = None,
) -> None:
    """Say what MODEL takes and can do, in place of what was said before: routes go by it."""
    fields = {"can": split_list(can) or [], "cannot": split_list(cannot) or []}
    body = {**fields, **without_none(context_length=context and tokens_of("--context", context))}
    answer = api.call("PUT", "models", model, body=body)
    if not api.print_as_json(answer):
        print_facts(answer)


@command(model_app, "unset")
def forget_of_model(api: AdminApi, model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)]) -> None:
    """Go by what the upstream's list and the table say of MODEL again."""
    answer = api.call("DELETE", "models", model)
    if not api.print_as_json(answer):
        print(f"Nothing is said of {answer['model']} any more.")


def _at_channel(channel: dict[str, Any]) -> dict[str, Any]:
    return {**channel, **_rates(channel["price"])}


def _row(model: dict[str, Any]) -> dict[str, Any]:
    """The price is that of the channel tried first; one that differs elsewhere is in `price list`."""
    channels = [channel["channel"] for channel in model["channels"]]
    return {**model, **_rates(model["channels"][0]["price"]), "channels": channels}


def _rates(price: dict[str, Any]) -> dict[str, Any]:
    rates = {"input": "-", "output": "-"}
    if not price["unpriced"]:
        rates = {kind: exact_text(price[kind]) for kind in rates}
    source = price["source"]
    if price["free"]:
        source = "free"
    return {**rates, "source": source}


@command(alias_app, "set")
def set_alias(
    api: AdminApi, alias: Alias, model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)]
) -> None:
    """Let ALIAS lead to MODEL."""
    answer = api.call("POST", "aliases", body={"alias": alias, "model": model})
    if not api.print_as_json(answer):
        note = ""
        if not answer["leads_to"]:
            note = " No channel offers it yet."
        print(f"Alias {answer['alias']} leads to {answer['model']}.{note}")


@command(alias_app, "list")
def list_aliases(api: AdminApi, q: Search = None, limit: Limit = None) -> None:
    """The aliases that were set; the built-in ones work beside them."""
    answer = api.rows("aliases", q, limit)
    if not api.print_as_json(answer):
        print_table(answer, {"alias": "ALIAS", "model": "MODEL", "leads_to": "LEADS TO"}, "No aliases set.")


@command(alias_app, "delete")
def delete_alias(api: AdminApi, alias: Alias) -> None:
    """Remove an alias."""
    answer = api.call("DELETE", "aliases", alias)
    if not api.print_as_json(answer):
        print(f"Alias {answer['alias']} deleted.")
