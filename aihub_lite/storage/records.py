"""A usage record as a row: most columns are fields of the record or of its usage, under the same name."""

from __future__ import annotations

import sqlite3
from operator import attrgetter

import attrs

from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.modality import Modal
from aihub_lite.domain.route import PassedOver
from aihub_lite.domain.usage import Attempt, OtherBill, Usage, UsageRecord
from aihub_lite.storage.sqlite.columns import from_json, row_values, to_json

IN_JSON = ("attempts", "modal", "others", "hosted", "passed", "tags", "dropped", "renamed")
WRITTEN_OTHERWISE = ("streamed", "usage", *IN_JSON)
PLAIN = tuple(field.name for field in attrs.fields(UsageRecord) if field.name not in WRITTEN_OTHERWISE)
COUNTS = tuple(field.name for field in attrs.fields(Usage) if field.name not in WRITTEN_OTHERWISE)
RECORD_COLUMNS = (*PLAIN, *COUNTS, "streamed", *IN_JSON, "charge_nano")

# Rows are bound by position, and read by getters in C: bound by name, a settle took 5 µs more of some 18.
_plain = attrgetter(*PLAIN)
_counts = attrgetter(*COUNTS)


def record_values(record: UsageRecord) -> tuple[str | int | None, ...]:
    """What `RECORD_COLUMNS` hold of a record, in their order. Its cost is what the token is charged."""
    usage = record.usage
    return (
        *_plain(record),
        *_counts(usage),
        int(record.streamed),  # a bool is bound more slowly: sqlite3 looks for an adapter of its type first
        to_json(record.attempts),
        modal_text(usage.modal),
        others_text(record.others),
        hosted_text(usage.hosted),
        passed_text(record.passed),
        names_text(record.tags),
        names_text(record.dropped),
        renamed_text(record.renamed),
        record.cost_nano,
    )


def record_of(row: sqlite3.Row) -> UsageRecord:
    """The record that a row holds."""
    modal = None
    if row["modal"]:
        modal = from_json(row["modal"], Modal)
    hosted = None
    if row["hosted"]:
        hosted = from_json(row["hosted"], Hosted)
    others: tuple[OtherBill, ...] = ()
    if row["others"]:
        others = from_json(row["others"], tuple[OtherBill, ...])
    passed: tuple[PassedOver, ...] = ()
    if row["passed"]:
        passed = from_json(row["passed"], tuple[PassedOver, ...])
    tags: tuple[str, ...] = ()
    if row["tags"]:
        tags = from_json(row["tags"], tuple[str, ...])
    dropped: tuple[str, ...] = ()
    if row["dropped"]:
        dropped = from_json(row["dropped"], tuple[str, ...])
    renamed: tuple[tuple[str, str], ...] = ()
    if row["renamed"]:
        renamed = from_json(row["renamed"], tuple[tuple[str, str], ...])
    return UsageRecord(
        **row_values(row, PLAIN),
        streamed=bool(row["streamed"]),
        attempts=from_json(row["attempts"], tuple[Attempt, ...]),
        usage=Usage(**row_values(row, COUNTS), modal=modal, hosted=hosted),
        others=others,
        passed=passed,
        tags=tags,
        dropped=dropped,
        renamed=renamed,
    )


def others_text(others: tuple[OtherBill, ...]) -> str | None:
    """In JSON; None where no other model had a part."""
    if not others:
        return None
    return to_json(others)


def passed_text(passed: tuple[PassedOver, ...]) -> str | None:
    """In JSON, without what is not set; None where nothing was passed over."""
    if not passed:
        return None
    return to_json([attrs.asdict(each, filter=_is_set) for each in passed])


def _is_set(field: attrs.Attribute[object], value: object) -> bool:
    return field.default is attrs.NOTHING or value != field.default


def names_text(names: tuple[str, ...]) -> str | None:
    """In JSON; None where there is none."""
    if not names:
        return None
    return to_json(names)


def renamed_text(renamed: tuple[tuple[str, str], ...]) -> str | None:
    """In JSON; None where every name went along as it was."""
    if not renamed:
        return None
    return to_json(renamed)


def hosted_text(hosted: Hosted | None) -> str | None:
    """JSON of the counts that are not 0; None where nothing ran at the provider."""
    if hosted is None:
        return None
    return to_json(hosted.counts())


def modal_text(modal: Modal | None) -> str | None:
    """JSON of the counts that are not 0; None where all tokens are text."""
    if modal is None:
        return None
    return to_json(modal.counts())
