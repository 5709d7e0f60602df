"""What usage is summed by and filtered by, and which tables know it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import attrs

Dimension = Literal[
    "model", "token", "person", "team", "tag", "user", "channel", "asked", "surface", "outcome", "client", "error"
]
COLUMNS: Mapping[str, str] = {
    "model": "model",
    "token": "token_id",
    "person": "person_id",
    "team": "team_id",
    "tag": "tag.value",
    "user": "end_user",
    "channel": "channel",
    "asked": "asked",
    "surface": "surface",
    "outcome": "outcome",
    "client": "client",
    "error": "error_code",
}
"""Of usage_records, whose tags are a list in JSON."""
PARTIAL = frozenset({"person", "team", "tag", "user", "asked", "error"})
"""Many a request has none of these, or several tags: what is summed by them is not the sum of all."""
NAMED_IN: Mapping[str, str] = {"token": "tokens", "person": "persons", "team": "teams"}
"""Dimensions whose members are ids, and the tables with the names that these go by now."""


@attrs.frozen
class SumTable:
    """A table of sums by quarters of an hour, and the columns of the dimensions that it knows."""

    table: str
    columns: Mapping[str, str]
    condition: str = "true"
    periods: SumTable | None = None
    """The same sums by eight hours, where there are any."""

    def knows(self, dimensions: Collection[str]) -> bool:
        """Whether it has all of them."""
        return self.columns.keys() >= set(dimensions)


CELLS: Mapping[str, SumTable] = {
    kind: SumTable("usage_cells", columns, f"kind = '{kind}' AND quarters = 1")
    for kind, columns in (
        ("model", {"model": "first", "channel": "second"}),
        ("token", {"token": "first"}),
        ("person", {"person": "first", "team": "second"}),
        ("tag", {"tag": "first"}),
    )
}
"""By their kind."""
SUMS = (
    SumTable(
        "usage_by_model",
        {"model": "model", "channel": "channel"},
        periods=SumTable("usage_pairs", {"model": "first", "channel": "second"}, "kind = 'model'"),
    ),
    SumTable(
        "usage_by_token",
        {"token": "token_id"},
        periods=SumTable("usage_pairs", {"token": "first"}, "kind = 'token'"),
    ),
    SumTable("usage_by_asked", {"asked": "asked", "model": "model"}),
    CELLS["person"],
    CELLS["tag"],
)
"""The first that knows all dimensions of a question is asked; those that triggers keep come first."""


def source_of(dimensions: Collection[str]) -> SumTable | None:
    """The table of sums that knows them all; None where only the records do."""
    return next((source for source in SUMS if source.knows(dimensions)), None)


def kind_of(dimensions: Collection[str]) -> str | None:
    """The kind of cells that know them all, if any."""
    return next((kind for kind, source in CELLS.items() if source.knows(dimensions)), None)
