"""What a request's body says of itself."""

from __future__ import annotations

import pytest

from aihub_lite.domain.reports.tags import Labels
from aihub_lite.wire.labels import labels_in


def test_metadata_makes_tags_of_names_and_values() -> None:
    assert Labels(("project=alpha", "stage=2")) == labels_in({"metadata": {"project": "alpha", "stage": "2"}})


def test_a_list_of_tags_in_metadata_is_taken_as_it_is() -> None:
    assert Labels(("night", "ci")) == labels_in({"metadata": {"tags": ["night", "ci", 3, None]}})


@pytest.mark.parametrize(
    "body", [{"user": "u-17"}, {"safety_identifier": "u-17"}, {"metadata": {"user_id": "u-17"}}], ids=str
)
def test_the_end_user_has_a_field_of_its_own_on_every_surface(body: dict[str, object]) -> None:
    assert Labels((), "u-17") == labels_in(body)


NO_METADATA: list[object] = [None, [], "text", 7, {"a": 1}, {"a": ["b"]}, {"a": "a whole text"}]
NO_USER: list[object] = [None, 7, [], {}, "a whole text"]


@pytest.mark.parametrize(
    "body", [*({"metadata": each} for each in NO_METADATA), *({"user": each} for each in NO_USER)], ids=str
)
def test_what_fits_no_label_is_left_out_and_not_refused(body: dict[str, object]) -> None:
    assert Labels() == labels_in(body)


def test_tags_of_the_header_come_first() -> None:
    assert Labels(("b", "a=1")) == labels_in({"metadata": {"a": "1"}}, ["b"])


def test_no_more_than_some_fields_are_looked_at() -> None:
    metadata = {**{f"a text {number}": "of words" for number in range(10_000)}, "project": "alpha"}
    assert Labels() == labels_in({"metadata": metadata})
