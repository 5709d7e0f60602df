"""What one token has used, and of which limits: as `/v1/key` tells its holder, and the console its operator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.balance import Balance
from aihub_lite.storage.statistics import Statistics, Sums
from aihub_lite.storage.usage import Usages, UsageSum
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json, moment_text, money

SPAN = "30d"


async def usage_json(gateway: Gateway, token: Token, edges: Sequence[int]) -> Json:
    """The sums between the edges, by step (a day of the reader's) and by model."""
    days = await Statistics(gateway.database).steps(edges, token.id)
    models = await Usages(gateway.database).models_of(token.id, edges[0] * 1000)
    # `edges` has one more than there are days: the end of the last.
    return {
        "total": sums_json(reduce(Sums.__add__, days)),
        "days": [{"start": moment_text(start), **sums_json(day)} for start, day in zip(edges, days, strict=False)],
        "models": [model_sums(sums) for sums in models],
    }


def model_sums(sums: UsageSum) -> Json:
    """What the requests for one model came to."""
    return {
        "model": sums.key,
        "requests": sums.requests,
        "errors": sums.errors,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cost_usd": money(sums.cost_nano),
    }


def budget_json(balance: Balance, wall: float) -> Json | None:
    """A token's budget with what its running period has cost; None where there is none."""
    budget = balance.token.budget
    if budget is None:
        return None
    start, end = window(budget.period, wall)
    spent = balance.spent_now(wall)
    return {
        "usd": money(budget.nano),
        "period": budget.period,
        "spent_usd": money(spent),
        "left_usd": money(max(0, budget.nano - spent - balance.held)),
        "since": moment_text(start),
        "resets": moment_text(end),
    }


def limit_rows(gateway: Gateway, token: Token) -> list[Json]:
    """What is used at this moment of each limit of a token that is no money."""
    return [limit_row(name, used, of) for name, (used, of) in gateway.limits.used(token).items()]


def limit_row(name: str, used: float, of: float) -> Json:
    """One limit; `share` is the part of it that is used, all of a limit of nothing."""
    share = 1.0
    if of:
        share = used / of
    return {"limit": name, "used": used, "of": of, "share": share}
