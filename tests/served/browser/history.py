"""A gateway that has been in use for a month: the same traffic every time, but for the clock."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs

from aihub_lite.config import DATABASE
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.pots.budget import PotBudget, PotKey
from aihub_lite.domain.route import Conditions, NamedRoute, RouteStep
from aihub_lite.domain.token import Budget, Token
from aihub_lite.domain.usage import Attempt, Outcome, Usage, UsageRecord
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.named_routes import NamedRoutes
from aihub_lite.storage.people.persons import Persons
from aihub_lite.storage.people.teams import Teams
from aihub_lite.storage.pots.budgets import PotBudgets
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.tokens import Tokens

DAYS = 30
PER_DAY = 60
QUEUED = 5000
"""Records on their way to the disk at once: the writer refuses more than it can have."""
MODELS = {"gpt-5-mini": 400, "claude-sonnet-5": 5400, "gemini-3-flash": 700, "deepseek-chat": 300}
"""Nano-USD per token, roughly."""
CHANNELS = {
    "gpt-5-mini": "openai",
    "claude-sonnet-5": "anthropic",
    "gemini-3-flash": "gemini",
    "deepseek-chat": "deepseek",
}
CLIENTS = ("OpenAI/Python 3.54.0", "CherryStudio/2.1.0", "Continue/1.4.2", "")
OUTCOMES: tuple[Outcome, ...] = ("ok",) * 40 + ("error", "cut_off", "client_gone")
NANO = 1_000_000_000
TEAM = Team(id="team_1", name="Research", created_at=1_760_000_000)
ADA = Person(
    id="per_1", name="Ada Lovelace", email="ada@example.org", team_id="team_1", role="owner", created_at=1_760_000_000
)
DAILY = Budget(nano=NANO, period="day")
BUDGETS = {
    PotKey("team", "team_1"): [PotBudget(nano=50 * NANO, period="month")],
    PotKey("person", "per_1"): [
        PotBudget(nano=5 * NANO, period="day"),
        PotBudget(nano=2 * NANO, period="5h", model="claude-opus-*"),
    ],
}


def tokens(now: int) -> list[Token]:
    """With limits near and far."""
    plain = Token(id="", name="", digest="", hint="", created_at=now - DAYS * 86_400)
    return [
        attrs.evolve(plain, id="tok_1", name="Mobile app", digest="1", hint="aB3x", quota_nano=40 * NANO),
        attrs.evolve(
            plain, id="tok_2", name="Research", digest="2", hint="9kQz", budget=Budget(nano=NANO, period="day")
        ),
        attrs.evolve(plain, id="tok_3", name="Ana", digest="3", hint="Tt0p", expires_at=now + 3 * 86_400),
        attrs.evolve(plain, id="tok_4", name="翻译机器人", digest="4", hint="w7Ye"),
    ]


def records(now: float, tokens: list[Token], per_day: int) -> Iterator[UsageRecord]:
    """More by day than by night, a few of each outcome."""
    chance = random.Random(4)
    for number in range(DAYS * per_day):
        age = chance.random() * DAYS * 86_400
        busy = 0.55 + 0.45 * math.sin((now - age) / 86_400 * 2 * math.pi)
        if chance.random() > busy:
            continue
        model = chance.choice(list(MODELS))
        outcome = chance.choice(OUTCOMES)
        usage = Usage(chance.randint(200, 9000), chance.randint(20, 1800)) if outcome != "error" else Usage()
        token = chance.choice(tokens)
        first_byte, status = chance.randint(180, 2400), 502 if outcome == "error" else 200
        yield UsageRecord(
            request_id=f"history-{number}",
            started_ms=int((now - age) * 1000),
            token_id=token.id,
            token=token.name,
            model=model,
            surface="chat",
            streamed=True,
            outcome=outcome,
            status=status,
            error_code="upstream_error" if outcome == "error" else "",
            channel=CHANNELS[model],
            upstream_model=model,
            attempts=(Attempt(CHANNELS[model], status, "", first_byte),),
            usage=usage,
            usage_source="none" if outcome == "error" else "upstream",
            price="{}",
            cost_nano=(usage.prompt_tokens + 4 * usage.completion_tokens) * MODELS[model],
            overrun_nano=0,
            first_byte_ms=0 if outcome == "error" else first_byte,
            duration_ms=first_byte + usage.completion_tokens * 12,
            client=chance.choice(CLIENTS),
        )


def fill(directory: Path, per_day: int = PER_DAY) -> None:
    """Write the month into a data directory that no server has yet; about half of `per_day` records come of it."""

    async def write() -> None:
        directory.mkdir(mode=0o700, parents=True)
        now = time.time()
        async with await Database.open(directory / DATABASE) as database:
            all_tokens = tokens(int(now))
            for token in all_tokens:
                await Tokens(database).insert(token)
            await Teams(database).insert(TEAM)
            await Persons(database).insert(ADA)
            for pot, budgets in BUDGETS.items():
                await PotBudgets(database).replace(pot, budgets)
            steps = (RouteStep(model="demo", when=Conditions(over_tokens=1000)), RouteStep(model="gpt-5-mini"))
            await NamedRoutes(database).put(NamedRoute(name="coding", steps=steps))
            journal = Journal(database)
            past = records(now, all_tokens, per_day)
            while some := list(itertools.islice(past, QUEUED)):
                await asyncio.gather(*[journal.settle(record) for record in some])

    # In a thread of its own: Playwright has a running loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(write())).result()
