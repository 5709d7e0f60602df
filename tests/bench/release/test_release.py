"""What is told of a run beside the last release: its multiples of the bare stack, the best of three tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.figures import Figure
from tests.bench.release import CHECKED, PLAIN, Check, Release, last_release, ratios
from tests.bench.release.side_by_side import Compared, NoHistory, unpack

BEFORE = Release("0.0.0", "abc", {"plain.cpu_per_request": 6.0, "bodies.cpu_28kb": 4.0})


def plain(value: float, bare: float | None = 100.0) -> Figure:
    return Figure("plain.cpu_per_request", "CPU", "µs", value, bare)


def test_a_slower_machine_is_no_slower_gateway() -> None:
    assert {"plain.cpu_per_request": 1.0} == ratios([plain(1200.0, 200.0)], BEFORE)


def test_a_figure_without_a_bare_stack_is_not_compared() -> None:
    assert {} == ratios([plain(1200.0, None), Figure("plain.p50", "p50", "ms", 1.0, 1.0)], BEFORE)


def test_one_good_try_is_enough() -> None:
    check = Check()
    check.add({PLAIN: 1.5})
    assert {PLAIN: 1.5} == check.worse
    check.add({PLAIN: 1.0})
    assert {} == check.worse


def test_a_figure_that_is_worse_each_time_is_named() -> None:
    check = Check()
    for ratio in (1.5, 1.2, 1.3):
        check.add({PLAIN: ratio})
    assert {PLAIN: 1.2} == check.worse


def test_the_last_release_has_all_that_is_checked() -> None:
    assert CHECKED == last_release().multiples.keys()


def test_a_turn_is_compared_with_its_own() -> None:
    """A busy moment makes both slower."""
    compared = Compared(PLAIN, [110.0, 220.0, 330.0], [100.0, 200.0, 300.0])
    assert 1.1 == pytest.approx(compared.ratio)


def test_code_that_is_not_in_the_history_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NoHistory, match="abc"):
        unpack(BEFORE, tmp_path)


def test_the_code_of_the_last_release_is_unpacked_where_it_is_in_the_history(tmp_path: Path) -> None:
    try:
        unpack(last_release(), tmp_path)
    except NoHistory as missing:
        pytest.skip(f"this copy of the repository has no history: {missing}")
    assert (tmp_path / "aihub_lite" / "__main__.py").is_file()
