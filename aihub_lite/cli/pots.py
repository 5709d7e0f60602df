"""`aihub-lite budget …` and `aihub-lite credit …`: what people, teams, tokens and the gateway may spend."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand

from aihub_lite.cli.base.commands import NONE, AdminApi, command, without_none
from aihub_lite.cli.base.output import amount_text, exact_text, print_facts, print_table
from aihub_lite.domain.money import plain
from aihub_lite.domain.spreadsheets import inert

budget_app = typer.Typer(help="Quotas that refill.", no_args_is_help=True, rich_markup_mode=None)
credit_app = typer.Typer(help="Money that people and teams are given.", no_args_is_help=True, rich_markup_mode=None)
Who = Annotated[str, typer.Argument(metavar="WHO", help="NAME, person:NAME, team:NAME or id.", show_default=False)]
Pot = Annotated[
    str, typer.Argument(metavar="WHO", help="NAME, person:, team: or token:NAME, gateway.", show_default=False)
]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `credit requests` has it.", show_default=False)]
ENTRIES = {"at": "AT", "amount": "USD", "note": "NOTE", "by": "BY"}
LINES = ("day", "kind", "what", "requests", "usd")
"""Columns of a statement."""


class Signed(TyperCommand):
    """A command whose arguments may begin with a minus: an amount below zero is no option."""

    ignore_unknown_options = True


@command(budget_app, "list")
def list_budgets(api: AdminApi) -> None:
    """The gateway's budgets, and those of people and teams."""
    answer = api.call("GET", "pots")
    if not api.print_as_json(answer):
        rows = [row for pot in answer["pots"] for row in _budget_rows(pot)]
        columns = {"pot": "OF", "budget": "BUDGET", "spent": "SPENT", "left": "LEFT", "refills": "REFILLS"}
        print_table(rows, columns, "No budgets.")


@command(budget_app, "show")
def show_pot(api: AdminApi, who: Pot) -> None:
    """What one pot has: credits, budgets, and what is left of each."""
    _print_pot(api, api.call("GET", "pots", who))


@command(budget_app, "set")
def set_budgets(
    api: AdminApi,
    who: Pot,
    budgets: Annotated[
        list[str], typer.Argument(metavar="[MODEL=|tag:TAG=]USD/PERIOD…", help="hour, day, week, month, 30d, 5h; none.")
    ],
) -> None:
    """Give a pot these budgets in place of those that it has; what was spent in windows that stay counts on."""
    if budgets == [NONE]:
        budgets = []
    _print_pot(api, api.call("PATCH", "pots", who, body={"budgets": budgets}))


@command(credit_app, "add", cls=Signed)
def add_credit(
    api: AdminApi,
    who: Who,
    usd: Annotated[str, typer.Argument(metavar="USD", help="Below zero: a correction.", show_default=False)],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What for.")] = "",
) -> None:
    """Give credit. From the first on, WHO has no more than its credits."""
    answer = api.call("POST", "credits", who, body={"usd": usd, "note": note})
    if not api.print_as_json(answer):
        print(f"{answer['name']}: {amount_text(answer['left_usd'])} left of {amount_text(answer['credit_usd'])}.")


@command(credit_app, "list")
def list_credits(api: AdminApi, who: Who) -> None:
    """All that WHO was given, oldest first."""
    answer = api.call("GET", "credits", who)
    if not api.print_as_json(answer):
        print_table(
            [{**entry, "amount": exact_text(entry["usd"])} for entry in answer["credits"]], ENTRIES, "No credits."
        )


@command(credit_app, "statement")
def show_statement(
    api: AdminApi,
    who: Who,
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="In UTC; the running one unless given.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """What WHO had, got and spent in a month."""
    if as_csv and api.json:
        raise typer.BadParameter("--csv and --json exclude each other")
    answer = api.call("GET", "credits", who, "statement", month=month)
    if as_csv:
        write_statement(sys.stdout, answer)
    elif not api.print_as_json(answer):
        sums = {name: exact_text(answer[f"{name}_usd"]) for name in ("before", "credited", "spent", "after")}
        print_facts({"of": answer["name"], "month": answer["month"], **sums})
        print()
        rows = [{**line, "usd": exact_text(line["usd"])} for line in answer["lines"]]
        print_table(rows, {column: column.upper() for column in LINES}, "Nothing.")


@command(credit_app, "requests")
def list_requests(
    api: AdminApi, everything: Annotated[bool, typer.Option("--all", help="The answered too.")] = False
) -> None:
    """What people ask for, newest first."""
    answer = api.call("GET", "credit-requests", answered=str(everything).lower())["requests"]
    if not api.print_as_json(answer):
        rows = [{**request, "usd": amount_text(request["usd"])} for request in answer]
        columns = {"id": "NUMBER", "person": "WHO", "usd": "USD", "note": "NOTE", "at": "AT", "state": "STATE"}
        print_table(rows, columns, "Nobody asks for anything.")


@command(credit_app, "give")
def give_credit(
    api: AdminApi,
    number: Number,
    usd: Annotated[str | None, typer.Option(metavar="USD", help="Another amount than was asked for.")] = None,
) -> None:
    """Give what somebody asks for."""
    answer = api.call("POST", "credit-requests", str(number), "give", body=without_none(usd=usd))
    if not api.print_as_json(answer):
        print(f"{answer['name']}: {amount_text(answer['left_usd'])} left of {amount_text(answer['credit_usd'])}.")


@command(credit_app, "refuse")
def refuse_credit(api: AdminApi, number: Number) -> None:
    """Answer a request with no."""
    answer = api.call("POST", "credit-requests", str(number), "refuse")
    if not api.print_as_json(answer):
        print(f"{answer['name']} was refused more credit.")


def budget_text(budget: Mapping[str, Any]) -> str:
    """`claude-opus-*=5.00/day: $1.20 spent, refills 2027-01-31T00:00:00Z`."""
    return f"{budget['budget']}: {amount_text(budget['spent_usd'])} spent, refills {budget['refills']}"


def _budget_rows(pot: Mapping[str, Any]) -> list[dict[str, Any]]:
    name = pot["kind"]
    if pot["name"]:
        name = f"{pot['kind']}:{pot['name']}"
    return [
        {
            "pot": name,
            "budget": budget["budget"],
            "spent": amount_text(budget["spent_usd"]),
            "left": amount_text(budget["left_usd"]),
            "refills": budget["refills"],
        }
        for budget in pot["budgets"]
    ]


def _print_pot(api: AdminApi, pot: Mapping[str, Any]) -> None:
    if api.print_as_json(pot):
        return
    amounts = {name: amount_text(pot[f"{name}_usd"]) for name in ("spent", "held")}
    if pot["credit_usd"] is not None:
        amounts.update(credit=amount_text(pot["credit_usd"]), left=amount_text(pot["left_usd"]))
    print_facts({"of": pot["name"] or pot["kind"], **amounts})
    for budget in pot["budgets"]:
        print(budget_text(budget))


def write_statement(file: TextIO, statement: Mapping[str, Any]) -> None:
    """A month's lines, which spreadsheets can add up: their sum is what is left at its end."""
    table = csv.writer(file, lineterminator="\n")
    table.writerow(LINES)
    for line in statement["lines"]:
        table.writerow([line["day"], line["kind"], inert(line["what"]), line["requests"], plain(line["usd"])])
