"""Credits: who gets them, who asks for them, and the statement of a month."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.people.person import Person
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.pots.credit import Credit, CreditRequest, check_amount, checked_note
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.people.pots import SHARED, PotRegistry
from aihub_lite.gateway.pots.pot import Pot
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.storage.pots.book import DaySum

MONTH = re.compile(r"([12][0-9]{3})-(0[1-9]|1[0-2])", re.ASCII)
DAY = 86_400
SIGN_UP = "sign-up"
"""Who gives the starting credit."""


@attrs.frozen(kw_only=True)
class Statement:
    """A person's or team's month (UTC): what was there, what came, what was spent, what is left. Nano-USD.

    `before + credited - spent` is `after`; below zero, or with no credit at all, it is what was spent without one.
    """

    pot: PotKey
    name: str
    month: str
    """`2027-01`."""
    start: int
    end: int
    """Unix seconds: the month's first moment, and the next one's."""
    before: int
    """Credits less spending before the month."""
    credits: Sequence[Credit]
    days: Sequence[DaySum]
    """By day and model."""

    @property
    def credited(self) -> int:
        """What the month's entries come to."""
        return sum(credit.nano for credit in self.credits)

    @property
    def spent(self) -> int:
        """What the month's requests came to."""
        return sum(day.nano for day in self.days)

    @property
    def after(self) -> int:
        """Credits less spending at the month's end."""
        return self.before + self.credited - self.spent


@attrs.define(eq=False)
class CreditDesk:
    """Gives credits and answers requests for them, as pots allow."""

    pots: PotRegistry
    clock: Clock
    live_settings: LiveSettings

    def key_of(self, who: str) -> PotKey:
        """The person or team that `who` names, as `PotRegistry.key_of` has it; raises as it does."""
        key = self.pots.key_of(who)
        if key.kind not in SHARED:
            raise InvalidRequest("credits are of people and teams: a token has a quota, the gateway has budgets")
        return key

    async def add(self, key: PotKey, nano: int, note: str, by: str) -> Pot:
        """Add an entry of nano-USD, below zero to correct an earlier one; raises InvalidRequest."""
        check_amount(nano)
        note = checked_note(note)
        at = int(self.clock.wall())
        return await self.pots.add_credit(key, lambda: self.pots.credits.add(key, nano, note, by, at))

    async def start(self, person: Person) -> None:
        """The starting credit of someone who signed up by themselves, if the operator gives any."""
        nano = nano_usd(self.live_settings.now.starting_credit)
        if nano:
            await self.add(PotKey("person", person.id), nano, "Starting credit", SIGN_UP)

    async def ask(self, person: Person, nano: int, note: str) -> CreditRequest:
        """A person asks for more, in place of what they ask for already; raises InvalidRequest."""
        if nano < 0:
            raise InvalidRequest("usd: must be above 0")
        check_amount(nano)
        await self.pots.credits.ask(person.id, nano, checked_note(note), int(self.clock.wall()))
        return (await self.pots.credits.requests(person_id=person.id))[0]

    async def requests(self, *, open_only: bool = True, person_id: str | None = None) -> list[CreditRequest]:
        """What people who are still here ask for, newest first."""
        requests = await self.pots.credits.requests(open_only=open_only, person_id=person_id)
        return [request for request in requests if request.person_id in self.pots.people.persons]

    async def give(self, request_id: int, by: str, nano: int | None = None) -> Pot:
        """Answer a request with what it asks for, or with another amount; raises NotFound, Conflict, InvalidRequest."""
        request = await self._open(request_id)
        amount = request.nano
        if nano is not None:
            amount = nano
        check_amount(amount)
        at = int(self.clock.wall())

        async def give() -> None:
            if not await self.pots.credits.give(request.id, amount, by, at):
                raise _answered()

        return await self.pots.add_credit(PotKey("person", request.person_id), give)

    async def refuse(self, request_id: int, by: str) -> CreditRequest:
        """Answer a request with no; raises NotFound or Conflict."""
        request = await self._open(request_id)
        if not await self.pots.credits.refuse(request.id, by, int(self.clock.wall())):
            raise _answered()
        return request

    async def _open(self, request_id: int) -> CreditRequest:
        request = await self.pots.credits.request(request_id)
        if request is None or request.person_id not in self.pots.people.persons:
            raise NotFound(f"There is no request for credit {request_id}.")
        if request.state != "open":
            raise _answered()
        return request

    async def statement(self, key: PotKey, month: str) -> Statement:
        """Of a month like `2027-01`, the running one where it is empty; raises InvalidRequest and NotFound."""
        start, end, month = self._month(month)
        entries = await self.pots.credits.of(key)
        spent_before = await self.pots.book.spent_before(key, start // DAY)
        return Statement(
            pot=key,
            name=self.pots.name_of(key),
            month=month,
            start=start,
            end=end,
            before=sum(credit.nano for credit in entries if credit.at < start) - spent_before,
            credits=[credit for credit in entries if start <= credit.at < end],
            days=await self.pots.book.days(key, start // DAY, end // DAY),
        )

    def _month(self, text: str) -> tuple[int, int, str]:
        if not text:
            text = datetime.fromtimestamp(self.clock.wall(), UTC).strftime("%Y-%m")
        match = MONTH.fullmatch(text)
        if match is None:
            raise InvalidRequest(f"month: {text[:64]!r} is not like 2027-01")
        year = int(match[1])
        month = int(match[2])
        start = int(datetime(year, month, 1, tzinfo=UTC).timestamp())
        return start, start + calendar.monthrange(year, month)[1] * DAY, text


def _answered() -> Conflict:
    return Conflict("This request for credit was answered already.")
