"""Ids and names of what an operator makes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from aihub_lite.errors import Conflict


def new_id(prefix: str) -> str:
    """`tok_…` or `chn_…`: 80 random bits, so ids of deleted things never return."""
    return prefix + secrets.token_hex(10)


def check_name_free(kind: str, name: str, others: Iterable[str]) -> None:
    """Raise Conflict where another one has the name."""
    # Names that differ by case only would be told apart by no reader.
    if name.casefold() in {other.casefold() for other in others}:
        raise Conflict(f"name: there is already a {kind} {name!r}")
