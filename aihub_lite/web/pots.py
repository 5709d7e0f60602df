"""Pots as the admin API shows them: what is spent, on hold and left of each of their limits. Money in USD."""

from __future__ import annotations

from collections.abc import Iterable

from aihub_lite.domain.pots.budget import GATEWAY, PotKey
from aihub_lite.domain.pots.credit import Credit, CreditRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.credits import Statement
from aihub_lite.gateway.pots.pot import Pot, Tally
from aihub_lite.web.remaining import limits_of, tightest
from aihub_lite.web.views import Json, moment_text, money, optional_moment, optional_money

DAY = 86_400
KINDS = ("balance", "credit", "usage")
"""Of a statement's lines: what was there before the month, what came, what was spent."""


def budgets_json(gateway: Gateway, key: PotKey) -> list[Json]:
    """The budgets of a pot, each with what its running window has seen, since when, and when it refills."""
    pot = gateway.ledger.pots.get(key)
    if pot is None:
        return []
    wall = gateway.clock.wall()
    return [_budget_json(tally, wall) for tally in pot.tallies]


def _budget_json(tally: Tally, wall: float) -> Json:
    budget = tally.budget
    spent = tally.windows.at(wall)
    return {
        "budget": budget.text,
        "of": budget.scope or None,
        "usd": money(budget.nano),
        "period": budget.period,
        "spent_usd": money(spent),
        "held_usd": money(tally.held),
        "left_usd": money(max(0, tally.left(wall))),
        "since": moment_text(tally.windows.start),
        "refills": moment_text(tally.windows.end),
    }


async def pot_json(gateway: Gateway, key: PotKey) -> Json:
    """A pot with its credits and budgets; `credit_usd` and `left_usd` are null where no credit limits it. Raises
    NotFound."""
    name = gateway.pots.name_of(key)
    pot = gateway.ledger.pots.get(key)
    if pot is None:
        pot = Pot(key, name)
    spent = pot.spent
    held = pot.held
    if key.kind == "token":
        spent = gateway.ledger.balances[key.holder].spent
        held = gateway.ledger.balances[key.holder].held
    elif key == GATEWAY:
        spent = await gateway.pots.book.spent(key)
        held = gateway.ledger.held
    limits = limits_of(gateway, key)
    left = pot.credit_left
    if left is not None:
        left = max(0, left)
    return {
        "kind": key.kind,
        "id": key.holder,
        "name": name,
        "credit_usd": optional_money(pot.credit),
        "spent_usd": money(spent),
        "held_usd": money(held),
        "left_usd": optional_money(left),
        "budgets": budgets_json(gateway, key),
        "limits": limits,
        "tightest": tightest(limits),
    }


def credit_json(credit: Credit) -> Json:
    """One entry."""
    return {
        "id": credit.id,
        "at": moment_text(credit.at),
        "usd": money(credit.nano),
        "note": credit.note,
        "by": credit.by,
    }


def request_json(gateway: Gateway, request: CreditRequest) -> Json:
    """What somebody asks for; `state` is `open`, `given` or `refused`."""
    person = gateway.people.persons.get(request.person_id)
    name = ""
    if person is not None:
        name = person.name
    return {
        "id": request.id,
        "person": name,
        "person_id": request.person_id,
        "usd": money(request.nano),
        "note": request.note,
        "at": moment_text(request.at),
        "state": request.state,
        "answered_by": request.answered_by,
        "answered_at": optional_moment(request.answered_at),
    }


def statement_json(statement: Statement) -> Json:
    """A month: `before_usd + credited_usd - spent_usd` is `after_usd`, to the nano-dollar."""
    return {
        "kind": statement.pot.kind,
        "id": statement.pot.holder,
        "name": statement.name,
        "month": statement.month,
        "from": moment_text(statement.start),
        "to": moment_text(statement.end),
        "before_usd": money(statement.before),
        "credited_usd": money(statement.credited),
        "spent_usd": money(statement.spent),
        "after_usd": money(statement.after),
        "requests": sum(day.requests for day in statement.days),
        "lines": statement_lines(statement),
        "credits": [credit_json(credit) for credit in statement.credits],
        "days": [
            {
                "day": moment_text(day.day * DAY)[:10],
                "model": day.model,
                "requests": day.requests,
                "cost_usd": money(day.nano),
            }
            for day in statement.days
        ],
    }


async def statement_view(gateway: Gateway, key: PotKey, month: str) -> Json:
    """The statement of a month, the running one where it is empty, with its sums by model."""
    statement = statement_json(await gateway.credits.statement(key, month))
    return {**statement, "models": by_model(statement["days"])}


def statement_lines(statement: Statement) -> list[Json]:
    """What a statement is the sum of, by day: their `usd` together are what is left at its end."""
    lines = [_line(statement.start, "balance", "", None, statement.before)]
    lines += [_line(credit.at, "credit", credit.note, None, credit.nano) for credit in statement.credits]
    lines += [_line(day.day * DAY, "usage", day.model, day.requests, -day.nano) for day in statement.days]
    return sorted(lines, key=lambda line: (line["day"], KINDS.index(line["kind"])))


def _line(at: int, kind: str, what: str, requests: int | None, nano: int) -> Json:
    return {"day": moment_text(at)[:10], "kind": kind, "what": what, "requests": requests, "usd": money(nano)}


def by_model(days: Iterable[Json]) -> list[Json]:
    """A statement's days together, by model, dearest first. Exact: each is read back to nano-dollars."""
    sums: dict[str, list[int]] = {}
    for day in days:
        together = sums.setdefault(day["model"], [0, 0])
        together[0] += day["requests"]
        together[1] += round(day["cost_usd"] * 1_000_000_000)
    rows = [{"model": model, "requests": count, "cost_usd": money(nano)} for model, (count, nano) in sums.items()]
    return sorted(rows, key=lambda row: (-row["cost_usd"], row["model"]))
