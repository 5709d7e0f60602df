"""No test makes a request for another wire without holding it against the official SDK's types."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
CHECKING = {"support/upstream/claude.py", "wire/gemini/wire.py"}
"""The two helpers that translate and check at once; all else asks them."""
TRANSLATES = re.compile(
    r"(?m)^from aihub_lite\.wire\.(anthropic\.upstream|gemini)(\.\w+)? import .*\b(translate|request)\b"
)


def test_every_translated_request_is_held_against_the_sdks_types() -> None:
    translating = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if TRANSLATES.search(path.read_text())}

    assert CHECKING == translating
