"""What atheris is led to by hand, hypothesis tries for a second: bytes at random, and good ones that are changed."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.fuzz.guided import TARGETS
from tests.fuzz.timed import fuzz


@pytest.mark.parametrize("name", TARGETS)
def test_bytes_that_are_nearly_right_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]
    good = st.sampled_from(target.beginnings)
    place = st.integers(0, max(map(len, target.beginnings)))
    changed = st.builds(
        lambda data, at, more, gone: data[:at] + more + data[at + gone :],
        good,
        place,
        st.binary(max_size=4),
        st.integers(0, 8),
    )
    assert fuzz(changed | good | st.binary(max_size=40), target.check) > 0
