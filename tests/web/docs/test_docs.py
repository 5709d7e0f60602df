"""Who may read the documentation, and what it tells them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.web.console.visitor import SAME_ORIGIN, Visitor, named
from tests.web.console.visitor import at_console as at_bare_console
from tests.web.docs.searched import slugs_in

STRANGER = {"x_forwarded_for": "203.0.113.9"}
"""Somebody behind a proxy: not at the machine."""


Story = Callable[[Visitor], Awaitable[None]]


def at_console(directory: Path, story: Story) -> None:
    """Play a story at a gateway that offers the model `demo`."""

    async def play(visitor: Visitor) -> None:
        await visitor.call(
            "POST", "/channels", {"name": "d", "provider": "demo", "models": ["demo", "other"]}, status=201
        )
        await story(visitor)

    at_bare_console(directory, play)


async def open_with(visitor: Visitor, key: str) -> int:
    headers = {**SAME_ORIGIN, "authorization": f"Bearer {key}"}
    return (await visitor.http.post("/docs/open", headers=headers)).status_code


async def new_token(visitor: Visitor, name: str, **fields: Any) -> str:
    token = await visitor.call("POST", "/tokens", {"name": name, **fields}, status=201)
    return str(token["key"])


@pytest.mark.parametrize(("language", "title"), [("en", "Quick start"), ("zh-CN", "快速开始")])
def test_who_sits_at_the_machine_reads_it_in_their_language(tmp_path: Path, language: str, title: str) -> None:
    async def story(visitor: Visitor) -> None:
        first = await visitor.get("/docs", accept_language=language)
        assert (303, "/docs/quick-start") == (first.status_code, first.headers["location"])
        assert f"<h1>{title}</h1>" in await visitor.page("/docs/quick-start", accept_language=language)

    at_console(tmp_path, story)


def test_examples_hold_this_gateway_s_address_and_a_model_of_its(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.page("/docs/quick-start")
        assert '<span data-fill="root">http://gateway</span>/v1' in text
        assert '<span data-fill="model">demo</span>' in text
        assert "gateway.example" not in text

    at_console(tmp_path, story)


def test_every_page_has_this_gateway_s_address_wherever_it_names_one(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        unfilled = []
        for slug in slugs_in((await visitor.http.get("/docs/search.json")).json()):
            shown = re.sub("<[^>]+>", "", await visitor.page(f"/docs/{slug}"))
            if "gateway.example" in shown:
                unfilled.append(slug)
        assert [] == unfilled

    at_console(tmp_path, story)


def test_examples_name_a_model_that_chats_and_one_for_embeddings(tmp_path: Path) -> None:
    """The first of all names was taken, which is that of an embedding model where there is one of `bge`."""

    async def story(visitor: Visitor) -> None:
        assert "your-embedding-model" in await visitor.page("/docs/embeddings")
        models = ["a-tts-1", "bge-m3", "chatty", "text-embed", "whisper-1"]
        await visitor.call("POST", "/channels", {"name": "e", "provider": "ollama", "models": models}, status=201)
        assert '<span data-fill="model">chatty</span>' in await visitor.page("/docs/quick-start")
        for slug in ("embeddings", "sdks"):
            assert '<span data-fill="embedding">bge-m3</span>' in await visitor.page(f"/docs/{slug}")

    at_console(tmp_path, story)


def test_examples_name_a_model_that_is_up_before_one_that_is_down(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        first = {"name": "e", "provider": "ollama", "models": ["a-model"]}
        channel = await visitor.call("POST", "/channels", first, status=201)
        second = {"name": "f", "provider": "ollama", "models": ["b-model"]}
        await visitor.call("POST", "/channels", second, status=201)
        assert '<span data-fill="model">a-model</span>' in await visitor.page("/docs/quick-start")
        health = visitor.gateway.health.of(channel["id"])
        health.faults = visitor.gateway.health.policy.fault_threshold
        health.cooling_until = visitor.clock.monotonic() + 60
        assert '<span data-fill="model">b-model</span>' in await visitor.page("/docs/quick-start")

    at_console(tmp_path, story)


def test_a_stranger_is_asked_for_a_key_and_told_nothing(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/docs/models", "/docs/models/demo", "/docs/models.md", "/docs/llms.txt", "/docs/search.json"):
            answer = await visitor.get(path, **STRANGER)
            assert (401, False) == (answer.status_code, ">other<" in answer.text)

    at_console(tmp_path, story)


def test_a_key_opens_it_for_a_browser_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert 401 == await open_with(visitor, "sk-wrong")
        assert 401 == (await visitor.get("/docs/models", **STRANGER)).status_code
        assert 204 == await open_with(visitor, await new_token(visitor, "ada"))
        assert 200 == (await visitor.get("/docs/models", **STRANGER)).status_code

    at_console(tmp_path, story)


def test_what_opened_it_ends_with_the_key_and_opens_nothing_else(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await open_with(visitor, await new_token(visitor, "ada"))
        cookie = visitor.http.cookies["aihub_docs"]
        assert 401 == (await visitor.http.get("/v1/models", headers={"authorization": f"Bearer {cookie}"})).status_code
        assert 303 == (await visitor.get("/console")).status_code
        await visitor.call("POST", "/tokens/ada/rotate")
        assert 401 == (await visitor.get("/docs/models", **STRANGER)).status_code

    at_console(tmp_path, story)


def test_a_program_brings_its_key_with_each_request_and_is_told_so_without(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        key = await new_token(visitor, "ada", models=["gpt-*"])
        far = {"accept": "*/*", "x-forwarded-for": "203.0.113.9"}
        refused = await visitor.http.get("/docs/llms.txt", headers=far)
        assert (401, True) == (refused.status_code, "Bearer sk-" in refused.json()["error"]["message"])
        wrong = await visitor.http.get("/docs/llms.txt", headers={**far, "authorization": "Bearer sk-wrong"})
        assert 401 == wrong.status_code
        for header, value in (("authorization", f"Bearer {key}"), ("x-api-key", key)):
            answer = await visitor.http.get("/docs/cherry-studio.md", headers={**far, header: value})
            assert (200, True) == (answer.status_code, "http://gateway" in answer.text)
        shown = await visitor.get("/docs/models", **STRANGER, authorization=f"Bearer {key}")
        assert (200, False) == (shown.status_code, 'href="/docs/models/demo"' in shown.text)

    at_console(tmp_path, story)


def test_another_site_cannot_open_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        key = await new_token(visitor, "ada")
        headers = {"authorization": f"Bearer {key}", "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert 403 == (await visitor.http.post("/docs/open", headers=headers)).status_code

    at_console(tmp_path, story)


def test_a_key_s_reader_sees_the_models_of_that_key_alone(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await open_with(visitor, await new_token(visitor, "ada", models=["gpt-*"]))
        assert 'href="/docs/models/demo"' not in await visitor.page("/docs/models")
        assert 404 == (await visitor.get("/docs/models/demo")).status_code

    at_console(tmp_path, story)


@pytest.mark.parametrize(("setting", "status"), [("public", 200), ("signed-in", 401), ("off", 404)])
def test_the_operator_says_who_may_read(tmp_path: Path, setting: str, status: int) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("PATCH", "/settings", {"docs": setting})
        assert status == (await visitor.get("/docs/models", **STRANGER)).status_code

    at_console(tmp_path, story)


def test_a_model_has_a_page_with_a_call_that_works_for_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.page("/docs/models/demo")
        shown = unescape(re.sub("<[^>]+>", "", text))
        assert '-d \'{"model": "demo", ' in shown
        assert "http://gateway/v1/chat/completions" in shown
        assert 404 == (await visitor.get("/docs/models/nothing")).status_code

    at_console(tmp_path, story)


def test_a_model_s_page_has_every_price_of_the_list_with_its_unit(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/prices", {"model": "demo", "input": 2.5, "output": 10})
        names = re.findall("<dt>([^<]+)</dt>", await visitor.page("/docs/models/demo"))
        priced = ["Input / 1M tokens", "Output / 1M tokens", "Cache read / 1M tokens"]
        assert priced == [name for name in names if "1M tokens" in name][:3]

    at_console(tmp_path, story)


def test_the_list_of_models_stands_before_the_way_to_read_it_by_a_program(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.page("/docs/models")
        assert text.index('id="model-list"') < text.index('id="from-a-program"')

    at_console(tmp_path, story)


@pytest.mark.parametrize(("path", "accept"), [("/docs/chat.md", "*/*"), ("/docs/chat", "text/markdown")])
def test_a_program_reads_pages_as_markdown(tmp_path: Path, path: str, accept: str) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.get(path, headers={"accept": accept})
        assert answer.headers["content-type"].startswith("text/markdown")
        assert answer.text.startswith("# Chat Completions\n")
        assert "http://gateway/v1/chat/completions" in answer.text

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", ["/docs", "/docs/errors", "/docs/errors.md", "/docs/models/demo", "/docs/nothing"])
def test_who_checks_links_is_told_by_head_what_get_would_be(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        for caller in ({}, STRANGER):
            got = await visitor.get(path, **caller)
            head = await visitor.http.head(path, headers={"accept": "text/html", **named(caller)})
            assert got.status_code == head.status_code
            assert got.headers["content-length"] == head.headers["content-length"]

    at_console(tmp_path, story)


def test_head_opens_nothing_that_get_does_not(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert [405, 303] == [(await visitor.http.head(path)).status_code for path in ("/docs/open", "/docs/operator")]

    at_console(tmp_path, story)


def test_llms_txt_leads_to_every_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        contents = (await visitor.http.get("/docs/llms.txt")).text
        slugs = slugs_in((await visitor.http.get("/docs/search.json")).json())
        assert [] == [slug for slug in slugs if f"(http://gateway/docs/{slug}.md)" not in contents]

    at_console(tmp_path, story)


def test_a_page_is_below_a_hundred_kilobytes(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for slug in slugs_in((await visitor.http.get("/docs/search.json")).json()):
            assert len((await visitor.page(f"/docs/{slug}")).encode()) < 100_000

    at_console(tmp_path, story)


def test_an_unknown_page_is_a_404(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert 404 == (await visitor.get("/docs/nothing")).status_code

    at_console(tmp_path, story)
