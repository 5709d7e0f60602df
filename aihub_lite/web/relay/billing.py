"""`/dashboard/billing/*`: the balance of the calling key, as NextChat and OpenCat ask for it."""

from __future__ import annotations

import attrs

from aihub_lite.domain.money import usd
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.ledger import Account
from aihub_lite.web.replies import send_json

UNLIMITED_USD = 100_000_000
"""What balance checks are told of a token without a limit; the figure that one-api and its descendants use."""


@attrs.frozen
class Billing:
    """Answers from the ledger in memory."""

    gateway: Gateway

    async def subscription(self, exchange: Exchange) -> None:
        """Limits in USD."""
        account = self._account(exchange)
        limit = limit_usd(account, self.gateway.clock.wall())
        await send_json(
            exchange,
            {
                "object": "billing_subscription",
                "has_payment_method": True,
                "soft_limit_usd": limit,
                "hard_limit_usd": limit,
                "system_hard_limit_usd": limit,
                "access_until": account.token.expires_at or 0,
            },
        )

    async def usage(self, exchange: Exchange) -> None:
        """`total_usage` in cents: of the budget's running period where there is a budget, else of all time."""
        account = self._account(exchange)
        spent = account.spent_now(self.gateway.clock.wall())
        await send_json(exchange, {"object": "list", "total_usage": float(usd(spent) * 100), "daily_costs": []})

    def _account(self, exchange: Exchange) -> Account:
        token = self.gateway.line.authenticate(exchange)
        self.gateway.line.limit(token, exchange)
        return self.gateway.ledger.accounts[token.id]


def limit_usd(account: Account, wall: float) -> float:
    """What was spent and what may still be: of a budget and a quota the tighter one counts."""
    left = account.left(wall)
    return UNLIMITED_USD if left is None else float(usd(max(0, account.spent_now(wall) + account.held + left)))
