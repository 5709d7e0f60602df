"""What an address of the statistics page asks to see, and the addresses that lead on from it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from urllib.parse import urlencode

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.storage.reports.dimensions import Dimension
from aihub_lite.web.reports.asking import chosen_in, dimensions_of
from aihub_lite.web.reports.figures import Member
from aihub_lite.web.reports.ranking import CHANGE, FIGURES, METRICS
from aihub_lite.web.spans import SPANS
from aihub_lite.web.views import moment_text

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "usage": ("cost", "requests", "prompt", "completion", "errors", "latency"),
    "speed": ("requests", "first_p50", "first_p90", "first_p99", "p50", "p90", "p99", "speed"),
    "money": ("cost", "hits", "saved", "failed", "cancelled"),
}
"""The figures of the table, by what is shown of them."""
NAME = "name"
RISING = "asc"
FALLING = "desc"
REQUESTS: Mapping[str, str] = {
    "token": "token",
    "person": "person",
    "team": "team",
    "tag": "tag",
    "model": "model",
    "channel": "channel",
    "outcome": "outcome",
    "asked": "asked",
}
"""Dimensions that the list of requests is filtered by, with the names that it has for them."""


@attrs.frozen(kw_only=True)
class View:
    """What an address asks to see. `first` and `last` are the ends of a span by dates, else empty."""

    first: str
    last: str
    span: str
    dimensions: tuple[Dimension, ...]
    metric: str
    show: str
    """Which figures the table has: those of COLUMNS."""
    sort: str
    """The figure that it is ordered by, or `name`."""
    rising: bool
    filters: Mapping[Dimension, str]

    @property
    def by_dates(self) -> bool:
        """Whether the reader chose the span by its ends."""
        return bool(self.first or self.last)

    @property
    def by(self) -> str:
        """The dimensions as an address has them."""
        return ",".join(self.dimensions)

    @property
    def measured(self) -> bool:
        """Whether it has figures that sums of counts do not show."""
        return self.show != "usage"

    def query(self, **changes: str) -> str:
        """The query of this view's address, or of one that differs in some fields; a new span replaces the dates.

        Another metric is also what the table is ordered by.
        """
        fields: dict[str, str] = {"span": self.span}
        if self.by_dates and "span" not in changes:
            fields = {"from": self.first, "to": self.last}
        fields |= {"by": self.by, "metric": self.metric}
        if self.show != "usage":
            fields["show"] = self.show
        if "metric" not in changes and "show" not in changes and (self.sort != self.metric or self.rising):
            fields |= {"sort": self.sort, "order": order_of(rising=self.rising)}
        fields.update({str(name): text for name, text in self.filters.items()})
        return urlencode({name: value for name, value in {**fields, **changes}.items() if value})

    @property
    def hidden(self) -> dict[str, str]:
        """The fields that a form has to say again which asks for other dimensions or filters."""
        span = {"span": self.span}
        if self.by_dates:
            span = {"from": self.first, "to": self.last}
        return {**span, "metric": self.metric, "show": self.show}

    @property
    def unfiltered(self) -> str:
        """The query of the same for all requests."""
        return self.query(**dict.fromkeys(self.filters, ""))

    def sorted_by(self, column: str) -> str:
        """The query of the same table in the order of a column, or turned round where that is its order already."""
        rising = column == NAME
        if column == self.sort:
            rising = not self.rising
        return self.query(sort=column, order=order_of(rising=rising))

    def without(self, dimension: Dimension) -> str:
        """The query of the same without one of its filters."""
        return self.query(**{dimension: ""})

    def inside(self, member: Member) -> str:
        """The query of what a member is made of: itself as a filter, by the model, or by the token where that is it.
        Empty for a member without a name, which no filter stands for."""
        if not all(member.members):
            return ""
        onwards = "model"
        if onwards in self.dimensions:
            onwards = "token"
        chosen: dict[str, str] = dict(zip(self.dimensions, member.members, strict=True))
        return self.query(**chosen, by=onwards, sort="", order="")

    def requests_query(self, member: Member, edges: Sequence[int]) -> str:
        """The query of the list of a member's requests; empty where that list knows no such filter."""
        chosen = {**self.filters, **dict(zip(self.dimensions, member.members, strict=True))}
        if not chosen.keys() <= REQUESTS.keys() or not all(member.members):
            return ""
        fields = {REQUESTS[name]: text for name, text in chosen.items()}
        return urlencode({**fields, "since": moment_text(edges[0])})

    def failed_query(self, edges: Sequence[int]) -> str:
        """The query of the list of all requests that failed; empty where that list knows no filter like this view's."""
        if not self.filters.keys() <= REQUESTS.keys():
            return ""
        fields = {REQUESTS[name]: text for name, text in self.filters.items()}
        span = {"since": moment_text(edges[0])}
        if self.by_dates:
            span["until"] = moment_text(edges[-1])
        return urlencode({"outcome": "failed", **fields, **span})


def order_of(*, rising: bool) -> str:
    """As an address has it."""
    if rising:
        return RISING
    return FALLING


def view_of(query: Mapping[str, str]) -> View:
    """The view of an address. Unknown choices become the default ones; the ends of a span are checked later."""
    metric = _one_of(query.get("metric", ""), METRICS, "cost")
    show = _one_of(query.get("show", ""), COLUMNS, "usage")
    default = metric
    if show == "speed" and not query.get("sort"):
        default = "p50"
    sorts = {*FIGURES, NAME}
    if show == "usage":
        sorts.add(CHANGE)
    sort = _one_of(query.get("sort", ""), sorts, default)
    return View(
        first=query.get("from", ""),
        last=query.get("to", ""),
        span=_one_of(query.get("span", ""), SPANS, "7d"),
        dimensions=_dimensions(query.get("by", ""), query.get("then", "")),
        metric=metric,
        show=show,
        sort=sort,
        rising=query.get("order") == RISING,
        filters=chosen_in(query),
    )


def _dimensions(by: str, then: str) -> tuple[Dimension, ...]:
    """`then` is the second of two, as a form has it."""
    try:
        first = dimensions_of(by)
    except InvalidRequest:
        return ("model",)
    try:
        return dimensions_of(f"{first[0]},{then}")
    except InvalidRequest:
        return first


def _one_of(value: str, allowed: Container[str], default: str) -> str:
    if value in allowed:
        return value
    return default
