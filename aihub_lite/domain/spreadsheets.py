"""Names in tables that people open in a spreadsheet: models and tokens may be called anything."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the start of a cell."""


def inert(name: str) -> str:
    """The name as a cell that computes nothing: spreadsheets show what follows an apostrophe as it is."""
    if name.startswith(FORMULA):
        return f"'{name}"
    return name
