"""What a provider's cache saved."""

from __future__ import annotations

import attrs

from aihub_lite.domain.modality import MODALITIES, Modal
from aihub_lite.domain.money import Price, cost_of
from aihub_lite.domain.usage import Usage


def saved_by_cache(usage: Usage, price: Price) -> int | None:
    """Nano-USD that the same request would have cost more without a cache; below 0 where writing to it cost more than
    reading from it saved. None where no cache was used, or nobody knows a price."""
    if not usage.cache_read_tokens and not usage.cache_write_tokens:
        return None
    if price.source == "unpriced":
        return None
    without = attrs.evolve(usage, cache_read_tokens=0, cache_write_tokens=0, cache_write_1h_tokens=0)
    if usage.modal is not None:
        read = {f"{kind}_cache_read": 0 for kind in MODALITIES}
        without = attrs.evolve(without, modal=Modal(**{**usage.modal.counts(), **read}))
    return cost_of(without, price) - cost_of(usage, price)
