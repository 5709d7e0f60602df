"""A data directory with as many tokens, aliases and prices as one likes, made through the storage layer in a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aihub_lite.config import DATABASE
from aihub_lite.domain.money import OPERATOR, Price, Rates
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.storage.aliases import Aliases
from aihub_lite.storage.prices import Prices
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.tokens import Tokens

IN_ONE_SECOND = 7
"""Tokens that were made in the same second: where a page ends between two of them, only their names tell them apart."""


def key_of(number: int) -> str:
    """The key of one of the tokens."""
    return f"sk-crowd-{number:06}"


def crowd_token(number: int) -> Token:
    """One of many, in the order of their making."""
    key = key_of(number)
    return Token(
        id=f"tok_{number:020x}",
        name=f"person {number:06}",
        digest=digest_of(key),
        hint=key[-4:],
        created_at=1_700_000_000 + number // IN_ONE_SECOND,
        models=("gpt-*", "claude-*"),
    )


async def fill(directory: Path, *, tokens: int = 0, aliases: int = 0, prices: int = 0) -> None:
    """Before the gateway of that directory is opened: in a few commits, not one each."""
    directory.mkdir(exist_ok=True, mode=0o700)
    price = Price(Rates(10**9, 2 * 10**9), source=OPERATOR, as_of="2026-11-26")
    async with await Database.open(directory / DATABASE, synchronous="NORMAL") as database:
        await asyncio.gather(*(Tokens(database).insert(crowd_token(number)) for number in range(tokens)))
        await asyncio.gather(*(Aliases(database).put(f"alias-{number:06}", "demo") for number in range(aliases)))
        await asyncio.gather(*(Prices(database).put(f"priced-{number:06}", price) for number in range(prices)))


async def use(directory: Path, tokens: int, quarters: Sequence[int]) -> None:
    """Each of the tokens has asked once in each of these quarters of an hour: number 7 for 7 nano-USD, and so on."""
    rows = [
        (quarter, crowd_token(number).id, crowd_token(number).name, 1, 0, 0, 10, 20, number, 5, 1)
        for quarter in quarters
        for number in range(tokens)
    ]
    by_quarters = "INSERT INTO usage_by_token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    by_periods = "INSERT INTO usage_pairs VALUES ('token', ? / 32, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    async with await Database.open(directory / DATABASE, synchronous="NORMAL") as database:
        await database.write(*((sql, row) for sql in (by_quarters, by_periods) for row in rows))
