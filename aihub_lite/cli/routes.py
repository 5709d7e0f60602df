"""`aihub-lite route …`; of a route's models, each option counts for the model that was named before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from aihub_lite.cli.base.commands import AdminApi, command, one_or_all, split_list, tokens_of, without_none
from aihub_lite.cli.base.output import exact_text, print_table

STEPS = "aihub_lite.steps"
"""Where a command finds what was said of its steps, in order."""
MODELS = ("try_", "then")
CONDITIONS = ("below_budget", "over_tokens", "tag", "hours")

Try = Annotated[
    list[str] | None,
    typer.Option("--try", metavar="MODEL", help="The model that is tried first, by any of its names."),
]
Then = Annotated[list[str] | None, typer.Option("--then", metavar="MODEL", help="The next one; may be repeated.")]
BelowBudget = Annotated[
    list[str] | None,
    typer.Option(
        "--below-budget",
        metavar="PERCENT",
        help="The model named before is tried only while the token has less than that left, like 20%.",
    ),
]
OverTokens = Annotated[
    list[str] | None,
    typer.Option("--over-tokens", metavar="N", help="… only for prompts of more tokens than that, like 100k."),
]
Tag = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="… only for requests with this tag in their header x-aihub-tags."),
]
Hours = Annotated[
    list[str] | None,
    typer.Option("--hours", metavar="FROM-TO[@ZONE]", help="… only in these hours, like 00:30-08:30@UTC."),
]
On = Annotated[
    str | None,
    typer.Option(
        metavar="REASONS",
        help="When the next model is tried: down,rate,quota,context,content,slow (down,rate,quota,context).",
    ),
]
Patience = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="For slow: how long a model has for its first byte, which of a whole answer comes with its last.",
    ),
]


route_app = typer.Typer(
    help="Names that are asked for like models, and in which order models and channels are tried.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
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


class StepsCommand(TyperCommand):
    """A command that remembers in which order its options came: by themselves they are a list each."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As usual, and once more for the order."""
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        said = {name: iter(values[name]) for name in (*MODELS, *CONDITIONS) if isinstance(values.get(name), list)}
        ctx.meta[STEPS] = [(param.name, next(said[param.name])) for param in order if param.name in said]
        return super().parse_args(ctx, args)


def steps_of(ctx: typer.Context) -> list[dict[str, Any]] | None:
    """The steps as the admin API takes them; None where none was named. Raises BadParameter."""
    said = ctx.meta.get(STEPS, [])
    if not said:
        return None
    return list(_steps(said))


def _steps(said: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    step: dict[str, Any] = {}
    for name, value in said:
        if name in MODELS:
            if step:
                yield step
            step = {"model": value}
        elif not step:
            raise typer.BadParameter(f"--{name.replace('_', '-')} comes after the model that it is for")
        else:
            step[name] = _value(name, value)
    yield step


def _value(name: str, text: str) -> str | int:
    if name == "below_budget":
        return tokens_of("--below-budget", text.removesuffix("%"))
    if name == "over_tokens":
        return tokens_of("--over-tokens", text)
    return text


def fields_of(ctx: typer.Context, on: str | None, patience: float | None) -> dict[str, Any]:
    """What the options say of a route, as the admin API takes it."""
    fields: dict[str, Any] = {}
    steps = steps_of(ctx)
    if steps is not None:
        fields["steps"] = steps
    if on is not None:
        fields["on"] = split_list(on)
    if patience is not None:
        fields["patience"] = patience
    return fields


def conditions_text(step: dict[str, Any]) -> str:
    """When a step is tried, as the command line says it; empty where always."""
    said = []
    if step["below_budget"] is not None:
        said.append(f"--below-budget {step['below_budget']}%")
    if step["over_tokens"] is not None:
        said.append(f"--over-tokens {step['over_tokens']}")
    if step["tag"]:
        said.append(f"--tag {step['tag']}")
    if step["hours"]:
        said.append(f"--hours {step['hours']}")
    return " ".join(said)


@command(route_app, "create", cls=StepsCommand)
def create_route(
    api: AdminApi,
    ctx: typer.Context,
    name: Name,
    try_: Try = None,
    then: Then = None,
    on: On = None,
    patience: Patience = None,
    below_budget: BelowBudget = None,
    over_tokens: OverTokens = None,
    tag: Tag = None,
    hours: Hours = None,
) -> None:
    """Add a route: clients see NAME among the models, and call it like one.

    Its models are tried in order; one whose conditions do not hold, or that cannot do what is asked, is passed over.
    """
    answer = api.call("POST", "routes", body={"name": name, **fields_of(ctx, on, patience)})
    if not api.print_as_json(answer):
        print(f"Route {answer['name']} created: {models_text(answer)}.")


@command(route_app, "set", cls=StepsCommand)
def set_route(
    api: AdminApi,
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="NAME|MODEL|STRATEGY", show_default=False)],
    second: Annotated[
        str | None,
        typer.Argument(metavar="STRATEGY", help="priority, cheapest, fastest or sticky.", show_default=False),
    ] = None,
    try_: Try = None,
    then: Then = None,
    on: On = None,
    patience: Patience = None,
    below_budget: BelowBudget = None,
    over_tokens: OverTokens = None,
    tag: Tag = None,
    hours: Hours = None,
) -> None:
    """Change the route NAME by its options; without one, order the channels of MODEL, or of all models, by STRATEGY."""
    fields = fields_of(ctx, on, patience)
    if not fields:
        _set_strategy(api, first, second)
        return
    if second is not None:
        raise typer.BadParameter("a route has no strategy: its models have")
    answer = api.call("PATCH", "routes", first, body=fields)
    if not api.print_as_json(answer):
        print(f"Route {answer['name']}: {models_text(answer)}.")


def _set_strategy(api: AdminApi, first: str, second: str | None) -> None:
    # Two words are a model and a strategy, one is a strategy.
    body = {"strategy": first}
    if second is not None:
        body = {"model": first, "strategy": second}
    answer = api.call("PUT", "strategies", body=body)
    if not api.print_as_json(answer):
        note = ""
        if not answer["offered"]:
            note = " No channel offers it yet."
        print(f"{answer['model'] or 'All models'}: {answer['strategy']}.{note}")


@command(route_app, "list")
def list_routes(api: AdminApi) -> None:
    """The routes, and the strategies that were set."""
    routes = api.rows("routes", None, None)
    strategies = api.call("GET", "strategies")
    if api.print_as_json({"routes": routes, "strategies": strategies}):
        return
    if routes:
        rows = [{**route, "models": models_text(route), "on": reasons_text(route)} for route in routes]
        print_table(rows, {"name": "ROUTE", "models": "MODELS", "on": "ON"}, "")
        print()
    rows = [{**row, "model": row["model"] or "(all)"} for row in strategies]
    print_table(rows, {"model": "MODEL", "strategy": "STRATEGY"}, "No strategy set: every model goes by priority.")


@command(route_app, "show")
def show_route(api: AdminApi, name: Name) -> None:
    """The models of the route NAME, each with its conditions."""
    answer = api.call("GET", "routes", name)
    if not api.print_as_json(answer):
        print(f"{answer['name']}: on {reasons_text(answer)}.")
        if answer["hidden"]:
            print("A channel offers a model of this name: clients get that, and never the route.")
        rows = [
            {"#": number, **step, "conditions": conditions_text(step)} for number, step in enumerate(answer["steps"], 1)
        ]
        print_table(rows, {"#": "#", "model": "MODEL", "leads_to": "LEADS TO", "conditions": "ONLY WITH"}, "")


@command(route_app, "delete")
def delete_route(
    api: AdminApi,
    name: Annotated[str | None, typer.Argument(metavar="[NAME|MODEL]", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="The strategy of all models: back to priority.")] = False,
) -> None:
    """Remove the route NAME, or let MODEL go by the strategy of all models again."""
    path = [each for each in [one_or_all(name, everything, "a route or a model")] if each is not None]
    if any(route["name"] in path for route in api.rows("routes", None, None)):
        answer = api.call("DELETE", "routes", *path)
        done = f"Route {answer['name']} deleted."
    else:
        answer = api.call("DELETE", "strategies", *path)
        done = f"Strategy of {answer['model'] or 'all models'} deleted."
    if not api.print_as_json(answer):
        print(done)


def models_text(route: dict[str, Any]) -> str:
    """The models of a route in their order; what only holds under conditions has a mark."""
    return ", then ".join(f"{step['model']}{'*' if conditions_text(step) else ''}" for step in route["steps"])


def reasons_text(route: dict[str, Any]) -> str:
    """When a route goes on to the next model."""
    reasons = ",".join(route["on"]) or "nothing"
    if route["patience"] is not None:
        reasons += f" (after {route['patience']:g} s)"
    return reasons


@command(route_app, "explain")
def explain(
    api: AdminApi,
    name: Annotated[str, typer.Argument(metavar="NAME|MODEL", show_default=False)],
    token: Annotated[
        str | None, typer.Option(metavar="NAME", help="For this token (of the default group unless given).")
    ] = None,
    request: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For this request: the JSON that a client would post.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(metavar="PATH", help="Where it would be posted (/v1/chat/completions).")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="TAG", help="A tag of the request.")] = None,
) -> None:
    """Which models and channels a request for NAME would go to, in which order and why; nothing is sent."""
    body = without_none(model=name, token=token, request=request and read_request(request), endpoint=endpoint)
    answer = api.call("POST", "route", body={**body, "tags": tag or []})
    if api.print_as_json(answer):
        return
    columns = COLUMNS
    if answer["route"] is None:
        print(f"{answer['model']}: {answer['strategy']} ({SET_FOR[answer['set_for']]}), group {answer['group']}.")
    else:
        print(f"{answer['model']}: route, on {reasons_text(answer['route'])}, group {answer['group']}.")
        columns = {"place": "#", "model": "MODEL", **COLUMNS}
    print_table([_row(channel) for channel in answer["channels"]], columns, "No channels.")
    for passed in answer["passed"]:
        print(f"Passed over: {passed['model']}: {passed['why']}.")
    size = answer["assumed"]
    print(f"Costs are for {size['prompt_tokens']} prompt and {size['completion_tokens']} completion tokens.")
    if answer["refusal"]:
        print(f"Refused with {answer['refusal']['status']}: {answer['refusal']['message']}")
    if answer["waits_ms"] is not None:
        print(f"Every channel is full: the request waits, for {answer['waits_ms'] / 1000:.1f} s at least.")


def read_request(path: Path) -> dict[str, Any]:
    """The JSON object in a file; raises BadParameter."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise typer.BadParameter(f"--request: {path} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise typer.BadParameter(f"--request: {path} holds no JSON object")
    return value


def _row(channel: dict[str, Any]) -> dict[str, Any]:
    return {**channel, "cost": exact_text(channel["cost_usd"])}
