"""How deep and how large JSON of others may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.foreign_json import MAX_DEPTH, MAX_VALUES, deeper_than, more_values_than, object_in

LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text('[{,"\\', max_size=4)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)
IMAGE = "data:image/png;base64," + "iVBORw0KGgo" * 60_000
"""Longer than the most values, and than several steps of looking."""


def depth(value: Any) -> int:
    """Levels of lists and objects, by the book."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(DOCUMENTS, st.integers(0, 6))
def test_a_document_is_deeper_than_a_limit_where_a_value_of_it_is(document: Any, limit: int) -> None:
    assert (depth(document) > limit) == deeper_than(limit, document)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_the_last_level_that_is_allowed_is_read_and_the_next_is_refused(opening: str, closing: str) -> None:
    """The outermost object is a level too."""
    levels = MAX_DEPTH - 1
    if len(opening) == len('[{"a":'):
        levels //= 2
    deepest = '{"a":' + opening * levels + "1" + closing * levels + "}"
    assert parse_json(deepest.encode())
    assert object_in(deepest) is not None
    deeper = '{"a":' + opening * (levels + 1) + "1" + closing * (levels + 1) + "}"
    assert object_in(deeper) is None
    with pytest.raises(InvalidRequest, match="nested more than 64 levels"):
        parse_json(deeper.encode())


def body_with(values: int) -> bytes:
    """An image, and beside it a list: with so many values in all, the object, the image and the list among them."""
    return msgspec.json.encode({"image": IMAGE, "list": [0] * (values - 3)})


def test_values_beside_a_long_image_are_counted() -> None:
    """What base64 cannot hold is looked for first; what stands behind it counts all the same."""
    assert len(parse_json(body_with(MAX_VALUES - 10))) == 2
    with pytest.raises(InvalidRequest, match="more than 200000 values"):
        parse_json(body_with(MAX_VALUES + 10))


def test_a_comma_or_bracket_in_a_long_text_is_no_value() -> None:
    assert not more_values_than(10, msgspec.json.encode(["[,{" * 100_000]))
