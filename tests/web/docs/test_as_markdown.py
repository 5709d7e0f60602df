"""Every page of the documentation as Markdown, for programs: at its own address with `.md` behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.access.team import add_person, signed_in
from tests.web.console.visitor import Visitor, at_console
from tests.web.docs.searched import slugs_in

DEMO = {"name": "d", "provider": "demo", "models": ["demo", "notes.md"]}


async def slugs_for(visitor: Visitor, headers: dict[str, str]) -> list[str]:
    """Every page that a reader finds by its search, and that of a model."""
    index = (await visitor.get("/docs/search.json", **headers)).json()
    return [*slugs_in(index), "models/demo"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_is_there_as_markdown_at_its_address_with_md(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", DEMO, status=201)
        reader = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        reader["accept-language"] = language
        slugs = await slugs_for(visitor, reader)
        assert {"errors", "me", "admin", "admin/tokens", "operator/money", "models"} < {*slugs}
        wrong = []
        for slug in slugs:
            as_file = await visitor.get(f"/docs/{slug}.md", **reader)
            by_accept = await visitor.http.get(f"/docs/{slug}", headers={**reader, "accept": "text/markdown"})
            kind = as_file.headers.get("content-type", "")
            if not kind.startswith("text/markdown") or not as_file.text.startswith("# "):
                wrong.append((slug, as_file.status_code, kind))
            assert by_accept.text == as_file.text
        assert [] == wrong

    at_console(tmp_path, story)


@pytest.mark.parametrize("slug", ["me", "admin", "admin/tokens", "operator/money"])
def test_a_page_as_markdown_is_for_those_alone_who_may_read_the_page(tmp_path: Path, slug: str) -> None:
    async def story(visitor: Visitor) -> None:
        for headers in ({}, await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))):
            page = await visitor.get(f"/docs/{slug}", **headers)
            as_file = await visitor.get(f"/docs/{slug}.md", **headers)
            assert page.status_code == as_file.status_code

    at_console(tmp_path, story)


@pytest.mark.parametrize(("path", "accept"), [("/docs.md", "*/*"), ("/docs", "text/markdown")])
def test_the_address_of_all_gives_a_program_the_contents(tmp_path: Path, path: str, accept: str) -> None:
    """It was a 404, and led to one page of many without a word of the others."""

    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.get(path, headers={"accept": accept})
        assert answer.headers["content-type"].startswith("text/markdown")
        assert (await visitor.http.get("/docs/llms.txt")).text == answer.text
        assert "(http://gateway/docs/quick-start.md)" in answer.text
        far = {"accept": accept, "x-forwarded-for": "203.0.113.9"}
        assert 401 == (await visitor.http.get(path, headers=far)).status_code

    at_console(tmp_path, story)


def test_the_address_of_the_operators_pages_leads_a_program_to_the_first_as_markdown(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        reader = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        answer = await visitor.get("/docs/operator.md", **reader)
        assert (303, "/docs/operator/install.md") == (answer.status_code, answer.headers["location"])

    at_console(tmp_path, story)


def test_the_contents_for_programs_lead_to_the_references_that_their_reader_may_open(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert "/docs/me.md" not in (await visitor.get("/docs/llms.txt")).text
        reader = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        contents = (await visitor.get("/docs/llms.txt", **reader)).text
        assert ["/docs/me.md", "/docs/admin/tokens.md"] == [
            path for path in ("/docs/me.md", "/docs/admin/tokens.md") if f"(http://gateway{path})" in contents
        ]

    at_console(tmp_path, story)


def test_a_model_as_markdown_tells_its_price_and_a_call(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", DEMO, status=201)
        await visitor.call("POST", "/prices", {"model": "demo", "input": 2.5, "output": 10})
        text = (await visitor.get("/docs/models/demo.md")).text
        assert text.startswith("# demo\n")
        told = [
            "Input / 1M tokens: $2.50",
            "Output / 1M tokens: $10.00",
            "http://gateway/v1/chat/completions",
            '"model": "demo"',
        ]
        assert told == [part for part in told if part in text]
        models = (await visitor.get("/docs/models.md")).text
        assert models.index("(http://gateway/docs/models/demo.md)") < models.index("client.models.list()")
        assert 404 == (await visitor.get("/docs/models/nothing.md")).status_code

    at_console(tmp_path, story)


def test_a_model_whose_name_ends_like_a_file_keeps_its_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", DEMO, status=201)
        assert "<h1>notes.md</h1>" in await visitor.page("/docs/models/notes.md")
        assert (await visitor.get("/docs/models/notes.md.md")).text.startswith("# notes.md\n")

    at_console(tmp_path, story)
