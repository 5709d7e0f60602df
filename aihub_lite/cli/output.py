"""What commands print: aligned tables for people, one JSON document for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Row = Mapping[str, Any]


def print_json(value: Any) -> None:
    """One document, indented."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(rows: Sequence[Row], columns: Mapping[str, str], nothing: str) -> None:
    """Fields of `rows` under the headings of `columns` (field to heading); `nothing` where there are no rows."""
    if not rows:
        print(nothing)
        return
    numeric = [all(isinstance(row[field], int | float) or row[field] is None for row in rows) for field in columns]
    lines = [list(columns.values()), *([shown(row[field]) for field in columns] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        cells = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        print("  ".join(cells).rstrip())


def print_facts(facts: Mapping[str, Any]) -> None:
    """One `name  value` per line; what is not set is left out."""
    told = {name: shown(value) for name, value in facts.items() if value not in (None, [], "")}
    width = max(len(name) for name in told)
    for name, text in told.items():
        print(f"{name.ljust(width)}  {text}")


def shown(value: Any) -> str:
    """A value as people read it. What an upstream said may hold control characters: a terminal would obey them."""
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value)
    return "".join(char if char.isprintable() else "\ufffd" for char in str(value))


def dollars(amount: str | None) -> str:
    """`$1.50`, or nothing set."""
    return "-" if amount is None else f"${amount}"


def complain(text: str) -> None:
    """One line on stderr."""
    print(f"aihub-lite: {shown(' '.join(text.split()))}", file=sys.stderr)
