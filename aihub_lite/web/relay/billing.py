"""`/dashboard/billing/*`: the balance of the calling key, as NextChat and OpenCat ask for it (RULES.md C-27)."""

from __future__ import annotations

import attrs

from aihub_lite.domain.money import usd
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.state.balance import Balance
from aihub_lite.web.relay.replies import send_json

UNLIMITED_USD = 100_000_000
"""What a balance check gets for a token without a limit; the figure that one-api and its descendants use."""


@attrs.frozen
class Billing:
    """The two billing endpoints, answered from the ledger in memory."""

    gateway: Gateway

    async def subscription(self, exchange: Exchange) -> None:
        """Answers the token's limit in USD, under each of the names that clients read."""
        balance = self._account(exchange)
        limit = limit_usd(balance, self.gateway.clock.wall())
        await send_json(
            exchange,
            {
                "object": "billing_subscription",
                "has_payment_method": True,
                "soft_limit_usd": limit,
                "hard_limit_usd": limit,
                "system_hard_limit_usd": limit,
                "access_until": balance.token.expires_at or 0,
            },
        )

    async def usage(self, exchange: Exchange) -> None:
        """Answers `total_usage` in cents: of the budget's running period where there is a budget, else of all time."""
        balance = self._account(exchange)
        spent = balance.spent_now(self.gateway.clock.wall())
        await send_json(exchange, {"object": "list", "total_usage": float(usd(spent) * 100), "daily_costs": []})

    def _account(self, exchange: Exchange) -> Balance:
        token = self.gateway.line.authenticate(exchange)
        self.gateway.line.limit(token, exchange)
        return self.gateway.ledger.balances[token.id]


def limit_usd(balance: Balance, wall: float) -> float:
    """What was spent and what may still be: of a budget and a quota the tighter one counts."""
    left = balance.left(wall)
    if left is None:
        return UNLIMITED_USD
    # `left` is what new requests may take: money on hold is neither in it nor spent yet.
    return float(usd(max(0, balance.spent_now(wall) + balance.held + left)))
