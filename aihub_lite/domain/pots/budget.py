"""A pot, and the budgets that it may have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Literal

import attrs

from aihub_lite.domain.money import nano_usd, plain, usd
from aihub_lite.domain.pots.windows import anchor_of, check_period, is_custom
from aihub_lite.domain.validation import check_model, check_tag
from aihub_lite.errors import InvalidRequest

PotKind = Literal["token", "person", "team", "gateway"]
TAG = "tag:"
"""What the scope of a budget for a tag begins with."""
MOST_BUDGETS = 20
"""Of one pot: every request that draws from it looks at each."""


@attrs.frozen
class PotKey:
    """Which pot: `holder` is the id of the token, person or team, and empty for the gateway."""

    kind: PotKind
    holder: str = ""


GATEWAY = PotKey("gateway")


@attrs.frozen(kw_only=True)
class PotBudget:
    """A quota that refills: for all requests, for those for some models, or for those with a tag."""

    nano: int
    """Nano-USD in each window."""
    period: str
    """`hour`, `day`, `week`, `month`, or a number of days or hours: `30d`, `5h`."""
    anchor: int = 0
    """Unix seconds: where the windows of a number of days or hours begin to be counted."""
    model: str = ""
    """A glob of models; empty for all."""
    tag: str = ""
    """Empty for requests with any tag or none."""

    @property
    def window_key(self) -> tuple[str, int, str, str]:
        """What its windows are of: where that stays, what they have seen stays."""
        return self.period, self.anchor, self.model, self.tag

    def covers(self, model: str, tags: Sequence[str]) -> bool:
        """Whether a request for a model, with those tags, counts."""
        if self.tag:
            return self.tag in tags
        return not self.model or fnmatchcase(model, self.model)

    @property
    def scope(self) -> str:
        """As it is written before the amount; empty for all requests."""
        if self.tag:
            return f"{TAG}{self.tag}"
        return self.model

    @property
    def text(self) -> str:
        """As the command line takes it: `claude-opus-*=5/day`, `20/30d@2027-01-31T00:00:00Z`."""
        text = f"{plain(usd(self.nano))}/{self.period}"
        if is_custom(self.period):
            text += datetime.fromtimestamp(self.anchor, UTC).strftime("@%Y-%m-%dT%H:%M:%SZ")
        if self.scope:
            return f"{self.scope}={text}"
        return text


def budget_of(text: str, now: float) -> PotBudget:
    """From `[MODEL=|tag:TAG=]USD/PERIOD[@DATE]`; windows of days or hours are counted from the date, else from Unix
    time `now`. Raises InvalidRequest."""
    scope, _, rest = text.strip().rpartition("=")
    amount, slash, period = rest.partition("/")
    period, at, date = period.partition("@")
    if not slash:
        raise InvalidRequest(f"budget: {text[:64]!r} is not like 5/day, 20/30d or claude-opus-*=5/day")
    check_period(period)
    if at and not is_custom(period):
        raise InvalidRequest(f"budget: a {period} begins by the calendar, not at a date")
    moment = now
    if at:
        moment = _date(date, now)
    model = tag = ""
    if scope.startswith(TAG):
        tag = check_tag(scope.removeprefix(TAG), "budget")
    elif scope:
        model = check_model(scope, "budget")
    try:
        nano = nano_usd(amount.strip())
    except ValueError as error:
        raise InvalidRequest(f"budget: {error}") from None
    return PotBudget(nano=nano, period=period, anchor=anchor_of(period, moment), model=model, tag=tag)


def _date(text: str, now: float) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"budget: {text[:64]!r} is not a date like 2027-01-31") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = moment.timestamp()
    if not 0 <= seconds <= now:
        raise InvalidRequest("budget: windows are counted from a date that is past")
    return int(seconds)


def budgets_of(texts: Sequence[str], now: float, before: Sequence[PotBudget] = ()) -> tuple[PotBudget, ...]:
    """All budgets of one pot; raises InvalidRequest, also for two that limit the same.

    Windows of days or hours go on to be counted from where those of `before` are, unless the text names a date.
    """
    if len(texts) > MOST_BUDGETS:
        raise InvalidRequest(f"budgets: must be at most {MOST_BUDGETS}")
    anchors = {(budget.scope, budget.period): budget.anchor for budget in before}
    budgets: dict[tuple[str, str], PotBudget] = {}
    for text in texts:
        budget = budget_of(text, now)
        limited = (budget.scope, budget.period)
        if limited in budgets:
            raise InvalidRequest(f"budgets: {text[:64]!r} limits what another one limits")
        if limited in anchors and "@" not in text.rpartition("=")[2]:
            budget = attrs.evolve(budget, anchor=anchors[limited])
        budgets[limited] = budget
    return tuple(budgets.values())
