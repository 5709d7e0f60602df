"""Recorded answers on every surface: whole, equal however they are cut or sent, and billed right."""

from __future__ import annotations

import pytest

from tests.gateway.adapters.recorded.exchanges import FILES, SOURCES, recordings
from tests.gateway.adapters.recorded.judged import judged
from tests.gateway.adapters.recorded.table import lines, rows_of
from tests.support.replay import VECTORS, requires_vectors

needs_more = pytest.mark.skipif(
    not (VECTORS / "more").is_dir(), reason="needs the further recordings in ../shared/vectors/more"
)
pytestmark = [pytest.mark.served, requires_vectors]  # every recording, on every surface


@pytest.mark.parametrize("source", [*FILES, *(pytest.param(source, marks=needs_more) for source in SOURCES)])
def test_every_recorded_exchange_is_answered_on_every_surface_and_billed_right(source: str) -> None:
    """Each says on chat, Messages and Responses what its upstream said, in any pieces, streamed or whole, and comes
    back as it was said; what it is booked at is what the price project and the provider itself make of it."""
    rows = rows_of(source)
    for line in lines({source: rows}):
        print(line)
    assert [] == [failure for row in rows.values() for failure in row.failed][:3]
    skipped = [vector.id for vector in recordings(source) if vector.id in judged("skipped")]
    assert len(skipped) == sum(row.skipped for row in rows.values())


@needs_more
@pytest.mark.parametrize("what", ["no_answers", "skipped", "types", "history", "usage", "fees", "ways"])
def test_every_verdict_is_on_a_recording(what: str) -> None:
    recorded = {vector.id for source in (*FILES, *SOURCES) for vector in recordings(source)}
    assert set() == judged(what).keys() - recorded
