"""What an operator may change in what is sent, and how he writes it."""

from __future__ import annotations

import attrs
import pytest

from aihub_lite.domain.overrides import (
    AUTHENTICATION,
    FRAMING,
    HOP_BY_HOP,
    NONE,
    Header,
    Overrides,
    Param,
    Secret,
    check_overrides,
    headers_of,
    param_of,
)
from aihub_lite.errors import InvalidRequest


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("a=1", "1"),
        ("a=0.2", "0.2"),
        ("a=null", "null"),
        ('a={"b": [1, 2]}', '{"b":[1,2]}'),
        ("a=high", '"high"'),
        ('a="1"', '"1"'),
        ("a=b=c", '"b=c"'),
    ],
)
def test_a_value_is_json_and_a_word_is_a_text(written: str, value: str) -> None:
    assert Param("a", value) == param_of(written, "set_params")


@pytest.mark.parametrize("written", ["", "a", "a=", "a={", "a=[1", 'a="x', "a=1x", "a=two words"])
def test_what_is_neither_is_refused_by_name(written: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^set_params: "):
        param_of(written, "set_params")


def test_a_header_named_alone_keeps_its_value() -> None:
    before = headers_of(["X-One=1", "X-Two=2"], ())
    assert (before[1], Header("x-three", Secret("env:THREE"))) == headers_of(["x-two", "X-Three=env:THREE"], before)
    with pytest.raises(InvalidRequest, match="NAME=VALUE"):
        headers_of(["x-four"], before)


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP | FRAMING | AUTHENTICATION))
def test_fields_of_the_gateways_own_are_refused_whatever_their_case(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"headers: {name} "):
        check_overrides(Overrides(headers=headers_of([f"{name.title()}=x"], ())))


@pytest.mark.parametrize(
    "headers",
    [
        ["a b=1"],
        ["a:b=1"],
        ["=1"],
        ["a\r\nb=1"],
        ["x=1\r\ny: 2"],
        ["x=ü"],
        ["x="],
        ["x=env:"],
        ["x=env:a-b"],
        ["x=1", "X=2"],
    ],
)
def test_no_header_can_end_another_or_stand_twice(headers: list[str]) -> None:
    """A line break in a value would begin a header of anybody's choice."""
    with pytest.raises(InvalidRequest, match=r"^headers: "):
        check_overrides(Overrides(headers=headers_of(headers, ())))


@pytest.mark.parametrize(
    "path", ["", "a..b", ".a", "a.", "a b", "ü", "a" * 201, "a.b.c.d.e.f.g.h.i", "chat:", "chat:a..b"]
)
def test_a_path_is_names_with_dots_between(path: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^drop_params: "):
        check_overrides(Overrides(drop_params=(path,)))


@pytest.mark.parametrize(
    "path", ["model", "stream", "messages", "input", "contents", "prompt", "system.0", "instructions", "chat:model"]
)
def test_what_a_request_is_priced_and_held_for_stays(path: str) -> None:
    for overrides in (Overrides(drop_params=(path,)), Overrides(set_params=(Param(path, "1"),))):
        with pytest.raises(InvalidRequest, match="params: "):
            check_overrides(overrides)


def test_one_field_is_changed_in_one_way() -> None:
    with pytest.raises(InvalidRequest, match="stands there twice"):
        check_overrides(Overrides(drop_params=("a",), set_params=(Param("a", "1"),)))


@pytest.mark.parametrize(
    "overrides",
    [
        Overrides(drop_params=tuple(f"a{number}" for number in range(65))),
        Overrides(headers=tuple(Header(f"a{number}", Secret("1")) for number in range(65))),
        Overrides(set_params=(Param("a", "1" * 16_385),)),
        Overrides(set_params=tuple(Param(f"a{number}", "1" * 16_000) for number in range(5))),
        Overrides(system_prefix="a" * 16_385),
        Overrides(system_prefix=" a"),
        Overrides(system_prefix="a\x1bb"),
    ],
)
def test_what_would_weigh_on_every_request_is_refused(overrides: Overrides) -> None:
    with pytest.raises(InvalidRequest):
        check_overrides(overrides)


def test_no_repr_shows_the_value_of_a_header() -> None:
    assert "sk-one" not in repr(Overrides(headers=headers_of(["x=sk-one"], ())))


def test_paths_of_all_kinds_are_taken() -> None:
    paths = ("temperature", "provider.order", "chat:top_k", "x:y", "extra_body.a-b.c_d")
    overrides = attrs.evolve(NONE, drop_params=paths, system_prefix="One.\n\tTwo: ü.")
    check_overrides(overrides)
