"""The admin API's reference: for administrators, whole, and in the look of the other pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.web.access.team import add_person, signed_in
from tests.web.console.visitor import Visitor, at_console
from tests.web.docs.searched import slugs_in

OVERVIEW = "/docs/admin"


def test_an_administrator_is_led_to_it_from_every_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert 'href="/docs/admin"' not in await visitor.page("/docs/quick-start")
        await visitor.sign_in()
        assert 'href="/docs/admin"' in await visitor.page("/docs/quick-start")
        assert "<h1>Admin API</h1>" in await visitor.page(OVERVIEW)

    at_console(tmp_path, story)


def test_a_member_is_refused_and_a_stranger_asked_to_sign_in_and_led_back(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for path in (OVERVIEW, f"{OVERVIEW}/tokens"):
            asked = await visitor.get(path)
            assert (303, f"/console/sign-in?then={path}") == (asked.status_code, asked.headers["location"])
        member = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))
        assert 403 == (await visitor.get(OVERVIEW, **member)).status_code
        assert 'href="/docs/admin"' not in await visitor.page("/docs/quick-start", **member)

    at_console(tmp_path, story)


def test_every_operation_stands_on_its_noun_s_page_with_every_field_of_its_body(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        document = await visitor.call("GET", "/openapi.json")
        await visitor.sign_in()
        pages: dict[str, str] = {}
        missing = []
        for path, item in document["paths"].items():
            for method, operation in item.items():
                noun = operation["tags"][0]
                if noun not in pages:
                    pages[noun] = (await visitor.get(f"{OVERVIEW}/{noun}", accept="text/markdown")).text
                told = [f"`{method.upper()} {path}`", operation["summary"]]
                told += [f"`{each['name']}`" for each in operation.get("parameters", ()) if each["in"] == "query"]
                if body := operation.get("requestBody"):
                    told += [f"`{name}`" for name in body["content"]["application/json"]["schema"]["properties"]]
                missing += [(method, path, text) for text in told if text not in pages[noun]]
        assert [] == missing
        overview = await visitor.page(OVERVIEW)
        assert [] == [noun for noun in pages if f'href="/docs/admin/{noun}"' not in overview]

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", [OVERVIEW, f"{OVERVIEW}/tokens", "/docs/me"])
def test_chinese_pages_say_first_that_operations_are_told_in_english_and_mark_what_is(
    tmp_path: Path, path: str
) -> None:
    async def story(visitor: Visitor) -> None:
        reader = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        chinese = await visitor.page(path, **reader, accept_language="zh-CN")
        assert re.search(r'<p class="docs-summary">[^<]+</p>\s*<p>各操作的说明为英文。</p>', chinese)
        assert re.search(r'<(h2|td)[^>]* lang="en"[^>]*>', chinese)
        assert not re.search(r'<(h2|td|p)[^>]* lang="en"', await visitor.page(path, **reader))

    at_console(tmp_path, story)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_no_page_of_it_is_above_a_hundred_kilobytes(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        index = (await visitor.get("/docs/search.json", accept_language=language)).json()
        slugs = [slug for slug in slugs_in(index) if slug.startswith("admin")]
        assert "admin/tokens" in slugs
        sizes = {slug: len((await visitor.page(f"/docs/{slug}", accept_language=language)).encode()) for slug in slugs}
        assert {} == {slug: size for slug, size in sizes.items() if size > 100_000}

    at_console(tmp_path, story)


def test_an_administrator_s_search_knows_it_and_stays_small(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert "admin/tokens" not in slugs_in((await visitor.get("/docs/search.json")).json())
        await visitor.sign_in()
        # Who is signed in as themselves has an API of their own beside it.
        person = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "admin"))
        for language in ("en", "zh-CN"):
            index = await visitor.get("/docs/search.json", accept_language=language, **person)
            assert {"me", "admin/tokens", "operator/money"} <= {*slugs_in(index.json())}
            assert len(index.content) < 60_000, json.dumps({language: len(index.content)})

    at_console(tmp_path, story)


def test_what_is_no_noun_is_a_404_and_so_is_all_of_it_where_there_are_no_docs(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert 404 == (await visitor.get(f"{OVERVIEW}/nothing")).status_code
        await visitor.call("PATCH", "/settings", {"docs": "off"})
        assert 404 == (await visitor.get(OVERVIEW)).status_code

    at_console(tmp_path, story)
