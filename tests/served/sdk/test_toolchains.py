"""Client programs are fetched over a network that may fail for a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.served.sdk.toolchains import TRIES, Kit, Unavailable


def kit(script: str) -> Kit:
    return Kit("node", ("node/package.json",), ("sh",), lambda target: [("sh", "-c", script)])


def test_what_fails_once_is_fetched_again(tmp_path: Path) -> None:
    target = kit("echo tried >>../tries; [ $(wc -l <../tries) -gt 1 ]").built(tmp_path)
    assert (target / "tries").read_text() == "tried\n" * 2


def test_what_fails_each_time_is_unavailable_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"node: .* failed: no network"):
        kit("echo tried >>../tries; echo no network; exit 1").built(tmp_path)
    (tries,) = tmp_path.glob("*/tries")
    assert tries.read_text() == "tried\n" * TRIES
