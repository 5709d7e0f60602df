"""The figures of a report: members over steps of time, with what sums of counts do not show, and the time before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import reduce

import attrs

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.quarters import QUARTER
from aihub_lite.storage.reports.dimensions import PARTIAL, Dimension
from aihub_lite.storage.reports.question import Members, MemberSums, Quality, ReportQuestion, Totals, sum_of
from aihub_lite.storage.reports.reports import Reports
from aihub_lite.web.spans import Span

SEPARATOR = " · "
"""Between the two names of a member of two dimensions."""
NOTHING = Totals()


@attrs.frozen
class Member:
    """A member of one dimension, or of two: its sums together and in each step."""

    members: Members
    names: tuple[str, ...]
    total: Totals
    steps: tuple[Totals, ...]
    """None of figures that are of the whole span alone."""
    before: Totals | None = None
    """Its sums in as much time before the span; None where nobody asked for them."""
    quality: Quality | None = None
    """None where nobody asked for it, or it would take too long."""

    @property
    def name(self) -> str:
        """The names of all its dimensions."""
        return SEPARATOR.join(name or "–" for name in self.names)

    @property
    def id(self) -> str:
        """Tells it from all others."""
        return SEPARATOR.join(self.members)


@attrs.frozen
class Figures:
    """The members over the steps of a span, dearest first, and all requests together."""

    span: Span
    by: tuple[Dimension, ...]
    members: list[Member]
    steps: tuple[Totals, ...]
    before: Totals | None = None
    quality: Quality | None = None
    waiting: int = 0
    """Records that are still to be summed up, so that times and savings lack them."""
    filters: Mapping[Dimension, str] = attrs.field(factory=dict)

    @property
    def total(self) -> Totals:
        """The sums of all requests, those of no member included."""
        return sum_of(self.steps)


async def figures(
    gateway: Gateway,
    span: Span,
    by: tuple[Dimension, ...],
    filters: Mapping[Dimension, str],
    *,
    compared: bool = False,
    measured: bool = False,
    whole: bool = False,
) -> Figures:
    """The members of one dimension or two. `compared`: with the time before; `measured`: with their quality; `whole`:
    with their sums over the whole span alone where that is sooner told, for who needs the steps of few (`over_steps`).

    Raises InvalidRequest where it would take too long.
    """
    reports = Reports(gateway.database, gateway.cells)
    question = ReportQuestion(edges=span.edges, by=by, filters=filters)
    whole = whole and await reports.by_pairs(question)
    if whole:
        parts = await reports.parts(attrs.evolve(question, edges=question.span))
    else:
        parts = await reports.parts(question)
    of_all = parts
    if whole or PARTIAL.intersection(by):
        of_all = await reports.parts(attrs.evolve(question, by=()))
    members = await asyncio.to_thread(members_of, parts, span, whole=whole)
    steps = await asyncio.to_thread(steps_of, of_all, span)
    shown = Figures(span, by, members, steps, filters=filters)
    if compared:
        shown = await _compared(reports, question, shown, gateway.clock.wall())
    if measured:
        shown = await _measured(reports, question, shown)
    return shown


async def over_steps(gateway: Gateway, usage: Figures, members: Sequence[Member]) -> list[Member]:
    """Some members of figures that are of the whole span alone, with their sums in each step."""
    asked = [member.members for member in members if not member.steps]
    if not asked:
        return [*members]
    question = ReportQuestion(edges=usage.span.edges, by=usage.by, filters=usage.filters, only=asked)
    parts = await Reports(gateway.database, gateway.cells).parts(question)
    steps = {member.members: member.steps for member in members_of(parts, usage.span)}
    none = (NOTHING,) * (len(usage.span.edges) - 1)
    return [attrs.evolve(member, steps=member.steps or steps.get(member.members, none)) for member in members]


def members_of(parts: Sequence[MemberSums], span: Span, *, whole: bool = False) -> list[Member]:
    """The members whose sums these are, dearest first. Of thousands that takes long.

    With `whole` there is one of each, over the whole span.
    """
    if whole:
        members = [Member(part.members, part.names, part.totals, ()) for part in parts]
        return sorted(members, key=_dearest)
    count = len(span.edges) - 1
    steps: dict[Members, list[Totals]] = {}
    names: dict[Members, tuple[str, ...]] = {}
    for part in parts:
        names[part.members] = part.names
        # Storage has no rows for steps without requests.
        steps.setdefault(part.members, [NOTHING] * count)[part.step] = part.totals
    members = [Member(key, names[key], sum_of(totals), tuple(totals)) for key, totals in steps.items()]
    return sorted(members, key=_dearest)


def steps_of(parts: Sequence[MemberSums], span: Span) -> tuple[Totals, ...]:
    """The sums of all of them in each step."""
    in_step: list[list[Totals]] = [[] for _ in span.edges[1:]]
    for part in parts:
        in_step[part.step].append(part.totals)
    return tuple(sum_of(totals) for totals in in_step)


def _dearest(member: Member) -> tuple[int, int, str]:
    return -member.total.cost_nano, -member.total.requests, member.name


async def _compared(reports: Reports, question: ReportQuestion, shown: Figures, now: float) -> Figures:
    """With as much time before as has passed of the span: half a day is not compared with a whole one."""
    since, until = question.span
    length = until - since
    passed = max(min(until, int(now) // QUARTER * QUARTER + QUARTER), since + QUARTER)
    earlier = attrs.evolve(question, edges=(since - length, passed - length))
    totals = {part.members: part.totals for part in await reports.parts(earlier)}
    before = [*totals.values()]
    if PARTIAL.intersection(question.by):
        before = [part.totals for part in await reports.parts(attrs.evolve(earlier, by=()))]
    members = [attrs.evolve(member, before=totals.get(member.members, NOTHING)) for member in shown.members]
    return attrs.evolve(shown, members=members, before=sum_of(before))


async def _measured(reports: Reports, question: ReportQuestion, shown: Figures) -> Figures:
    qualities = await reports.quality(question)
    if qualities is None:
        return shown
    members = [attrs.evolve(member, quality=qualities.get(member.members, Quality())) for member in shown.members]
    if PARTIAL.intersection(question.by):
        of_all = await reports.quality(attrs.evolve(question, by=())) or {}
    else:
        of_all = qualities
    total = await asyncio.to_thread(reduce, Quality.__add__, of_all.values(), Quality())
    return attrs.evolve(shown, members=members, quality=total, waiting=await reports.cells.behind())
