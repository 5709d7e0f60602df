"""The benchmark measures what it says: every part runs for a second, and the books agree with what it counted.

No figure is judged: how fast a busy machine is says nothing about the code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import beside, bodies, limits, paced, peers, plain, release, start, streams, translation
from tests.bench.figures import TARGETS, Figure, table
from tests.bench.profiling import profile
from tests.bench.release import side_by_side
from tests.bench.rig import (
    COMPLETION_TOKENS,
    INPUT_NANO,
    OUTPUT_NANO,
    PROMPT_TOKENS,
    Bench,
    ToolMissing,
    allow_many_files,
    chat_request,
    priced_model,
    tool,
    wait_at_rest,
)
from tests.support.books import Books
from tests.support.gateway import Gateway

pytestmark = pytest.mark.bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A second of everything, once, with a tenth of the streams."""
    try:
        tool("nginx")
        tool("wrk")
    except ToolMissing as missing:
        pytest.skip(str(missing))
    allow_many_files()
    return Bench(tmp_path, seconds=1.0, rounds=1, share=0.1)


def charges(gateway: Gateway) -> list[int]:
    """What every request was charged, in nano-USD, after a look at the sums."""
    wait_at_rest(gateway)
    assert [] == gateway.books.imbalances()
    return [record.charge_nano for record in gateway.books.records()]


def assert_measured(figures: list[Figure], *keys: str) -> None:
    """All of the keys are there, and nothing is a figure by accident."""
    assert set(keys) <= {figure.key for figure in figures}
    assert [] == [figure for figure in figures if figure.value <= 0]


def test_load_and_ledger_agree_on_the_number_of_requests(bench: Bench) -> None:
    with bench.nginx() as upstream, bench.gateway("plain") as gateway:
        body = chat_request(priced_model(gateway, upstream.url))
        target = plain.Target(bench, gateway.url, gateway.key, body, gateway.process.pid, gateway)
        loaded = target.load(plain.CONNECTIONS, bench.seconds)
        charged = charges(gateway)
    plain.check([[loaded]])
    # wrk hangs up on what is under way when its time is over.
    assert loaded.load.requests <= len(charged) <= loaded.load.requests + plain.CONNECTIONS
    assert {PROMPT_TOKENS * INPUT_NANO + COMPLETION_TOKENS * OUTPUT_NANO} == set(charged)


def test_streams_heard_and_ledger_agree(bench: Bench) -> None:
    with bench.paced() as upstream, bench.gateway("stream") as gateway:
        model = priced_model(gateway, upstream.url)
        heard = streams.hear(bench, gateway, gateway.url, model, 10, streams.PACE, bench.seconds)
        charged = charges(gateway)
    charge = paced.PROMPT_TOKENS * INPUT_NANO + heard.all_chunks // 10 * OUTPUT_NANO
    assert [charge] * 10 == charged
    assert heard.chunks < heard.all_chunks


def test_the_plain_part_gives_figures(bench: Bench) -> None:
    assert_measured(plain.measure(bench), "plain.requests", "plain.cpu_per_request", "plain.p50_added", "plain.p99")


def test_the_bodies_part_gives_figures(bench: Bench) -> None:
    assert_measured(bodies.measure(bench), "bodies.cpu_28kb", "bodies.cpu_180kb")


def test_the_limits_part_gives_figures(bench: Bench) -> None:
    """How much they add may be less than nothing in a second."""
    cost, *more = limits.measure(bench)
    assert ("limits.cpu_per_request", True) == (cost.key, cost.value > 0)
    assert ["limits.cpu_more", "limits.cpu_more_by_key"] == [figure.key for figure in more]


def test_another_gateway_gives_the_same_figures(bench: Bench) -> None:
    """nginx, as it is everybody's upstream, is always there."""
    names = ("cpu", "requests", "p50", "memory")
    measured = [f"peers.{gateway}.{name}" for gateway in ("aihub_lite", "nginx") for name in names]
    assert_measured(peers.measure(bench), *measured, "peers.nginx.start")


def test_the_stream_part_gives_figures(bench: Bench) -> None:
    assert_measured(streams.measure(bench), "stream.cpu_per_chunk", "stream.delay_p50", "stream.delay_p99")


def test_the_memory_part_gives_figures_and_books_every_stream(bench: Bench) -> None:
    assert_measured(streams.measure_memory(bench), "memory.idle", "memory.per_stream", "memory.first_chunk")
    books = Books(bench.directory / "memory" / "data")
    assert ["ok"] * bench.streams(streams.OPEN_STREAMS) == [record.outcome for record in books.records()]


def test_the_start_part_gives_figures(bench: Bench) -> None:
    assert_measured(start.measure(bench), "start.first_answer", "start.again")


def test_the_translation_part_gives_figures(bench: Bench) -> None:
    keys = [f"translation.{name}_{what}" for name in ("anthropic", "gemini") for what in ("request", "event")]
    assert_measured(translation.measure(bench), *keys)


def test_a_reader_of_the_console_gives_figures(bench: Bench) -> None:
    figures = beside.measure(bench)
    assert_measured(
        [figure for figure in figures if figure.key != "beside.loss"], "beside.statistics", "beside.requests"
    )
    assert {"beside.loss", "beside.cpu_per_request"} <= {figure.key for figure in figures}


@pytest.mark.parametrize(("what", "unit"), [("plain", "request"), ("stream", "chunk")])
def test_the_profile_names_functions_of_the_gateway(bench: Bench, what: str, unit: str) -> None:
    report = profile(bench, what)
    assert f"µs of the event loop's thread per {unit}" in report
    assert "aihub_lite/gateway/line/pipeline.py:Line.serve" in report


def test_the_table_shows_every_target() -> None:
    shown = table([Figure(key, key, "ms", 1.0) for key in TARGETS])
    assert [] == [target for target in TARGETS.values() if f"≤ {target:g} ms" not in shown]


def test_the_gateway_is_measured_beside_the_last_release(bench: Bench) -> None:
    try:
        compared = side_by_side.measure(bench, release.last_release())
    except side_by_side.NoHistory as missing:
        pytest.skip(f"this copy of the repository has no history: {missing}")
    assert {figure.key for figure in compared} == release.CHECKED
    assert [] == [figure for figure in compared if figure.ratio <= 0]
