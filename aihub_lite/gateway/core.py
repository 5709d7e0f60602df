"""The whole gateway, put together: opened once per process, closed on every way out."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.config import DATABASE, Settings
from aihub_lite.domain.clock import Clock, SystemClock
from aihub_lite.domain.token import Token
from aihub_lite.gateway.alerts.desk import AlertDesk, open_alerts
from aihub_lite.gateway.backups.desk import BackupDesk
from aihub_lite.gateway.client.keepalive import KeepAlive
from aihub_lite.gateway.line.failover import Failover
from aihub_lite.gateway.line.pipeline import Line
from aihub_lite.gateway.mail.mailer import Mailer
from aihub_lite.gateway.people.audit import AuditBook
from aihub_lite.gateway.people.credits import CreditDesk
from aihub_lite.gateway.people.ownership import follow_owners
from aihub_lite.gateway.people.pots import PotRegistry
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.people.watch import Watch
from aihub_lite.gateway.refusals.book import RefusalBook
from aihub_lite.gateway.routing.account_limits import AccountLimits
from aihub_lite.gateway.routing.fair_queue import FairQueue
from aihub_lite.gateway.routing.health import Health, HealthPolicy
from aihub_lite.gateway.routing.router import Router
from aihub_lite.gateway.safety.breaker import Breaker
from aihub_lite.gateway.safety.mails import PauseMails
from aihub_lite.gateway.safety.pauses import Pauses
from aihub_lite.gateway.state.answers import KeptAnswers
from aihub_lite.gateway.state.channels import ChannelRegistry, KeySwitch
from aihub_lite.gateway.state.flight import Flights
from aihub_lite.gateway.state.ledger import Ledger
from aihub_lite.gateway.state.limits import MemoryLimiter
from aihub_lite.gateway.state.live_catalog import LiveCatalog
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.gateway.state.price_book import PriceBook
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.gateway.state.spending import DAY, KEPT
from aihub_lite.storage.journal import Journal
from aihub_lite.storage.people.audit import AuditLog
from aihub_lite.storage.reports.cells import Cells
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.storage.safety.pauses import StoredPauses
from aihub_lite.storage.spending import AccountDays
from aihub_lite.storage.sqlite.backup import remove_partial_copy
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.upstream.demo import DemoUpstream
from aihub_lite.upstream.mail.sending import PostBox
from aihub_lite.upstream.transport import Transport

log = logging.getLogger(__name__)


@attrs.frozen(eq=False, kw_only=True)
class Gateway:
    """Everything that lives as long as the process."""

    live_settings: LiveSettings
    environ: Mapping[str, str]
    clock: Clock
    database: Database
    transport: Transport
    registry: Registry
    people: PeopleRegistry
    pots: PotRegistry
    pauses: Pauses
    prices: PriceBook
    queue: FairQueue
    limits: MemoryLimiter
    ledger: Ledger
    flights: Flights
    keepalive: KeepAlive
    answers: KeptAnswers
    cells: Cells = attrs.field(
        init=False, default=attrs.Factory(lambda self: Cells(self.database), takes_self=True), repr=False
    )
    refusals: RefusalBook
    mailer: Mailer
    alerts: AlertDesk
    line: Line
    breaker: Breaker
    boot_id: str
    interrupted: int
    """Requests that a kill of the last run had cut short: the last records that were booked before this one began."""
    backing_up: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """Held while the database is copied."""
    run_key: str = attrs.field(factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Opens the admin API of this run to whoever can read the data directory."""
    started: float = attrs.field(default=attrs.Factory(lambda self: self.clock.monotonic(), takes_self=True))
    """Monotonic."""
    backups: BackupDesk = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: BackupDesk(self.database, self.clock, self.live_settings, self.environ, self.backing_up),
            takes_self=True,
        ),
        repr=False,
    )
    credits: CreditDesk = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: CreditDesk(self.pots, self.clock, self.live_settings), takes_self=True),
    )

    @property
    def settings(self) -> Settings:
        """Those in force at this moment."""
        return self.live_settings.now

    @property
    def health(self) -> Health:
        """How channels did."""
        return self.line.router.health

    @property
    def audit(self) -> AuditBook:
        """Where it is written who changed what."""
        return self.pauses.audit


@asynccontextmanager
async def open_gateway(
    settings: Settings, environ: Mapping[str, str] = os.environ, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """The gateway over its data directory, whose lock the caller holds. Raises StorageFault."""
    clock = clock or SystemClock()
    boot_id = secrets.token_hex(8)
    async with AsyncExitStack() as stack:  # closed in reverse: who still books or disables comes before the database
        database = await _database(stack, settings)
        live_settings = await LiveSettings.open(settings, database)
        settings = live_settings.now
        transport = await stack.enter_async_context(Transport(settings, DemoUpstream(clock=clock), clock, environ))
        journal = Journal(database)
        interrupted = await _book_interrupted(journal, clock, boot_id)
        prices = await PriceBook.open(database, clock)
        registry = Registry.over(database, clock, prices.look_up)
        people = await _people(database, clock, registry, live_settings)
        ledger = _ledger(stack, clock, journal, boot_id)
        _follow_guesses(live_settings, registry.live_catalog)
        await ledger.follow(registry.tokens, await registry.load())
        pots = await PotRegistry.open(database, people, registry.tokens, ledger)
        pauses = await stack.enter_async_context(_pauses(database, clock, live_settings, registry, people))
        limits = MemoryLimiter(clock, live_settings)
        answers = await stack.enter_async_context(_answers(live_settings, clock, registry))
        refusals = await stack.enter_async_context(_refusals(clock, database, ledger))
        alerts = await stack.enter_async_context(open_alerts(database, clock, live_settings, environ))
        mailer = _mailer(stack, environ, pauses, people, alerts)
        flights = Flights(live_settings)
        keepalive = await stack.enter_async_context(_keepalive(settings))
        router = _router(settings, clock, environ, registry.channels)
        await _follow_limits(router.limits, registry.channels, database)
        queue = stack.enter_context(_queue(router, live_settings))
        failover = _failover(stack, live_settings, clock, transport, router, queue, registry.channels)
        facts = prices.facts_of
        line = Line(live_settings, clock, registry, limits, flights, router, ledger, failover, keepalive, facts)
        breaker = await stack.enter_async_context(_breaker(database, line, pauses))
        yield Gateway(
            live_settings=live_settings,
            environ=environ,
            clock=clock,
            database=database,
            transport=transport,
            registry=registry,
            people=people,
            pots=pots,
            pauses=pauses,
            prices=prices,
            queue=queue,
            limits=limits,
            ledger=ledger,
            flights=flights,
            keepalive=keepalive,
            answers=answers,
            refusals=refusals,
            mailer=mailer,
            alerts=alerts,
            line=line,
            breaker=breaker,
            boot_id=boot_id,
            interrupted=interrupted,
        )


async def _database(stack: AsyncExitStack, settings: Settings) -> Database:
    """The database in the data directory, closed with the stack. Raises StorageFault."""
    path = Path(settings.data_dir) / DATABASE
    database = await stack.enter_async_context(await Database.open(path, synchronous=settings.synchronous))
    remove_partial_copy(database.path)
    return database


def _mailer(
    stack: AsyncExitStack, environ: Mapping[str, str], pauses: Pauses, people: PeopleRegistry, alerts: AlertDesk
) -> Mailer:
    """What sends mail to people, also of tokens that are paused; closed with the stack."""
    mailer = Mailer(pauses.live_settings, environ, PostBox(pauses.clock))
    mails = PauseMails(mailer, people, pauses.may_resume_own, lambda: alerts.destinations.hears_of("runaway"))
    pauses.on_pause.append(mails.tell)
    stack.push_async_callback(mailer.close)
    return mailer


async def _book_interrupted(journal: Journal, clock: Clock, boot_id: str) -> int:
    """What a crash left on hold, before tokens are loaded: it is booked to them. Returns how many requests that is."""
    if interrupted := await journal.interrupted(int(clock.wall() * 1000), boot_id):
        log.warning("%d requests were cut short by a kill; each is booked at the cost of its prompt.", interrupted)
    return interrupted


def _ledger(stack: AsyncExitStack, clock: Clock, journal: Journal, boot_id: str) -> Ledger:
    """Who may still spend what; with the stack it stops trying to book what the disk refused."""
    ledger = Ledger(clock, journal, boot_id)
    stack.push_async_callback(ledger.close)
    return ledger


async def _people(database: Database, clock: Clock, registry: Registry, live_settings: LiveSettings) -> PeopleRegistry:
    """Everybody who shares the gateway: tokens follow their owners, and the audit log what is changed, from now on."""
    people = await PeopleRegistry.open(database, clock, registry.tokens.changes)
    follow_owners(people, registry.tokens)
    Watch(registry, people, live_settings).begin()
    return people


def _follow_guesses(live_settings: LiveSettings, live_catalog: LiveCatalog) -> None:
    """Guessed prices count, or do not, from the moment on that an operator says so."""

    def follow() -> None:
        wanted = live_settings.now.guess_prices == "on"
        if live_catalog.guesses != wanted:
            live_catalog.guesses = wanted
            live_catalog.publish()

    follow()
    live_settings.on_change.append(follow)


@asynccontextmanager
async def _keepalive(settings: Settings) -> AsyncIterator[KeepAlive]:
    """What tells clients that their requests still wait, inside the block."""
    keepalive = KeepAlive(settings.keepalive_after, settings.keepalive_event_after, settings.write_timeout)
    async with running(keepalive.run(), "keepalive"):
        yield keepalive


@asynccontextmanager
async def _answers(live_settings: LiveSettings, clock: Clock, registry: Registry) -> AsyncIterator[KeptAnswers]:
    """Those that are kept, for as long as their tokens' keys are good and the operator wants it."""
    answers = KeptAnswers(clock)

    def follow() -> None:
        answers.switch(on=live_settings.now.keep_answers == "on")

    follow()
    live_settings.on_change.append(follow)
    registry.tokens.on_change.append(answers.follow)
    async with running(answers.run(), "answers"):
        yield answers


@asynccontextmanager
async def _refusals(clock: Clock, database: Database, ledger: Ledger) -> AsyncIterator[RefusalBook]:
    """Who was refused what, written every few seconds and at the end."""

    def token_of(token_id: str) -> Token | None:
        balance = ledger.balances.get(token_id)
        if balance is None:
            return None
        return balance.token

    book = RefusalBook(clock, Refusals(database), token_of)
    async with running(book.run(), "refusals"):
        try:
            yield book
        finally:
            await book.close()


@asynccontextmanager
async def _pauses(
    database: Database, clock: Clock, live_settings: LiveSettings, registry: Registry, people: PeopleRegistry
) -> AsyncIterator[Pauses]:
    """Those that are stored hold from now on, and new ones are stored inside the block."""
    audit = AuditBook(AuditLog(database), clock, live_settings)
    pauses = Pauses(StoredPauses(database), clock, live_settings, registry.tokens, audit, people.persons)
    await pauses.load()
    registry.tokens.on_change.append(pauses.token_changed)
    people.on_person.append(pauses.person_changed)
    async with running(pauses.run(), "pauses"):
        try:
            yield pauses
        finally:
            await pauses.close()


@asynccontextmanager
async def _breaker(database: Database, line: Line, pauses: Pauses) -> AsyncIterator[Breaker]:
    """What watches all tokens of the line for runaways, and persons with several of them, inside the block; the line
    refuses those that are paused."""
    breaker = Breaker.over(database, line.live_settings, line.clock, pauses)
    await breaker.open(line.registry.tokens.all)
    line.pause_of = pauses.refusal_of
    line.watch = breaker.begin
    line.ledger.on_settle.append(breaker.settled)
    line.registry.tokens.on_change.append(breaker.token_changed)
    pauses.on_resume.append(breaker.resumed)
    async with running(breaker.run(), "breaker"):
        yield breaker


@contextmanager
def _queue(router: Router, live_settings: LiveSettings) -> Iterator[FairQueue]:
    """Where requests wait, inside the block, for a channel that is not at a limit."""
    queue = FairQueue(router, live_settings)
    router.limits.changed = queue.notice
    try:
        yield queue
    finally:
        queue.close()


def _router(settings: Settings, clock: Clock, environ: Mapping[str, str], channels: ChannelRegistry) -> Router:
    """A router that forgets how a channel did once a person has changed it."""
    health = Health(clock, HealthPolicy(settings.fault_threshold, settings.fault_cooldown, settings.max_cooldown))
    router = Router(health, environ, random.Random())  # noqa: S311  a choice among channels is no secret

    def restore(channel_id: str) -> None:
        health.rests.forget(channel_id)
        if (channel := channels.by_id.get(channel_id)) is not None:
            health.rests.restore(channel)

    channels.on_change += [health.forget, router.latencies.forget, restore]
    for channel in channels.all:
        health.rests.restore(channel)
    return router


def _failover(
    stack: AsyncExitStack,
    live_settings: LiveSettings,
    clock: Clock,
    transport: Transport,
    router: Router,
    queue: FairQueue,
    channels: ChannelRegistry,
) -> Failover:
    """What walks a route, closed with the stack; it forgets what a channel refused once a person has changed it."""
    keys = KeySwitch(channels)
    stack.push_async_callback(keys.close)
    failover = Failover(live_settings, clock, transport, router.health, router.limits, queue, keys)
    stack.push_async_callback(failover.close)
    channels.on_change.append(failover.refused_betas.forget)
    return failover


async def _follow_limits(limits: AccountLimits, channels: ChannelRegistry, database: Database) -> None:
    """Meters for the limits of all channels and keys, with what the book has of their budgets."""
    today = int(limits.clock.wall() // DAY)
    spent = await AccountDays(database).since(today - KEPT)
    limits.spending.load(spent)
    channels.reserve_key_ids(account for account, _, _ in spent)

    def follow(channel_id: str) -> None:
        channel = channels.by_id.get(channel_id)
        if channel is None:
            limits.forget(channel_id)
        else:
            limits.follow(channel)

    channels.on_change.append(follow)
    for channel in channels.all:
        limits.follow(channel)


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[asyncio.Task[None]]:
    """Do work beside the block, as a task of this name; leaving cancels it and waits until it has ended."""
    task = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
