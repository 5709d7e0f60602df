"""What is asked of reports, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import attrs

from aihub_lite.domain.reports.sketch import Times
from aihub_lite.storage.reports.dimensions import Dimension

Members = tuple[str, ...]
"""One member of each dimension that is summed by: the id of a token, person or team, else the name."""


@attrs.frozen(kw_only=True)
class ReportQuestion:
    """What is asked. `edges` are Unix seconds, ascending: one more than there are steps.

    Sums are kept by quarters of an hour, at which they have to lie for these; records are asked to the second.
    """

    edges: Sequence[int]
    by: tuple[Dimension, ...] = ()
    """Two at most."""
    filters: Mapping[Dimension, str] = attrs.field(factory=dict)
    """The member of a dimension that alone is meant; empty: requests without one."""
    only: Sequence[Members] = ()
    """The members that alone are meant, each with one of every dimension in `by`; none: all."""

    @property
    def dimensions(self) -> frozenset[str]:
        """All that are to be known of a request."""
        return frozenset((*self.by, *self.filters))

    @property
    def reads_records(self) -> bool:
        """Whether only records tell: which other tags requests have that have one."""
        return "tag" in self.by and "tag" in self.filters

    @property
    def span(self) -> tuple[int, int]:
        """From when until when."""
        return self.edges[0], self.edges[-1]


class Totals(NamedTuple):
    """Sums of requests. Money in nano-USD. A report of two dimensions has tens of thousands of these."""

    requests: int = 0
    errors: int = 0
    """Those that the gateway or an upstream failed, before or after content."""
    interrupted: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano: int = 0
    first_byte_ms: int = 0
    """Milliseconds to the first byte, summed over the requests that had one."""
    first_bytes: int = 0

    @property
    def first_byte_mean(self) -> int | None:
        """Milliseconds; None where no request had a first byte."""
        if not self.first_bytes:
            return None
        return round(self.first_byte_ms / self.first_bytes)


TOTALS = Totals._fields


def sum_of(parts: Iterable[Totals]) -> Totals:
    """The sums of all of them; zeros of none."""
    rows = [*parts]
    if not rows:
        return Totals()
    return Totals._make(map(sum, zip(*rows, strict=True)))


class MemberSums(NamedTuple):
    """The sums of one member in one step."""

    step: int
    """Number of the step, from 0."""
    members: Members
    names: tuple[str, ...]
    """What the members are called now."""
    totals: Totals


@attrs.frozen(kw_only=True)
class Quality:
    """What sums of counts do not show. Money in nano-USD."""

    prompt_tokens: int = 0
    cache_read_tokens: int = 0
    saved_nano: int = 0
    """By caches, less what writing to them cost more."""
    failed_nano: int = 0
    """What failed requests cost."""
    cancelled_nano: int = 0
    """What requests cost whose client left, or that were stopped."""
    written_tokens: int = 0
    written_ms: int = 0
    """What whole streams wrote after their first byte, and in how long."""
    times: Times = attrs.field(factory=Times)

    def __add__(self, other: Quality) -> Quality:
        sums = {name: getattr(self, name) + getattr(other, name) for name in QUALITY}
        return Quality(**sums, times=self.times + other.times)

    @property
    def hit_rate(self) -> float | None:
        """Which part of all prompt tokens was read from a cache; None of none."""
        if not self.prompt_tokens:
            return None
        return self.cache_read_tokens / self.prompt_tokens

    @property
    def tokens_per_second(self) -> float | None:
        """How fast streams wrote; None where none was whole."""
        if not self.written_ms:
            return None
        return 1000 * self.written_tokens / self.written_ms


QUALITY = tuple(field.name for field in attrs.fields(Quality) if field.name != "times")
