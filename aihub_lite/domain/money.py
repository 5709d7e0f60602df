"""Money is integers: amounts in nano-USD, rates in nano-USD per million tokens. No floats on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal

import attrs

from aihub_lite.domain.hosted import FEES, THOUSAND, Hosted, HostedRates, fees_of
from aihub_lite.domain.hours import HourSpan, InForce
from aihub_lite.domain.modality import MODALITIES

if TYPE_CHECKING:
    from aihub_lite.domain.modality import Modal
    from aihub_lite.domain.usage import Unit, Usage

NANO = 1_000_000_000
MILLION = 1_000_000
MAX_USD = Decimal(1_000_000_000)
"""The largest amount that an operator may set: 1e18 nano-USD still fits SQLite's signed 64-bit integer."""

MAX_RATE_USD = 100_000
"""The highest rate that an operator may set, in USD per million tokens or per unit: more than a hundred times what the
dearest model costs. A record can hold what any request comes to at it."""
MAX_COST = 10_000_000 * NANO
"""Nano-USD that one request comes to at most: sums of a thousand such still fit SQLite's integer, and a record that
does not would be lost whole. Only a price from before there was a highest rate gets there."""


def nano_usd(amount: str | Decimal) -> int:
    """USD as written by a person (`0.15`, `$0.15`) to nano-USD; raises ValueError for anything else or below zero."""
    try:
        value = Decimal(str(amount).strip().removeprefix("$"))
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount in USD") from None
    if not value.is_finite() or value < 0 or value > MAX_USD:
        raise ValueError(f"{amount!r} is not an amount between 0 and {MAX_USD} USD")
    return int((value * NANO).to_integral_value(ROUND_HALF_UP))


def usd(nano: int) -> Decimal:
    """Nano-USD to exact USD."""
    return Decimal(nano) / NANO


CENT = Decimal("0.01")


def dollars(amount: float | str | Decimal) -> str:
    """An amount for people: `$1,234.50`, and below a cent the two digits that count: `$0.00013`."""
    value = Decimal(str(amount))
    if value and abs(value) < CENT:
        # One place more than the first digit that is not zero.
        places = -value.adjusted() + 1
        return in_dollars(f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}")
    return in_dollars(f"{value.quantize(CENT, ROUND_HALF_UP):,}")


def exact_dollars(amount: float | str | Decimal) -> str:
    """Every digit, for rates, and for figures that somebody adds up: `$2.50`, `$0.000075`."""
    return in_dollars(plain(amount))


def in_dollars(figure: str) -> str:
    """The sign stands before the currency's: `-$2.50`."""
    return f"${figure}".replace("$-", "-$")


def plain(amount: float | str | Decimal) -> str:
    """The same without its sign, as people type it: `2.50`."""
    value = Decimal(str(amount)).normalize()
    places = -int(value.as_tuple().exponent)
    return f"{value:.{max(places, 2)}f}"


def plain_usd(nano: int) -> str:
    """The same of nano-USD, many times as fast."""
    whole, rest = divmod(abs(nano), NANO)
    sign = "-" * (nano < 0)
    return f"{sign}{whole}.{f'{rest:09}'.rstrip('0'):0<2}"


@attrs.frozen
class UnitRates:
    """Nano-USD for what is not a token: an image, a minute of audio, a million characters, a search. None: free."""

    image: int | None = None
    minute: int | None = None
    characters: int | None = None
    search: int | None = None


UNIT_RATES = tuple(field.name for field in attrs.fields(UnitRates))


@attrs.frozen(kw_only=True)
class ModalRates:
    """Nano-USD per million tokens that are no text, by the names that Modal counts them under."""

    audio_input: int | None = None
    audio_cache_read: int | None = None
    audio_output: int | None = None
    image_input: int | None = None
    image_cache_read: int | None = None
    image_output: int | None = None
    video_input: int | None = None
    video_cache_read: int | None = None
    video_output: int | None = None


MODAL_RATES = tuple(field.name for field in attrs.fields(ModalRates))


@attrs.frozen
class Rates:
    """Nano-USD per million tokens. None for an optional kind means: billed as the kind it is part of."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    units: UnitRates | None = None
    modal: ModalRates | None = None
    cache_write_1h: int | None = None
    """None: twice the input, as Anthropic has it for all its models."""

    @property
    def hour(self) -> int:
        """Of what is written to a cache for an hour."""
        if self.cache_write_1h is None:
            return 2 * self.input
        return self.cache_write_1h


@attrs.frozen
class Tier:
    """Rates for *all* tokens of a request whose prompt is longer than `above` tokens."""

    above: int
    rates: Rates


@attrs.frozen
class TierRates:
    """Rates for answers that were given at a tier of service other than the standard one."""

    name: str
    """As in Usage: `flex`, `priority`."""
    rates: Rates


@attrs.frozen
class Hours:
    """Rates for requests that begin at certain hours of the day."""

    span: HourSpan
    rates: Rates
    tiers: tuple[Tier, ...] = ()


@attrs.frozen
class Later:
    """What a model costs from a day on."""

    since: int
    """Unix seconds: the day's first, UTC."""
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    hours: tuple[Hours, ...] = ()


@attrs.frozen
class Price:
    """What a model costs, and the source of it (`operator`, or the price table and its version)."""

    rates: Rates
    source: str
    tiers: tuple[Tier, ...] = ()
    """Ascending by `above`."""
    as_of: str = ""
    """The day (`2027-01-31`, UTC) that it was set on or looked up for; empty in prices of old releases."""
    services: tuple[TierRates, ...] = ()
    """The operator's, whoever set the other rates."""
    guessed: bool = False
    """Whether it is what the model's maker asks, at a provider whose own prices are not known."""
    hosted: HostedRates | None = attrs.field(default=None, kw_only=True)
    """Of what the provider runs itself, at any tier and hour; the operator's where he set any, else the table's."""
    hours: tuple[Hours, ...] = ()
    """In place of `rates` and `tiers`; no two at one time."""
    later: tuple[Later, ...] = ()
    """In place of all three, ascending by `since`."""
    in_force: InForce | None = None
    """Of a price at a moment (`at`): which of its hours it is for, where it changes with them."""

    def on(self, wall: float) -> Price:
        """As it is on the day of a Unix time: what holds later is kept, what held earlier is not."""
        if not self.later or wall < self.later[0].since:
            return self
        due = sum(later.since <= wall for later in self.later)
        now = self.later[due - 1]
        return attrs.evolve(self, rates=now.rates, tiers=now.tiers, hours=now.hours, later=self.later[due:])

    def at(self, wall: float) -> Price:
        """As it is for a request that begins at a Unix time."""
        if not self.hours and not self.later:
            return self
        price = self.on(wall)
        if not price.hours:
            return attrs.evolve(price, later=())
        covering = next((hours for hours in price.hours if hours.span.covers(wall)), None)
        rates, tiers = price.rates, price.tiers
        spans = tuple(hours.span for hours in price.hours)
        if covering is not None:
            rates, tiers = covering.rates, covering.tiers
            spans = (covering.span,)
        in_force = InForce(spans=spans, outside=covering is None, level=_level(rates, price))
        return attrs.evolve(price, rates=rates, tiers=tiers, hours=(), later=(), in_force=in_force)

    def rates_for(self, prompt_tokens: int, service: str = "") -> Rates:
        """The rates of a tier of service where it has any, else of the highest tier that this prompt length reaches."""
        if (served := self.served_at(service)) is not None:
            return served
        tier = self.tier_for(prompt_tokens)
        if tier is None:
            return self.rates
        return tier.rates

    def tier_for(self, prompt_tokens: int) -> Tier | None:
        """The highest tier that a prompt length reaches; None where it reaches none."""
        reached = None
        for tier in self.tiers:
            if prompt_tokens > tier.above:
                reached = tier
        return reached

    def served_at(self, service: str) -> Rates | None:
        """The rates of a tier of service; None where it has none of its own."""
        for tier in self.services:
            if tier.name == service:
                return tier.rates
        return None

    @property
    def has_modal(self) -> bool:
        """Whether any of its rates are for tokens that are no text."""
        if self.rates.modal or not (self.tiers or self.hours):
            return self.rates.modal is not None
        by_hour: Sequence[Price | Hours] = (self, *self.hours)
        return any(part.rates.modal for each in by_hour for part in (each, *each.tiers))

    def possible_rates(self, prompt_tokens: int) -> list[Rates]:
        """All that a request may be billed at by the prompt's length as it is estimated, at any hour of the day."""
        length = prompt_tokens * MARGIN_PERCENT // 100
        by_hour: Sequence[Price | Hours] = (self, *self.hours)
        return [
            rates
            for each in by_hour
            for rates in (each.rates, *(tier.rates for tier in each.tiers if tier.above < length))
        ]


@attrs.frozen
class OwnTerms:
    """All that an operator says a model costs under one of its names; None for what is left to the table."""

    price: Price | None = None
    hosted: HostedRates | None = None


MARGIN_PERCENT = 125
"""How long a prompt may be by the upstream's count, in percent of our estimate: code has a fifth more than prose."""


def _level(rates: Rates, price: Price) -> Literal["peak", "off_peak", ""]:
    """Where rates stand among those of a day, by what a token of prompt and one of completion cost together."""
    sums = [each.input + each.output for each in (price.rates, *(hours.rates for hours in price.hours))]
    own = rates.input + rates.output
    if min(sums) < own == max(sums):
        return "peak"
    if min(sums) == own < max(sums):
        return "off_peak"
    return ""


COUNTED: Mapping[Unit, tuple[str, int]] = {
    "image": ("image", 1),
    "millisecond": ("minute", 60_000),
    "character": ("characters", MILLION),
    "search": ("search", 1),
}
"""For each unit that is counted: the rate it is billed at, and how many of the unit that rate is for."""

OPERATOR = "operator"
"""The source of a price that an operator set."""
UNPRICED = Price(Rates(0, 0), source="unpriced")


def cost_of(usage: Usage, price: Price) -> int:
    """Nano-USD for one request, rounded up once: its tokens, and whatever else was counted.

    Cached and reasoning tokens are parts of prompt and completion (OpenAI's convention), so each is taken
    out of its whole before it is priced on its own.
    """
    rates = price.rates
    if price.tiers or usage.tier:
        rates = price.rates_for(usage.prompt_tokens, usage.tier)
    return cost_at(usage, rates, price.hosted)


def dearest_cost(usage: Usage, price: Price) -> int:
    """The most that usage by our own estimate may come to: at the dearest hour of the day, which an upstream may count
    by a clock of its own, and at the rates for longer prompts that it may prove to reach."""
    cost = cost_of(usage, price)
    if (not price.tiers and not price.hours) or price.served_at(usage.tier) is not None:
        return cost
    return max(cost, *(cost_at(usage, rates, price.hosted) for rates in price.possible_rates(usage.prompt_tokens)))


def cost_at(usage: Usage, rates: Rates, hosted: HostedRates | None) -> int:
    """The same at certain rates."""
    total = usage.prompt_tokens * rates.input + usage.completion_tokens * rates.output
    if usage.cache_read_tokens and rates.cache_read is not None:
        total += usage.cache_read_tokens * (rates.cache_read - rates.input)
    if usage.cache_write_tokens and rates.cache_write is not None:
        total += (usage.cache_write_tokens - usage.cache_write_1h_tokens) * (rates.cache_write - rates.input)
    if usage.cache_write_1h_tokens:
        total += usage.cache_write_1h_tokens * (rates.hour - rates.input)
    if usage.reasoning_tokens and rates.reasoning is not None:
        total += usage.reasoning_tokens * (rates.reasoning - rates.output)
    if usage.modal is not None and rates.modal is not None:
        total += _modal_cost(usage.modal, rates, rates.modal)
    if usage.hosted is not None and hosted is not None:
        total += fees_of(usage.hosted, hosted) * (MILLION // THOUSAND)
    if usage.unit and rates.units is not None:
        rate, size = unit_rate(usage.unit, rates.units)
        return -(-(total * size + usage.units * rate * MILLION) // (MILLION * size))
    return -(-total // MILLION)


def unpriced_in(usage: Usage, price: Price | None) -> list[str]:
    """The kinds of hosted tools that ran and have no rate, which cost nothing here; `price` is None where unknown."""
    if usage.hosted is None:
        return []
    rates = HostedRates()
    if price is not None and price.hosted is not None:
        rates = price.hosted
    return [kind for kind in usage.hosted.counts() if rates.rate_of(kind) is None]


def with_fee(usage: Usage, price: Price) -> Usage:
    """The usage with the fee that a price has for each request, where its upstream has named none itself."""
    if price.hosted is None or not price.hosted.request:
        return usage
    hosted = usage.hosted or Hosted()
    if any(getattr(hosted, kind) for kind in FEES):
        return usage
    return usage.with_hosted(attrs.evolve(hosted, request=1))


def _modal_cost(modal: Modal, rates: Rates, own: ModalRates) -> int:
    """By how much tokens that are no text cost more, or less, than the text that they are counted as."""
    cached = rates.cache_read
    if cached is None:
        cached = rates.input
    counted_as = {"input": rates.input, "cache_read": cached, "output": rates.output}
    priced = {name: rate for name in MODAL_RATES if (rate := getattr(own, name)) is not None}
    parts = modal_parts(modal.counts(), priced, caches=rates.cache_read is not None)
    return sum(tokens * (priced[name] - counted_as[whole]) for name, whole, tokens in parts)


def modal_parts(
    counts: Mapping[str, int], priced: Mapping[str, object], *, caches: bool
) -> Iterator[tuple[str, str, int]]:
    """The tokens that are billed at a rate of their own: its name, the part they are taken out of, how many.

    `counts` are those of a Modal, `priced` the rates there are, `caches` whether cached text has one: then cached
    tokens that have none of their own are billed as it is, else as all other tokens of their kind.
    """
    for kind in MODALITIES:
        cached = 0
        if caches or f"{kind}_cache_read" in priced:
            cached = counts.get(f"{kind}_cache_read", 0)
        tokens_by_part = {
            "input": counts.get(f"{kind}_input", 0) - cached,
            "cache_read": cached,
            "output": counts.get(f"{kind}_output", 0),
        }
        for part, tokens in tokens_by_part.items():
            name = f"{kind}_{part}"
            if name in priced and tokens:
                yield name, part, tokens


def unit_rate(unit: Unit, rates: UnitRates) -> tuple[int, int]:
    """The rate of a unit in nano-USD, and how many of the unit it is for."""
    name, size = COUNTED[unit]
    return getattr(rates, name) or 0, size
