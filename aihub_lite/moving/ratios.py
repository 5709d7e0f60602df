"""What one-api and new-api bill: ratios in their options, and those that stand in the programs alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import attrs

from aihub_lite.domain.money import MILLION, NANO
from aihub_lite.moving.places import table

UNITS = Decimal(500_000)
"""Of quota for a dollar, unless an option says otherwise."""
From = Literal["its options", "the program"]
ONE = Decimal(1)


@attrs.frozen
class Ratio:
    """A figure, and where it stands."""

    value: Decimal
    source: From


@attrs.frozen
class Ratios:
    """Those of one kind: of the options, where that program's operator ever saved them, and of the program."""

    option: Mapping[str, Any] | None
    """None where it was never saved."""
    program: Mapping[str, Any]

    def find(self, name: str) -> Ratio | None:
        """What a saved option says: there it replaces the program's own table."""
        if self.option is not None:
            return _ratio(self.option.get(name), "its options")
        return _ratio(self.program.get(name), "the program")

    def first(self, *names: str) -> Ratio | None:
        """Of the first name that either has, the option's before the program's."""
        for name in names:
            saved = _ratio((self.option or {}).get(name), "its options")
            if found := saved or _ratio(self.program.get(name), "the program"):
                return found
        return None


def _ratio(value: object, source: From) -> Ratio | None:
    if value is None:
        return None
    return Ratio(Decimal(str(value)), source)


def rule_for(program: str, name: str) -> tuple[Decimal, bool]:
    """The completion ratio that the program has for a name, 1 without one; and whether no option changes it."""
    for rule in table(program)["rules"]:
        if _fits(rule, name):
            return Decimal(rule["ratio"]), bool(rule.get("fixed"))
    return ONE, False


def _fits(rule: Mapping[str, Any], name: str) -> bool:
    return (
        name == rule.get("exact", name)
        and name.startswith(rule.get("prefix", ""))
        and name.endswith(rule.get("suffix", ""))
        and rule.get("contains", "") in name
        and ("without" not in rule or rule["without"] not in name)
    )


@attrs.frozen
class Money:
    """What units of quota come to."""

    per_usd: Decimal = UNITS

    def nano(self, units: int) -> int:
        """Nano-USD of so many units."""
        return int((Decimal(units) * NANO / self.per_usd).to_integral_value(ROUND_HALF_UP))

    def rate(self, ratio: Decimal) -> int:
        """Nano-USD per million tokens, of which each costs so many units."""
        return int((ratio * MILLION * NANO / self.per_usd).to_integral_value(ROUND_HALF_UP))


def money_of(options: Mapping[str, str]) -> Money:
    """By what the options say of it."""
    try:
        per_usd = Decimal(options.get("QuotaPerUnit") or UNITS)
    except ArithmeticError:
        return Money()
    if not per_usd.is_finite() or per_usd <= 0:
        return Money()
    return Money(per_usd)
