"""Betas that an upstream does not know: which of them its refusal names, and for how long they are left out."""

from __future__ import annotations

import pytest

from aihub_lite.gateway.adapters.refused_betas import MOST, RefusedBetas

VERTEX = "Unexpected value(s) `b`, `c` for the `anthropic-beta` header. Please consult our documentation."


def test_what_a_refusal_names_is_left_out_and_the_rest_stays() -> None:
    refused = RefusedBetas()
    assert refused.learn("one", "a, b,c", VERTEX)
    assert ("a", "a,d", "") == (refused.left("one", "a, b,c"), refused.left("one", "a,d"), refused.left("one", "b"))
    assert "a, b,c" == refused.left("two", "a, b,c"), "another upstream may know them"


@pytest.mark.parametrize(
    ("betas", "refusal"),
    [
        ("", VERTEX),
        ("a", VERTEX),
        ("a", "max_tokens: `a` is not a number"),
        ("a", "Unexpected value(s) for the `anthropic-beta` header."),
    ],
)
def test_a_refusal_of_something_else_is_the_clients(betas: str, refusal: str) -> None:
    assert not RefusedBetas().learn("one", betas, refusal)


def test_what_was_left_out_already_is_no_reason_to_ask_again() -> None:
    refused = RefusedBetas()
    assert refused.learn("one", "b", VERTEX)
    assert not refused.learn("one", "b", VERTEX)


def test_a_channel_that_was_changed_is_told_all_again() -> None:
    refused = RefusedBetas()
    refused.learn("one", "b", VERTEX)
    refused.forget("one")
    assert "b" == refused.left("one", "b")


def test_clients_cannot_make_it_remember_without_end() -> None:
    refused = RefusedBetas()
    names = [f"b{number}" for number in range(MOST + 1)]
    quoted = ", ".join(f"`{name}`" for name in names)
    assert not refused.learn("one", ",".join(names), f"Unexpected value(s) {quoted} for the `anthropic-beta` header.")
    assert names[0] == refused.left("one", names[0])
