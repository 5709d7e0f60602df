"""By what the channels of a model are put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from aihub_lite.errors import InvalidRequest

Strategy = Literal["priority", "cheapest", "fastest", "sticky"]
"""priority: higher priority first, a weighted choice within a priority. cheapest: lowest price for the request's
estimated size. fastest: lowest average time to first content. sticky: as priority, but the choice within a priority
is the same for all requests of a conversation."""
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
DEFAULT: Strategy = "priority"
EVERY_MODEL = ""
"""Stands for all models that have no strategy of their own: no model's id is empty."""


def strategy_of(model: str, strategies: Mapping[str, Strategy]) -> Strategy:
    """The strategy of a model by its public id: its own, else that of all models."""
    return strategies.get(model) or strategies.get(EVERY_MODEL, DEFAULT)


def checked_strategy(text: str) -> Strategy:
    """The strategy of that name; raises InvalidRequest."""
    if text not in STRATEGIES:
        raise InvalidRequest(f"strategy: must be one of {', '.join(STRATEGIES)}")
    return text
