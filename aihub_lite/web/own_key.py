"""`GET /v1/key`: what the calling key may do, what it has spent, and on what. Never anything of another token."""

from __future__ import annotations

from functools import reduce
from urllib.parse import parse_qs

import attrs

from aihub_lite.domain.token import Token
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.ledger import window
from aihub_lite.storage.statistics import Statistics, Sums
from aihub_lite.storage.usage import Usages, UsageSum
from aihub_lite.web.admin.overview import sums_json
from aihub_lite.web.admin.spans import edges_of, zone_named
from aihub_lite.web.admin.views import Json, moment_text, money, optional_money
from aihub_lite.web.models import Listing
from aihub_lite.web.replies import send_json

SPAN = "30d"


@attrs.frozen
class OwnKey:
    """Answers from memory, but for the usage."""

    gateway: Gateway
    listing: Listing

    async def serve(self, exchange: Exchange) -> None:
        """`?zone=Europe/Berlin` says whose days the usage is given by; UTC's unless said. Raises InvalidRequest."""
        token = self.gateway.line.authenticate(exchange)
        self.gateway.line.limit(token, exchange)
        asked = parse_qs(exchange.scope.get("query_string", b"").decode("latin-1"))
        edges = edges_of(SPAN, self.gateway.clock.wall(), zone_named(asked.get("zone", ["UTC"])[-1]))
        known = {**self._limits(token), "models": [each["id"] for each in self.listing.all(token)]}
        exchange.extra_headers.append((b"cache-control", b"no-store"))
        await send_json(exchange, {**known, "usage": await self._usage(token, edges)})

    def _limits(self, token: Token) -> Json:
        """Money in USD; `left_usd` and every limit are null where there is none."""
        account, wall = self.gateway.ledger.accounts[token.id], self.gateway.clock.wall()
        left = account.left(wall)
        return {
            "object": "key",
            "name": token.name,
            "hint": token.hint,
            "created": moment_text(token.created_at),
            "expires": None if token.expires_at is None else moment_text(token.expires_at),
            "spent_usd": money(account.spent),
            "held_usd": money(account.held),
            "left_usd": None if left is None else money(max(left, 0)),
            "quota_usd": optional_money(token.quota_nano),
            "budget": token.budget
            and {
                "usd": money(token.budget.nano),
                "period": token.budget.period,
                "spent_usd": money(account.spent_now(wall)),
                "resets": moment_text(window(token.budget.period, wall)[1]),
            },
            "limits": {
                "rpm": (self.gateway.limits.rpm if token.rpm is None else token.rpm) or None,
                "tpm": token.tpm or None,
                "concurrency": token.concurrency or None,
            },
        }

    async def _usage(self, token: Token, edges: list[int]) -> Json:
        days = await Statistics(self.gateway.database).steps(edges, token.id)
        models = await Usages(self.gateway.database).models_of(token.id, edges[0] * 1000)
        return {
            "total": sums_json(reduce(Sums.__add__, days)),
            "days": [{"start": moment_text(start), **sums_json(day)} for start, day in zip(edges, days, strict=False)],
            "models": [model_sums(each) for each in models],
        }


def model_sums(sums: UsageSum) -> Json:
    """What was asked of one model."""
    return {
        "model": sums.key,
        "requests": sums.requests,
        "errors": sums.errors,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cost_usd": money(sums.cost_nano),
    }
