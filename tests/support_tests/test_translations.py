"""No test makes a request for another wire without holding it against the official SDK's types."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
CHECKING = {"support/claude.py", "wire/gemini/wire.py"}
"""The two helpers that translate and check at once; all else asks them."""
TRANSLATES = re.compile(r"(?m)^from aihub_lite\.wire(\.\w+)? import .*\b(translate|anthropic_request|gemini_request)\b")


def test_a_request_is_translated_and_nobody_looks_at_it() -> None:
    found = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if TRANSLATES.search(path.read_text())}

    assert CHECKING == found
