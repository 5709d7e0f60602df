"""A custom tool's input that comes in very many pieces."""

from __future__ import annotations

from time import process_time

import pytest

from aihub_lite.wire.responses_calls import InputText

PIECES = 250_000


@pytest.mark.parametrize("name", ["input", "patch"])
def test_each_piece_of_a_long_input_takes_longer_than_the_one_before(name: str) -> None:
    """A megabyte in tokens takes a fraction of a second; else several."""
    reading, began = InputText(), process_time()
    texts = [reading.push(piece) for piece in (f'{{"{name}": "', *["abcd"] * PIECES, '"}')]
    text = "".join([*texts, reading.end()])
    assert ("abcd" * PIECES, True) == (text, process_time() - began < 1.5)
