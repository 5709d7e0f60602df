"""What models cost at LiteLLM where its operator said so."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aihub_lite.domain.money import Rates, nano_usd
from aihub_lite.domain.patterns import STAR
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.litellm.deployments import Deployment
from aihub_lite.moving.litellm.values import per_million_in, text_in
from aihub_lite.moving.move import MovedPrice, Remark

PARTS: Mapping[str, str] = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "reasoning": "output_cost_per_reasoning_token",
}
"""Rates of ours, and the fields of LiteLLM's in USD per token."""
OWN_TABLE = "from LiteLLM 1.108.7's own table"
TABLE_PARTS: Mapping[str, str] = {"input": "input", "output": "output", "read": "cache_read", "write": "cache_write"}
"""What stands there, and the rates that it is for."""


def prices_of(deployments: Sequence[Deployment]) -> tuple[tuple[MovedPrice, ...], tuple[Remark, ...]]:
    """One price for each public model of which any deployment names one, and what could not be read."""
    left: list[Remark] = []
    by_model: dict[str, list[tuple[Rates, list[str]]]] = {}
    unpriced: set[str] = set()
    for deployment in deployments:
        try:
            priced = _price(deployment)
        except InvalidRequest as error:
            left.append(_remark(deployment, error.message))
            continue
        if priced is None:
            unpriced.add(deployment.model_name)
        else:
            by_model.setdefault(deployment.model_name, []).append(priced)
    return tuple(_moved(model, found, model in unpriced) for model, found in by_model.items()), tuple(left)


def _remark(deployment: Deployment, why: str) -> Remark:
    return Remark(noun="price", source=deployment.source, name=deployment.model_name, notes=(why,))


def _moved(model: str, found: Sequence[tuple[Rates, list[str]]], also_unpriced: bool) -> MovedPrice:
    """The price of a model: where its deployments differ, the highest of each rate, so that nothing is given away."""
    rates = [each for each, _ in found]
    notes = list(dict.fromkeys(note for _, each in found for note in each))
    if len(set(rates)) > 1:
        notes.append("its deployments had different prices: a model has one here, and the highest was taken")
    if also_unpriced:
        notes.append("only some of its deployments had a price of their own: here it counts for all")
    return MovedPrice(model=model, rates=_highest(rates), notes=tuple(notes))


def _highest(rates: Sequence[Rates]) -> Rates:
    def most(name: str) -> int | None:
        return max((value for each in rates if (value := getattr(each, name)) is not None), default=None)

    return _rates({name: most(name) for name in PARTS})


def _rates(found: Mapping[str, int | None]) -> Rates:
    return Rates(
        found["input"] or 0,
        found["output"] or 0,
        cache_read=found["cache_read"],
        cache_write=found["cache_write"],
        reasoning=found["reasoning"],
        cache_write_1h=found["cache_write_1h"],
    )


def _price(deployment: Deployment) -> tuple[Rates, list[str]] | None:
    """The rates that a deployment names, with notes; None where it names none. Raises InvalidRequest."""
    named: dict[str, Any] = {**deployment.info, **deployment.params}
    if STAR in deployment.model_name and any("cost" in name for name in named):
        raise InvalidRequest("a price of a pattern has no place here: set one for each model")
    rates = {part: per_million_in(named, field) for part, field in PARTS.items()}
    others = sorted(name for name in named if "cost" in name and name not in PARTS.values() and named[name])
    notes = [f"not taken: {', '.join(others)}"] * bool(others)
    known = _table_rates(text_in(named, "base_model") or text_in(deployment.params, "model"))
    if rates["input"] is None and rates["output"] is None:
        if notes:
            raise InvalidRequest(notes[0])
        if not known or not text_in(named, "base_model"):
            return None
    for part, cost in known.items():
        if rates[part] is None:
            rates[part] = cost
            notes.append(f"{part.replace('_', ' ')}: {OWN_TABLE}")
    return _rates(rates), notes


def _table_rates(model: str) -> Mapping[str, int]:
    """What LiteLLM's own table has of an upstream's model, by its name with the provider, else without."""
    row = _table().get(model) or _table().get(model.partition("/")[2]) or {}
    return {TABLE_PARTS[part]: nano_usd(cost) for part, cost in row.items()}


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("rates.toml").read_text(encoding="utf-8"))
