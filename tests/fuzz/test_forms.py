"""Multipart forms: nearly right, cut anywhere, or no form at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import strategies as st

from tests.fuzz.house import House, open_house
from tests.fuzz.timed import fuzz
from tests.support.forms import BOUNDARY, content_type, field, form

PATHS = ("/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits")
NAMES = st.sampled_from(
    ["model", "file", "image", "image[]", "mask", "prompt", "stream", "n", "response_format", "", "é", "a;b"]
)
VALUES = st.sampled_from(
    [b"openai", b"mistral", b"", b"true", b"1", b"-1", b"1e9", b"null", b"{}", b"\xff\xfe", b"\x00", b"verbose_json"]
)
FILENAMES = st.sampled_from([None, "", "a.wav", "a\\.wav", 'a".wav', "é.png", "a;b=c"])
KINDS = st.sampled_from(["", "audio/wav", "image/png", "audio/\xff", "text/plain; charset=x", "multipart/mixed", ";"])
PARTS = st.lists(st.builds(field, NAMES, VALUES, FILENAMES, KINDS) | st.binary(max_size=40), max_size=8)
TYPES = st.sampled_from(
    [
        *(content_type(), content_type("x"), content_type("x" * 300), content_type(f'"{BOUNDARY}"'), "text/plain"),
        *("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=é"),
    ]
)
GOOD = form(field("model", "openai"), field("prompt", "p"), field("file", b"RIFF", "a.wav"), field("image", b"P", "a"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


def test_no_form_is_a_fault_of_ours(house: House) -> None:
    def check(given: tuple[str, list[bytes], str, int]) -> None:
        path, parts, kind, cut = given
        whole = form(*parts) + GOOD if parts else GOOD
        body = whole[: len(whole) - cut]
        house.ask("POST", path, body, house.key, [("content-type", kind.encode().decode("latin-1"))])

    fuzz(st.tuples(st.sampled_from(PATHS), PARTS, TYPES, st.just(0) | st.integers(0, len(GOOD))), check)


def test_no_form_of_a_page_is_a_fault_of_ours(house: House) -> None:
    """The sign-in, which anybody may post to."""
    fields = st.lists(
        st.tuples(st.sampled_from(["key", "next", "", "é"]), st.text(max_size=20)).map("=".join)
        | st.sampled_from(["a", "=", "&", "key", "key=%", "key=%ff", "key=%ed%a0%80", "next=//x", "next=http://[x"]),
        max_size=10,
    )
    headers = st.sampled_from(
        [
            [],
            [("origin", "http://[x"), ("host", "x")],
            [("sec-fetch-site", "same-origin")],
            [("cookie", "aihub_session=\xff; a"), ("sec-fetch-site", "same-origin")],
            [("accept-language", "x" * 100), ("accept", "text/html")],
            [("authorization", "Bearer \xff")],
        ]
    )
    kinds = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "multipart/form-data", "\xff"])
    paths = st.sampled_from(["/console/sign-in", "/console/sign-out", "/console/enter/x", "/console/language"])

    def check(given: tuple[list[str], list[tuple[str, str]], str, str]) -> None:
        parts, more, kind, path = given
        body = "&".join(parts).encode("utf-8", "replace")
        house.ask("POST", path, body, headers=[*more, ("content-type", kind)])

    fuzz(st.tuples(fields, headers, kinds, paths), check)
