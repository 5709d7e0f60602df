"""What commands print: aligned tables for people, one JSON document for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from aihub_lite.config import unknown_variables
from aihub_lite.domain.money import dollars, exact_dollars

Row = Mapping[str, Any]


def print_json(value: Any) -> None:
    """Print a value as one indented JSON document."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(rows: Sequence[Row], columns: Mapping[str, str], nothing: str) -> None:
    """Print the fields of `rows` that `columns` names (field to heading), or the text `nothing` for no rows."""
    if not rows:
        print(nothing)
        return
    numeric = [all(isinstance(row[field], int | float) or row[field] is None for row in rows) for field in columns]
    lines = [list(columns.values()), *([shown(row[field]) for field in columns] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        cells = []
        for text, width, right in zip(line, widths, numeric, strict=True):
            if right:
                cells.append(text.rjust(width))
            else:
                cells.append(text.ljust(width))
        print("  ".join(cells).rstrip())


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print one `name  value` per line, without values that are not set."""
    texts = {name: shown(value) for name, value in facts.items() if value not in (None, [], "")}
    width = max(len(name) for name in texts)
    for name, text in texts.items():
        print(f"{name.ljust(width)}  {text}")


def shown(value: Any) -> str:
    """A value as people read it. What an upstream said may hold control characters: a terminal would obey them."""
    if value is None or value == []:
        return "-"
    if value is True:
        return "yes"
    if value is False:
        return "no"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    return "".join(char if char.isprintable() else "\ufffd" for char in str(value))


def shown_lines(text: object) -> str:
    """A text of several lines, without the characters that a terminal would obey."""
    return "\n".join(shown(line) for line in str(text or "").splitlines())


def limits_facts(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The limits of a person or a team, a text each, and the one that refuses first, be it of another pot above."""
    return {"limits": [limit_text(row) for row in answer["limits"]], "refuses first": first_text(answer)}


def first_text(answer: Mapping[str, Any]) -> str | None:
    """`gateway: budget/month: $37.33 of $50.00 left, …`; None where nothing limits what an answer is about."""
    row = answer["tightest"]
    if row is None:
        return None
    whose = row["whose"]
    if row["name"]:
        whose = f"{row['whose']} {row['name']}"
    return f"{whose}: {limit_text(row)}"


def limit_text(row: Mapping[str, Any]) -> str:
    """`budget/day for gpt-*: $3.00 of $5.00 left, since 2027-01-30T00:00:00Z, refills 2027-01-31T00:00:00Z`."""
    name = row["limit"]
    if row["period"]:
        name = f"{name}/{row['period']}"
    if row["scope"]:
        name = f"{name} for {row['scope']}"
    times = "never refills"
    if row["since"]:
        times = f"since {row['since']}, refills {row['refills']}"
    return f"{name}: {amount_text(row['left_usd'])} of {amount_text(row['usd'])} left, {times}"


def paused_text(answer: Mapping[str, Any]) -> str | None:
    """Why what an answer is about is paused, and since when; None where it is not, or cannot be."""
    paused = answer.get("paused")
    if paused is None:
        return None
    return f"since {paused['since']}: {paused['why']}"


def warn(answer: Mapping[str, Any]) -> None:
    """Print what an answer warns of, one a line on stderr."""
    for warning in answer["warnings"]:
        complain(f"warning: {warning}")


def amount_text(usd: float | None) -> str:
    """An amount as `$65.47`, as the console shows it; `-` where none is set."""
    if usd is None:
        return "-"
    return dollars(usd)


def exact_text(usd: float | None) -> str:
    """A rate, or a figure to compare, with every digit: `$0.075`; `-` where none is set."""
    if usd is None:
        return "-"
    return exact_dollars(usd)


def warn_of_unknown_variables() -> None:
    """Say which variables look like settings and are none: a limit that is spelt wrong is no limit."""
    for name, meant in unknown_variables():
        hint = ""
        if meant:
            hint = f"; {meant} is"
        complain(f"warning: {name} is not a setting{hint}")


def complain(text: str) -> None:
    """Print one line on stderr."""
    print(f"aihub-lite: {shown(' '.join(text.split()))}", file=sys.stderr)
