"""Images and files in messages."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from aihub_lite.errors import InvalidRequest
from tests.support.upstream.claude import messages

PNG = "iVBORw0KGgoAAAANSUhEUg=="
PDF = "JVBERi0xLjcK"
NOTES = base64.b64encode("grüße".encode()).decode()


def blocks(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = messages({"role": "user", "content": list(parts)})[0]["content"]
    return content


def image(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}, **more}


def file(**fields: Any) -> dict[str, Any]:
    return {"type": "file", "file": fields}


def base64_source(media_type: str, data: str) -> dict[str, Any]:
    return {"type": "base64", "media_type": media_type, "data": data}


def test_an_image_on_the_web_is_named_by_its_url() -> None:
    assert [{"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}] == blocks(
        image("https://x.test/a")
    )


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{PNG}",
        f"data:image/png;charset=utf-8;base64,{PNG}",
        f"DATA:image/PNG;base64,{PNG}",
        f"data:image/jpeg;base64,{PNG}",
        f"data:application/octet-stream;base64,{PNG}",
        f"data:;base64,{PNG}",
    ],
)
def test_an_image_in_the_request_is_sent_with_the_type_that_it_has(url: str) -> None:
    assert [{"type": "image", "source": base64_source("image/png", PNG)}] == blocks(image(url))


def test_a_type_that_is_only_spelt_oddly_is_understood() -> None:
    assert base64_source("image/jpeg", "AAAA") == blocks(image("data:image/jpg;base64,AAAA"))[0]["source"]


@pytest.mark.parametrize(
    "url",
    ["http://x.test/a.png", "ftp://x.test/a", "", "data:image/png,abc", "data:image/tiff;base64,AAAA", "a.png"],
)
def test_an_image_that_cannot_be_sent_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.content\[0\]"):
        blocks(image(url))


def test_a_pdf_is_a_document_with_its_name_and_some_text_beside_it() -> None:
    source = base64_source("application/pdf", PDF)

    assert [
        {"type": "document", "source": source, "title": "a.pdf"},
        {"type": "text", "text": "."},
    ] == blocks(file(file_data=f"data:application/pdf;base64,{PDF}", filename="a.pdf"))


@pytest.mark.parametrize("data", [PDF, f"data:application/x-pdf;base64,{PDF}"])
def test_a_pdf_is_known_by_what_it_holds(data: str) -> None:
    assert base64_source("application/pdf", PDF) == blocks(file(file_data=data))[0]["source"]


@pytest.mark.parametrize(
    "fields",
    [
        {"file_data": f"data:text/markdown;base64,{NOTES}"},
        {"file_data": NOTES, "filename": "notes.TXT"},
    ],
)
def test_a_text_file_is_sent_as_text(fields: dict[str, Any]) -> None:
    assert {"type": "text", "media_type": "text/plain", "data": "grüße"} == blocks(file(**fields))[0]["source"]


def test_a_pdf_as_an_image_is_a_document() -> None:
    assert "document" == blocks(image(f"data:application/pdf;base64,{PDF}"))[0]["type"]
    assert {"type": "url", "url": "https://x.test/A.PDF?x=1"} == blocks(image("https://x.test/A.PDF?x=1"))[0]["source"]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://x.test/a", {"type": "url", "url": "https://x.test/a"}),
        (f"data:application/pdf;base64,{PDF}", base64_source("application/pdf", PDF)),
    ],
)
def test_mistrals_documents_are_understood(url: str, source: dict[str, Any]) -> None:
    part = {"type": "document_url", "document_url": url, "document_name": "a"}

    assert {"type": "document", "source": source, "title": "a"} == blocks(part)[0]


@pytest.mark.parametrize("name", ["file_data", "file_id", "file_url"])
@pytest.mark.parametrize(("path", "kind"), [("a.pdf?x=1", "document"), ("a", "document"), ("a.PNG?x=1", "image")])
def test_a_file_at_an_address_is_fetched_by_anthropic(name: str, path: str, kind: str) -> None:
    """`input_file` with a `file_url`, and a document by its URL, were a 400 for Claude; Gemini had them."""
    url = f"https://a.example/{path}"

    assert [{"type": kind, "source": {"type": "url", "url": url}}] == [
        block for block in blocks(file(**{name: url})) if block["type"] != "text"
    ]


def test_a_file_at_anthropic_is_named_by_its_id() -> None:
    assert {"type": "file", "file_id": "file_011"} == blocks(file(file_id="file_011"))[0]["source"]


@pytest.mark.parametrize(
    "part",
    [
        file(file_id="file-abc"),
        file(),
        file(file_data="data:text/plain;base64,/w=="),
        {"type": "file", "file": 5},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
        {"type": "image_url"},
        {"type": ["text"]},
        {},
    ],
)
def test_what_claude_cannot_read_is_refused_and_not_left_out(part: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.content\[0\]"):
        blocks(part)


def test_marks_and_citations_stay_and_nulls_go() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    parts = blocks(
        {"type": "text", "text": "a", "cache_control": mark, "citations": None},
        image("https://x.test/a", cache_control={"type": "ephemeral", "ttl": None}),
        {"type": "text", "text": "b", "cache_control": None},
    )

    assert [mark, {"type": "ephemeral"}, None] == [part.get("cache_control") for part in parts]


def test_anthropics_own_blocks_pass_as_they_are() -> None:
    block = {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}

    assert [block] == blocks({**block, "cache_control": None})
