"""Facts that come back from a column are as good as those that were put there.

msgspec builds them without `__init__`: whatever a class leaves to it (a cached hash, a converter, a validator) is
missing from what a database gives back. Every priced model answered 500 after a restart, since its price had no hash.
"""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from aihub_lite.domain.catalog import TableEntry
from aihub_lite.domain.channel import ChannelKey, Clocks, Offer, Secret
from aihub_lite.domain.modality import MODAL, Modal
from aihub_lite.domain.money import MODAL_RATES, UNIT_RATES, ModalRates, Price, Rates, Tier, UnitRates
from aihub_lite.domain.usage import Attempt
from aihub_lite.storage.sqlite.columns import from_json, to_json

UNITS = UnitRates(**{name: place for place, name in enumerate(UNIT_RATES, 1)})
MODAL_COUNTS = {name: place for place, name in enumerate(MODAL, 1)}
RATES = Rates(1, 2, 3, 4, 5, UNITS, ModalRates(**{name: place for place, name in enumerate(MODAL_RATES, 1)}))
PRICE = Price(RATES, "operator", (Tier(200_000, RATES),), "2026-11-26")

FACTS: tuple[Any, ...] = (
    Attempt("work", 503, "overloaded", 12),
    ChannelKey(id="k1", ref=Secret("env:KEY"), disabled="refused"),
    Clocks(connect=1, first_byte=2.5, idle=3, total=4),
    TableEntry(PRICE, 128_000),
    Modal(**MODAL_COUNTS),
    Offer("gpt-4o", "gpt-4o-2024-11-20"),
    PRICE,
)
"""One of every class that is read from a column, with all that it may hold."""


@pytest.mark.parametrize("written", FACTS)
def test_a_fact_read_from_a_column_equals_and_hashes_as_the_one_written(written: Any) -> None:
    read = from_json(to_json(written), type(written))
    assert (written, hash(written)) == (read, hash(read))


@pytest.mark.parametrize("written", FACTS)
def test_a_fact_with_defaults_only_comes_back_with_them(written: Any) -> None:
    """Columns of old releases lack the fields that came later."""
    kind = type(written)
    required = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]
    least = kind(**{name: getattr(written, name) for name in required})
    text = to_json({name: getattr(written, name) for name in required})
    read = from_json(text, kind)
    assert (least, hash(least)) == (read, hash(read))


@pytest.mark.parametrize("kind", [*map(type, FACTS), Secret, Tier, Rates, UnitRates, ModalRates])
def test_a_fact_in_a_column_leaves_nothing_to_its_init(kind: type[Any]) -> None:
    """Converters, validators and later steps would not run on what a database gives back."""
    assert not hasattr(kind, "__attrs_post_init__")
    assert not hasattr(kind, "__attrs_pre_init__")
    assert [] == [field.name for field in attrs.fields(kind) if field.converter or field.validator or not field.init]
