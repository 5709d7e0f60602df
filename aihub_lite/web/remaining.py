"""What may still be spent, as the admin API and the console show it: a row for each limit, be it a quota, a credit or a
budget. Money in USD."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.pots.budget import GATEWAY, PotKey
from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.pots.pot import Pot, Tally
from aihub_lite.web.views import Json, money, optional_moment


def token_limits(gateway: Gateway, token: Token) -> list[Json]:
    """A token's quota and budgets."""
    balance = gateway.ledger.balances[token.id]
    wall = gateway.clock.wall()
    whose = {"whose": "token", "name": token.name}
    rows = []
    if token.quota_nano is not None:
        rows.append({**whose, **limit_json("quota", token.quota_nano, balance.spent, balance.held)})
    if token.budget is not None:
        row = limit_json("budget", token.budget.nano, balance.spent_now(wall), balance.held)
        start, end = window(token.budget.period, wall)
        rows.append({**whose, **row, **_times(token.budget.period, start, end)})
    return rows + pot_limits(gateway, [PotKey("token", token.id)])


def pot_limits(gateway: Gateway, keys: Iterable[PotKey]) -> list[Json]:
    """The credit and the budgets of some pots."""
    pots = [gateway.ledger.pots[key] for key in keys if key in gateway.ledger.pots]
    return [row for pot in pots for row in _rows_of(pot, gateway.clock.wall())]


def limits_of(gateway: Gateway, key: PotKey) -> list[Json]:
    """All limits of one holder, of whatever kind."""
    if key.kind == "token":
        return token_limits(gateway, gateway.registry.tokens.get(key.holder))
    return pot_limits(gateway, [key])


def _rows_of(pot: Pot, wall: float) -> list[Json]:
    whose = {"whose": pot.key.kind, "name": pot.name}
    rows = []
    if pot.credit is not None:
        rows.append({**whose, **limit_json("credit", pot.credit, pot.spent, pot.held)})
    return rows + [{**whose, **_tally_json(tally, wall)} for tally in pot.tallies]


def _tally_json(tally: Tally, wall: float) -> Json:
    budget = tally.budget
    row = limit_json("budget", budget.nano, tally.windows.at(wall), tally.held)
    times = _times(budget.period, tally.windows.start, tally.windows.end)
    return {**row, **times, "scope": budget.scope or None}


def _times(period: str, start: float, end: float) -> Json:
    return {"period": period, "since": optional_moment(start), "refills": optional_moment(end)}


def limit_json(limit: str, nano: int, spent: int, held: int) -> Json:
    """One limit; `since` is null where all is counted that was ever spent, `refills` where it never does."""
    return {
        "limit": limit,
        "scope": None,
        "period": None,
        "usd": money(nano),
        "spent_usd": money(spent),
        "held_usd": money(held),
        "left_usd": money(max(0, nano - spent - held)),
        "since": None,
        "refills": None,
    }


def tightest(rows: Sequence[Json]) -> Json | None:
    """The limit that refuses first: what has the least left of those for all requests, else of the others."""
    for_all = [row for row in rows if row["scope"] is None]
    return min(for_all or rows, key=lambda row: row["left_usd"], default=None)


def tightest_of_token(gateway: Gateway, token: Token, own: list[Json]) -> Json | None:
    """Of all that its requests draw from: its own limits, its person's, its team's and the gateway's."""
    above = [PotKey("person", token.person_id), PotKey("team", token.team_id), GATEWAY]
    return tightest(own + pot_limits(gateway, above))


def person_remaining(gateway: Gateway, person: Person) -> Json:
    """A person's own limits, and the one that refuses first of those and of the ones above."""
    own = pot_limits(gateway, [PotKey("person", person.id)])
    above = pot_limits(gateway, [PotKey("team", person.team_id), GATEWAY])
    return {"limits": own, "tightest": tightest(own + above)}


def team_remaining(gateway: Gateway, team: Team) -> Json:
    """The same for a team, which has but the gateway above it."""
    own = pot_limits(gateway, [PotKey("team", team.id)])
    return {"limits": own, "tightest": tightest(own + pot_limits(gateway, [GATEWAY]))}
