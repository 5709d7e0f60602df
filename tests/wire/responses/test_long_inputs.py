"""A custom tool's input that comes in very many pieces."""

from __future__ import annotations

from time import process_time

import pytest

from aihub_lite.wire.responses.calls import InputText

PIECES = 250_000


@pytest.mark.parametrize("name", ["input", "patch"])
def test_a_megabyte_in_pieces_is_read_in_linear_time(name: str) -> None:
    """A megabyte in tokens takes a fraction of a second; else several."""
    reading, began = InputText(), process_time()
    texts = [reading.push(piece) for piece in (f'{{"{name}": "', *["abcd"] * PIECES, '"}')]
    text = "".join([*texts, reading.end()])
    assert ("abcd" * PIECES, True) == (text, process_time() - began < 1.5)
