"""What an upstream itself says that an answer cost, in the `usage` of it."""

from __future__ import annotations

from decimal import Decimal

from aihub_lite.domain.money import MAX_COST, nano_usd
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at

COST = "cost"
"""USD: OpenRouter, Vercel and Eden AI; of Perplexity an object, whose `total_cost` it is."""
TICKS = "cost_in_usd_ticks"
"""xAI: "the actual amount billed", docs.x.ai, "Cost Tracking"."""
TICKS_IN_USD = 10_000_000_000
SAID = (COST, "cost_details", "is_byok", "market_cost", TICKS)
"""All that is said of it: how it is made up, and by whose keys (OpenRouter), and what it would be without the terms of
one's own (Vercel)."""


def upstream_cost(usage: JsonView) -> int | None:
    """Nano-USD; None where the upstream says nothing, or what cannot be.

    Who uses keys of their own at OpenRouter pays its fee, which is `cost`, and the provider's price. A 0 counts as said
    where it is known whose keys were used: others write it where they know no price.
    """
    if (ticks := usage.get(TICKS)) is not None:
        return _nano(ticks, TICKS_IN_USD) or None
    cost = usage.get(COST)
    if isinstance(cost, dict):
        return _nano(cost.get("total_cost")) or None
    nano = _nano(cost)
    own_keys = usage.get("is_byok")
    if own_keys is True:
        return _with_provider(nano, usage)
    if nano == 0 and own_keys is None:
        return None
    return nano


def cost_said(usage: object) -> JsonObject:
    """What an upstream's `usage` says of its cost, as it came: clients show it, whatever surface they speak to."""
    if not isinstance(usage, dict) or usage.keys().isdisjoint(SAID):
        return {}
    return {name: usage[name] for name in SAID if usage.get(name) is not None}


def _with_provider(fee: int | None, usage: JsonView) -> int | None:
    """The fee and what the provider itself bills; None where either is not said: then the whole is not known."""
    provider = _nano(dict_at(usage, "cost_details").get("upstream_inference_cost"))
    if fee is None or not provider:
        return None
    return fee + provider


def _nano(amount: object, in_usd: int = 1) -> int | None:
    """None for what is no amount, and for more than any request comes to."""
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return None
    try:
        nano = nano_usd(Decimal(str(amount)) / in_usd)
    except ValueError:
        return None
    if nano > MAX_COST:
        return None
    return nano
