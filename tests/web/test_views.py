"""Facts as the admin API shows them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.domain.money import NANO, nano_usd, plain
from aihub_lite.web.views import money


@given(st.integers(0, 1_000_000 * NANO))
def test_an_amount_survives_json_to_the_nano_dollar(nano: int) -> None:
    shown = json.loads(json.dumps(money(nano)))
    assert nano == nano_usd(str(shown)) == nano_usd(plain(shown))
