"""Everything of ours that an import left, by the names of the program that it is from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import attrs

from aihub_lite.domain.catalog import Model
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.money import Price
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.pots.credit import Credit
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.moving.arrivals import Imported
from aihub_lite.storage.requests.filters import RecordFilter
from aihub_lite.storage.usage import Usages, UsageSum


@attrs.frozen(kw_only=True)
class Held:
    """What a gateway holds."""

    tokens: dict[str, Token]
    """By digest."""
    spent: dict[str, int]
    """By token id."""
    left: dict[str, int | None]
    people: dict[str, Person]
    """By name."""
    credits: dict[str, list[Credit]]
    credit_left: dict[str, int | None]
    channels: list[Channel]
    sources: dict[str, Channel]
    """Channels by what they were there, `id@group`."""
    offered: dict[str, Model]
    prices: dict[str, Price]
    hosted: dict[str, HostedRates]
    records: list[UsageRecord]
    by_model: list[UsageSum]
    charged: int


async def held_by(gateway: Gateway, program: str) -> Held:
    """All of it, read as it is after a restart."""
    live = gateway.registry.live_catalog
    known = await Imported(gateway.database).load(program)
    channels = live.channels
    sources = {
        f"{source.partition('.')[0]}@{source.partition('@')[2]}": channels[our_id]
        for (noun, source), our_id in known.items()
        if noun == "channel"
    }
    people = {person.name: person for person in gateway.people.persons.values()}
    keys = {name: PotKey("person", person.id) for name, person in people.items()}
    wall = gateway.clock.wall()
    usages = Usages(gateway.database)
    charged = await gateway.database.read("SELECT sum(charge_nano) AS nano FROM usage_days")
    return Held(
        tokens=dict(gateway.registry.tokens.by_digest),
        spent={token_id: balance.spent for token_id, balance in gateway.ledger.balances.items()},
        left={token_id: balance.left(wall) for token_id, balance in gateway.ledger.balances.items()},
        people=people,
        credits={name: await gateway.pots.credits.of(key) for name, key in keys.items()},
        credit_left={name: gateway.ledger.pots[key].credit_left for name, key in keys.items()},
        channels=list(channels.values()),
        sources=sources,
        offered=dict(live.offered.models),
        prices=live.prices,
        hosted=live.hosted_prices,
        records=[record for _, record in await usages.records(RecordFilter(), limit=1000)],
        by_model=await usages.sums("model", 0),
        charged=charged[0]["nano"],
    )


def sums(records: Iterable[UsageRecord], key: str) -> dict[str, dict[str, int]]:
    """Those of calls that went well, as `expected.json` has them of a log; cost in nano-USD."""
    groups: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("rows", "cost", "in", "out"), 0))
    for record in records:
        if record.outcome != "ok":
            continue
        group = groups[str(getattr(record, key))]
        group["rows"] += 1
        group["cost"] += record.cost_nano
        group["in"] += record.usage.prompt_tokens
        group["out"] += record.usage.completion_tokens
    return dict(groups)


def logged(figures: dict[str, Any], cached: int = 0) -> dict[str, int]:
    """The same of `expected.json`; `cached` are tokens of the prompt that its figure leaves out."""
    prompt = figures["prompt_tokens"] + cached
    return {
        "rows": figures["rows"],
        "cost": figures["quota"] * 2000,
        "in": prompt,
        "out": figures["completion_tokens"],
    }


def rows_of(held: Held) -> dict[str, tuple[int, ...]]:
    """The rows there that each channel here is made of, by its name: a row may be several, and several may be one."""
    rows: defaultdict[str, set[int]] = defaultdict(set)
    for source, channel in held.sources.items():
        rows[channel.name].add(int(source.partition("@")[0]))
    return {name: tuple(sorted(numbers)) for name, numbers in rows.items()}


def sums_by_channel(held: Held) -> dict[str, dict[str, int]]:
    """As `sums`, by the rows that a channel is made of."""
    rows = rows_of(held)
    renamed = [attrs.evolve(record, channel=str(rows[record.channel])) for record in held.records]
    return sums(renamed, "channel")


def logged_by_channel(held: Held, by_row: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The same of `expected.json`, by the rows that became one channel."""
    together: dict[str, dict[str, int]] = {}
    for rows in {*rows_of(held).values()}:
        figures = [logged(by_row[str(row)]) for row in rows if str(row) in by_row]
        if figures:
            together[str(rows)] = {key: sum(figure[key] for figure in figures) for key in figures[0]}
    return together
