"""All that one-api or new-api has: what comes along, and of each other row why it stays behind."""

from __future__ import annotations

from aihub_lite.domain.money import exact_dollars, usd
from aihub_lite.moving.move import Move, MovedCall
from aihub_lite.moving.peer import whole
from aihub_lite.moving.relay import Relay
from aihub_lite.moving.relay_channels import channels_of

CODE_USED = 3
ELSEWHERE = (
    "its log is empty, though something was used: one that it keeps in a database of its own (LOG_SQL_DSN) is given by "
    "--log-database"
)


def move_of(relay: Relay, most_calls: int) -> Move:
    """Everything that a database holds, of its log the newest calls."""
    people = [relay.person(row) for row in relay.users.values()]
    tokens = [token for row in relay.tokens if (token := relay.token(row)) is not None]
    channels = channels_of(relay)
    prices = list(relay.prices())
    relay.leave_groups()
    _leave_people(relay)
    _leave_codes(relay)
    calls = _newest_calls(relay, most_calls)
    _leave_log(relay)
    return Move(
        program=relay.program,
        people=tuple(people),
        tokens=tuple(tokens),
        channels=tuple(channels),
        prices=tuple(prices),
        calls=tuple(calls),
        left=tuple(relay.left),
    )


def _leave_people(relay: Relay) -> None:
    for number, row in relay.gone.items():
        relay.leave("person", number, row["username"], "was deleted there")
    if relay.users:
        relay.leave("setting", "", "passwords", "stay there: `invite NAME` lets a person in who sets a new one")
    if units := whole(relay.options.get("QuotaForNewUser")):
        amount = usd(relay.money.nano(units)).normalize()
        why = f"`settings set starting_credit {amount:f}` does the same here"
        relay.leave("setting", "QuotaForNewUser", exact_dollars(amount), why)


def _leave_codes(relay: Relay) -> None:
    """Codes for credit, which have no counterpart. None is printed: they are worth money."""
    for row in relay.peer.rows("redemptions"):
        amount = exact_dollars(usd(relay.money.nano(whole(row["quota"]))))
        why = f"a code for {amount} that nobody has used: `credit add` gives credit here"
        if whole(row["status"]) == CODE_USED:
            why = f"{amount} that somebody has got by it already"
        relay.leave("redemption", row["id"], row["name"], why)


def _newest_calls(relay: Relay, most: int) -> list[MovedCall]:
    """As many as are taken, oldest first."""
    calls: list[MovedCall] = []
    older, cost = 0, 0
    for call in relay.calls():
        if len(calls) < most:
            calls.append(call)
        else:
            older += 1
            cost += call.cost_nano
    if older:
        why = f"{exact_dollars(usd(cost))}: the newest {most} are taken, for all are written at once"
        relay.leave("log", "", f"{older} older calls", why)
    return calls[::-1]


def _leave_log(relay: Relay) -> None:
    """Rows of the log that are no calls, by their type, and those that the program itself looks at no more."""
    rows = list(relay.log.query("SELECT type, count(*) AS many FROM logs GROUP BY type ORDER BY type"))
    for row in rows:
        if why := relay.log_types.get(whole(row["type"])):
            relay.leave("log", "", f"{row['many']} rows of type {row['type']}", f"{why}: no calls")
    if relay.log is not relay.peer:
        _leave_earlier_log(relay)
    elif not rows and any(whole(row["used_quota"]) for row in relay.users.values()):
        relay.leave("log", "", "no calls", ELSEWHERE)


def _leave_earlier_log(relay: Relay) -> None:
    """What was logged in the main database before the log was kept apart."""
    if "logs" not in relay.peer.tables():
        return
    (found,) = relay.peer.query("SELECT count(*) AS many FROM logs")
    if found["many"]:
        relay.leave("log", "", f"{found['many']} rows", "in the main database, which that program reads no more")
