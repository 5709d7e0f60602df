"""`aihub-lite route …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command, given
from aihub_lite.cli.output import dollars, print_table

route_app = typer.Typer(
    help="In which order the channels of a model are tried.", no_args_is_help=True, rich_markup_mode=None
)
Model = Annotated[str, typer.Argument(metavar="MODEL", show_default=False)]
COLUMNS = {
    "place": "#",
    "channel": "CHANNEL",
    "upstream_model": "UPSTREAM MODEL",
    "priority": "PRIORITY",
    "weight": "WEIGHT",
    "cost": "COST",
    "first_content_ms": "FIRST CONTENT MS",
    "why": "WHY",
}
SET_FOR = {"model": "set for the model", "all": "set for all models", "default": "the default"}


@command(route_app, "set")
def set_strategy(
    at: Desk,
    first: Annotated[str, typer.Argument(metavar="MODEL|STRATEGY", show_default=False)],
    second: Annotated[
        str | None,
        typer.Argument(metavar="STRATEGY", help="priority, cheapest, fastest or sticky.", show_default=False),
    ] = None,
) -> None:
    """Order the channels of MODEL, or of all models, by STRATEGY."""
    # Two words are a model and a strategy, one is a strategy.
    body = {"strategy": first} if second is None else {"model": first, "strategy": second}
    answer = at.call("PUT", "strategies", body=body)
    if not at.told(answer):
        missing = "" if answer["offered"] else " No channel offers it yet."
        print(f"{answer['model'] or 'All models'}: {answer['strategy']}.{missing}")


@command(route_app, "list")
def list_strategies(at: Desk) -> None:
    """The strategies that were set."""
    answer = at.call("GET", "strategies")
    if not at.told(answer):
        rows = [{**row, "model": row["model"] or "(all)"} for row in answer]
        print_table(rows, {"model": "MODEL", "strategy": "STRATEGY"}, "No strategy set: every model goes by priority.")


@command(route_app, "delete")
def delete_strategy(at: Desk, model: Model) -> None:
    """Let MODEL go by the strategy of all models again."""
    answer = at.call("DELETE", "strategies", model)
    if not at.told(answer):
        print(f"Strategy of {answer['model']} deleted.")


@command(route_app, "explain")
def explain(
    at: Desk,
    model: Model,
    token: Annotated[
        str | None, typer.Option(metavar="NAME", help="For this token (of the default group unless given).")
    ] = None,
) -> None:
    """Which channels MODEL would go to, in which order and why; nothing is sent."""
    answer = at.call("GET", "route", model=model, **given(token=token))
    if not at.told(answer):
        print(f"{answer['model']}: {answer['strategy']} ({SET_FOR[answer['set_for']]}), group {answer['group']}.")
        print_table([_row(way) for way in answer["channels"]], COLUMNS, "No channels.")
        size = answer["assumed"]
        print(f"Costs are for {size['prompt_tokens']} prompt and {size['completion_tokens']} completion tokens.")
        if answer["refusal"]:
            print(f"Refused with {answer['refusal']['status']}: {answer['refusal']['message']}")


def _row(way: dict[str, Any]) -> dict[str, Any]:
    return {**way, "cost": dollars(way["cost_usd"])}
