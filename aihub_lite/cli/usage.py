"""`aihub-lite usage`, `statistics`, `overview` and `status`: what was used, what it cost, and how it goes now."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, TextIO

import typer

from aihub_lite.cli.base.commands import AdminApi, change, command, without_none
from aihub_lite.cli.base.output import amount_text, print_facts, print_table
from aihub_lite.domain.money import plain
from aihub_lite.domain.spreadsheets import inert

usage_app = typer.Typer(rich_markup_mode=None)
view_app = typer.Typer(
    help="Views of the console's statistics, saved by name.", no_args_is_help=True, rich_markup_mode=None
)
SUMS = ("requests", "errors", "prompt_tokens", "completion_tokens", "cost_usd", "first_byte_ms")
ATTENTION = {"kind": "NEEDS ATTENTION", "subject": "WHAT", "detail": "DETAIL"}
NEWS = {"at": "MODELS", "channel": "CHANNEL", "new": "NEW", "vanished": "GONE", "kept": "GONE, KEPT"}
FIGURES = ("requests", "errors", "interrupted", "prompt_tokens", "completion_tokens", "cost_usd")
DAY = "day"
By = Annotated[
    str,
    typer.Option(
        metavar="WHAT[,WHAT]",
        help="What to sum by, one or two of model, token, person, team, tag, user, channel, asked, surface, outcome, "
        "client, error.",
    ),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")]


def filters(
    token: Annotated[str | None, typer.Option(metavar="NAME", help="Of this token alone.")] = None,
    person: Annotated[str | None, typer.Option(metavar="NAME", help="Of this person's tokens alone.")] = None,
    team: Annotated[str | None, typer.Option(metavar="NAME", help="Of this team's people and tokens alone.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="With this tag alone.")] = None,
    user: Annotated[str | None, typer.Option(metavar="USER", help="For this end user alone.")] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="For this model alone.")] = None,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="That this channel served alone.")] = None,
) -> dict[str, Any]:
    """Which requests count."""
    return without_none(token=token, person=person, team=team, tag=tag, user=user, model=model, channel=channel)


@command(usage_app, "usage", groups=(filters,))
def show_usage(
    api: AdminApi,
    chosen: dict[str, Any],
    by: By = "model",
    since: Annotated[str, typer.Option(metavar="7d|DATE", help="From when on.")] = "7d",
    days: Annotated[bool, typer.Option("--days", help="Each day (UTC) by itself, like --by day,WHAT.")] = False,
    as_csv: AsCsv = False,
) -> None:
    """What was used and what it cost."""
    if as_csv and api.json:
        raise typer.BadParameter("--csv and --json exclude each other")
    if days:
        chosen["days"] = "true"
    answer = api.call("GET", "usage", by=by, since=since, **chosen)
    names = [name for name in by.split(",") if name != DAY]
    if days or DAY in by.split(","):
        names.insert(0, DAY)
    if as_csv:
        write_csv(sys.stdout, names, answer)
    elif not api.print_as_json(answer):
        rows = [{**row, "cost_usd": amount_text(row["cost_usd"])} for row in answer]
        print_table(rows, _headings((*names, *FIGURES)), "No requests.")


@command(usage_app, "statistics", groups=(filters,))
def show_statistics(
    api: AdminApi,
    chosen: dict[str, Any],
    by: By = "model",
    span: Annotated[str, typer.Option(metavar="24h|7d|30d", help="Up to now.")] = "7d",
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="Instead of a span.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Instead of a span.")] = None,
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Whose days: Europe/Berlin.")] = "UTC",
    as_csv: AsCsv = False,
) -> None:
    """What was used and how fast it was, as the console draws it; --json has every hour or day of it too."""
    if as_csv and api.json:
        raise typer.BadParameter("--csv and --json exclude each other")
    ends: dict[str, Any] = {name: text for name, text in (("from", first), ("to", last)) if text is not None}
    answer = api.call("GET", "statistics", by=by, span=span, zone=zone, measured="true", **ends, **chosen)
    names = by.split(",")
    if as_csv:
        write_csv(sys.stdout, names, answer["members"], SUMS)
    elif not api.print_as_json(answer):
        rows = [
            {**row, **_speeds(row["quality"]), "cost_usd": amount_text(row["cost_usd"])} for row in answer["members"]
        ]
        print_table(rows, _headings((*names, *SUMS, *SPEEDS)), "No requests.")


SPEEDS = ("p50", "p99", "tokens_s", "cached", "saved")


def _speeds(quality: Mapping[str, Any] | None) -> dict[str, Any]:
    """How long answers took in ms, how fast they were written, and what caches did."""
    if quality is None:
        return dict.fromkeys(SPEEDS)
    cached = None
    if quality["cache_hit_rate"] is not None:
        cached = f"{100 * quality['cache_hit_rate']:.0f} %"
    return {
        "p50": quality["duration_ms"]["p50"],
        "p99": quality["duration_ms"]["p99"],
        "tokens_s": quality["tokens_per_second"],
        "cached": cached,
        "saved": amount_text(quality["cache_saved_usd"]),
    }


@command(view_app, "list")
def list_views(api: AdminApi) -> None:
    """Views of the console's statistics that were saved by name."""
    answer = api.call("GET", "views")
    if not api.print_as_json(answer):
        print_table(answer, {"name": "NAME", "query": "QUERY"}, "No views.")


@command(view_app, "save")
def save_view(
    api: AdminApi,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.", show_default=False)],
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="span=30d&by=person,model, as in its address.", show_default=False)
    ],
) -> None:
    """Save a view by name, or another one under the same name."""
    answer = api.call("PUT", "views", name, body={"query": query.removeprefix("?")})
    if not api.print_as_json(answer):
        print(f"View {answer['name']} saved: {answer['query']}")


@command(view_app, "delete")
def delete_view(
    api: AdminApi,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The view's name.", show_default=False)],
) -> None:
    """Forget a saved view."""
    change(api, "View", "deleted", "DELETE", "views", name)


@command(usage_app, "overview")
def show_overview(api: AdminApi) -> None:
    """The last 24 hours, the cost of this month, and what somebody should look at."""
    answer = api.call("GET", "overview")
    if not api.print_as_json(answer):
        day = answer["day"]
        print_facts({**day, "cost_usd": amount_text(day["cost_usd"])})
        print()
        month = answer["month"]
        print_facts({"month_since": month["start"], "cost_usd": amount_text(month["cost_usd"])})
        print()
        print_table(answer["attention"], ATTENTION, "Nothing needs attention.")
        if answer["news"]:
            print()
            print_table(answer["news"], NEWS, "")


@command(usage_app, "status")
def show_status(api: AdminApi) -> None:
    """Requests, holds, connections and tasks at the moment, of the gateway that answers."""
    answer = api.call("GET", "status")
    if not api.print_as_json(answer):
        print_facts(answer)


def _headings(columns: Iterable[str]) -> dict[str, str]:
    return {column: column.upper().replace("_", " ").removesuffix(" USD") for column in columns}


def write_csv(
    file: TextIO, names: Sequence[str], rows: Iterable[Mapping[str, Any]], figures: tuple[str, ...] = FIGURES
) -> None:
    """A table that spreadsheets can open, whatever models and tokens are called; `names` are its first columns."""
    table = csv.DictWriter(file, (*names, *figures), lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    for row in rows:
        texts = {name: inert(row[name]) for name in names}
        table.writerow({**row, **texts, "cost_usd": plain(row["cost_usd"])})
