"""Credits: entries that are added and never changed, what people ask for, and statements of both."""

from __future__ import annotations

from typing import Literal

import attrs

from aihub_lite.domain.money import MAX_USD, NANO
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.errors import InvalidRequest

MAX_NOTE = 200
RequestState = Literal["open", "given", "refused"]


@attrs.frozen(kw_only=True)
class Credit:
    """One entry: nano-USD that a person or a team may spend beyond what they had; below zero, a correction."""

    id: int
    pot: PotKey
    nano: int
    note: str
    by: str
    """Who gave it: a person's name, `admin key` for its holder, `sign-up`."""
    at: int
    """Unix seconds."""


@attrs.frozen(kw_only=True)
class CreditRequest:
    """What a person asks for, and what an admin answered. Amounts in nano-USD, times in Unix seconds."""

    id: int
    person_id: str
    nano: int
    note: str
    at: int
    state: RequestState = "open"
    answered_by: str = ""
    answered_at: int | None = None


def checked_note(note: str) -> str:
    """A line of plain text; raises InvalidRequest."""
    note = note.strip()
    if len(note) > MAX_NOTE or not note.isprintable():
        raise InvalidRequest(f"note: must be one line of at most {MAX_NOTE} characters")
    return note


def check_amount(nano: int, field: str = "usd") -> None:
    """Raise InvalidRequest for an entry of nothing, or of more than an integer of the database may sum."""
    if nano == 0:
        raise InvalidRequest(f"{field}: must not be 0")
    if abs(nano) > MAX_USD * NANO // 1000:
        raise InvalidRequest(f"{field}: must be at most {MAX_USD // 1000} USD")
