"""Forms: whatever way their bytes are cut, nothing of them is lost, kept twice, or sent where it should not go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.multipart import MAX_FIELD, MAX_PARTS, Form, FormReader, flag_in, number_in
from tests.support.forms import FILE, content_type, field, form

PIECES = st.lists(st.integers(min_value=1, max_value=400), max_size=40)


def read(body: bytes, sizes: list[int] | None = None, kind: str = content_type()) -> Form:
    reader = FormReader(kind)
    for size in sizes or ():
        reader.feed(body[:size])
        body = body[size:]
    reader.feed(body)
    return reader.form()


def refusal(body: bytes, kind: str = content_type()) -> str:
    with pytest.raises(InvalidRequest) as refused:
        read(body, kind=kind)
    return str(refused.value)


@given(data=st.binary(max_size=2000), sizes=PIECES)
def test_a_form_is_the_same_whatever_pieces_it_comes_in(data: bytes, sizes: list[int]) -> None:
    whole = read(form(field("model", "m"), field("file", data, "a.wav", "audio/wav")), sizes)
    assert [("model", None, b"m"), ("file", "a.wav", data)] == [
        (part.name, part.filename, bytes(part.data)) for part in whole.parts
    ]


@given(data=st.binary(max_size=2000), name=st.text(max_size=20))
def test_what_goes_upstream_is_the_same_form_but_for_the_model(data: bytes, name: str) -> None:
    name = "".join(char for char in name if char.isprintable() and char not in '"%\\' and char.isascii())
    sent = read(form(field("model", "m"), field("prompt", "hé"), field("file", data, name, "audio/x"))).body_with(
        {"model": "up"}
    )
    again = read(b"".join(sent), kind=sent.content_type)
    assert {"model": "up", "prompt": "hé"} == again.fields()
    assert [(name, "audio/x", data)] == [
        (part.filename, part.content_type, bytes(part.data)) for part in again.files("file")
    ]
    assert len(b"".join(sent)) == len(sent)


def test_a_second_attempt_sends_the_same_bytes() -> None:
    sent = read(form(FILE)).body_with({"model": "m"})
    assert b"".join(sent) == b"".join(sent)


def test_one_model_and_no_routing_field_go_upstream() -> None:
    """A form may name its model twice, and servers differ in which they take."""
    body = form(field("model", "allowed"), field("model", "other"), field("api_base", "http://elsewhere"), FILE)
    again = read(b"".join(read(body).body_with({"model": "mine"})))
    assert ["model", "file"] == [part.name for part in again.parts]


def test_a_part_with_two_names_brings_in_no_second_model() -> None:
    part = b'Content-Disposition: form-data; name="x"; name="model"\r\n\r\nother'
    again = b"".join(read(form(FILE, part)).body_with({"model": "mine"}))
    assert (1, 0) == (again.count(b'name="model"'), again.count(b"other"))


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "x" * 71,
        'multipart/form-data; boundary="a\r\nb"',
        "multipart/mixed; boundary=x",
        "",
    ],
)
def test_a_content_type_that_is_no_form_is_refused(kind: str) -> None:
    assert "multipart/form-data" in refusal(form(FILE), kind)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of the kind",
        form(FILE)[:-20],
        form(FILE).replace(b"\r\n", b"\n"),
        form(b"no header at all\r\n\r\nx"),
        form(b'Content-Disposition: attachment; name="x"\r\n\r\nx'),
        form(*[field(f"f{number}", "x") for number in range(MAX_PARTS + 1)]),
        form(b"X-Long: " + b"x" * 10_000 + b"\r\n\r\nx"),
    ],
)
def test_a_broken_form_is_refused(body: bytes) -> None:
    assert "not valid multipart/form-data" in refusal(body)


def test_a_field_that_is_too_large_is_refused() -> None:
    assert "'prompt' is larger than" in refusal(form(field("prompt", b"x" * (MAX_FIELD + 1))))


def test_a_field_that_is_no_text_is_refused() -> None:
    assert "not valid UTF-8" in refusal(form(field("prompt", b"\xff")))


def test_a_name_with_control_characters_is_refused() -> None:
    assert "control characters" in refusal(form(field("file", b"x", "a%0D%0AX-Other: 1", "audio/x")))


def test_a_file_with_an_encoded_name_is_a_file() -> None:
    part = b"Content-Disposition: form-data; name=\"file\"; filename*=utf-8''h%C3%A9.mp3\r\n\r\nx"
    assert ["hé.mp3"] == [part.filename for part in read(form(part)).files("file")]


def test_a_boundary_that_needs_quotes_gets_them() -> None:
    quoted = read(form(FILE, boundary="a b"), kind=content_type('"a b"'))
    assert 'multipart/form-data; boundary="a b"' == quoted.body_with({"model": "m"}).content_type


@pytest.mark.parametrize(("text", "number"), [("2", 2), ("", None)])
def test_a_number_in_a_form_is_read_from_its_text(text: str, number: int | None) -> None:
    assert number == number_in({"n": text}, "n")


@pytest.mark.parametrize("text", ["two", "-1", "0", "1.5", "9" * 400, "²"])
def test_a_wrong_number_in_a_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="'n'"):
        number_in({"n": text}, "n", 128)


@pytest.mark.parametrize(("text", "yes"), [("true", True), ("True", True), ("1", True), ("false", False), ("", False)])
def test_a_boolean_in_a_form_is_read_from_its_text(text: str, yes: bool) -> None:
    assert yes == flag_in({"stream": text}, "stream")


def test_a_maybe_in_a_form_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="'stream'"):
        flag_in({"stream": "maybe"}, "stream")
