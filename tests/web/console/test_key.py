"""The page of a key: open to all, and empty until a key is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.console.visitor import Visitor, at_console

PATH = "/console/key"


@pytest.mark.parametrize(("language", "title"), [("en", "View key usage"), ("zh-CN", "查看密钥用量")])
def test_the_page_of_a_key_is_open_to_everybody(tmp_path: Path, language: str, title: str) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.get(PATH, accept_language=language)
        assert (200, True, "no-store") == (answer.status_code, title in answer.text, answer.headers["cache-control"])

    at_console(tmp_path, story)


def test_the_page_holds_nothing_of_any_token(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        token = await visitor.call("POST", "/tokens", {"name": "somebody"}, status=201)
        await visitor.sign_in()
        text = await visitor.page(PATH)
        assert [] == [word for word in ("somebody", token["id"], token["hint"]) if word in text]

    at_console(tmp_path, story)


def test_the_keys_field_has_no_name_that_a_form_could_send(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.page(PATH)
        (field,) = re.findall(r"<input[^>]*id=\"key\"[^>]*>", text)
        assert (False, True) == (" name=" in field, 'autocomplete="off"' in field)

    at_console(tmp_path, story)


def test_the_sign_in_links_to_the_page_of_a_key(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert f'href="{PATH}"' in await visitor.page("/console/sign-in")

    at_console(tmp_path, story)


def test_a_switch_of_the_page_leads_back_to_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.post("/console/taste", {"language": "zh", "then": PATH})
        assert (303, PATH) == (answer.status_code, answer.headers["location"])

    at_console(tmp_path, story)
