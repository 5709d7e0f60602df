"""What is told of a run beside the last release: its multiples of the bare stack, the best of three tries."""

from __future__ import annotations

from tests.bench.figures import Figure
from tests.bench.release import CHECKED, Check, Release, last_release, ratios

BEFORE = Release("0.0.0", {"plain.cpu_per_request": 6.0, "bodies.cpu_28kb": 4.0})


def plain(value: float, bare: float | None = 100.0) -> Figure:
    return Figure("plain.cpu_per_request", "CPU", "µs", value, bare)


def test_a_slower_machine_is_no_slower_gateway() -> None:
    assert {"plain.cpu_per_request": 1.0} == ratios([plain(1200.0, 200.0)], BEFORE)


def test_a_figure_without_a_bare_stack_is_not_compared() -> None:
    assert {} == ratios([plain(1200.0, None), Figure("plain.p50", "p50", "ms", 1.0, 1.0)], BEFORE)


def test_one_good_try_is_enough() -> None:
    check = Check(BEFORE)
    check.add([plain(900.0)])
    assert {"plain.cpu_per_request": 1.5} == check.worse
    check.add([plain(600.0)])
    assert {} == check.worse


def test_a_figure_that_is_worse_each_time_is_named() -> None:
    check = Check(BEFORE)
    for value in (900.0, 720.0, 800.0):
        check.add([plain(value)])
    assert {"plain.cpu_per_request": 1.2} == check.worse


def test_the_last_release_has_all_that_is_checked() -> None:
    assert CHECKED == last_release().multiples.keys()
