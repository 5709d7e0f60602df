"""`GET /v1/key`: what the calling key may do, what it has spent, and on what. Never anything of another token."""

from __future__ import annotations

from urllib.parse import parse_qs

import attrs

from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.token import Token
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.pots import budgets_json
from aihub_lite.web.relay.models import Listing
from aihub_lite.web.relay.replies import send_json
from aihub_lite.web.reports.token_usage import SPAN, budget_json, usage_json
from aihub_lite.web.spans import edges_of, zone_named
from aihub_lite.web.views import Json, left_usd, moment_text, money, optional_moment, optional_money


@attrs.frozen
class OwnKey:
    """What is allowed comes from memory, what was used from storage."""

    gateway: Gateway
    listing: Listing

    async def serve(self, exchange: Exchange) -> None:
        """`?zone=Europe/Berlin` says by whose days the usage is cut, UTC's by default. Raises InvalidRequest."""
        token = self.gateway.line.authenticate(exchange)
        self.gateway.line.limit(token, exchange)
        query = parse_qs(exchange.scope.get("query_string", b"").decode("latin-1"))
        zone = zone_named(query.get("zone", ["UTC"])[-1])
        edges = edges_of(SPAN, self.gateway.clock.wall(), zone)
        answer = self._limits(token)
        answer["models"] = [*await self.listing.models_of(token)]
        exchange.extra_headers.append((b"cache-control", b"no-store"))
        answer["usage"] = await usage_json(self.gateway, token, edges)
        await send_json(exchange, answer)

    def _limits(self, token: Token) -> Json:
        """Money in USD; `left_usd` and every limit are null where there is none."""
        balance = self.gateway.ledger.balances[token.id]
        wall = self.gateway.clock.wall()
        return {
            "object": "key",
            "name": token.name,
            "hint": token.hint,
            "created": moment_text(token.created_at),
            "expires": optional_moment(token.expires_at),
            "spent_usd": money(balance.spent),
            "held_usd": money(balance.held),
            "left_usd": left_usd(balance, wall),
            "quota_usd": optional_money(token.quota_nano),
            "budget": budget_json(balance, wall),
            "budgets": budgets_json(self.gateway, PotKey("token", token.id)),
            "limits": {
                "rpm": token.rpm_in_force(self.gateway.limits.rpm) or None,
                "tpm": token.tpm or None,
                "concurrency": token.concurrency or None,
            },
        }
