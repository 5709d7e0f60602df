"""Pages offer to put back what they delete of aliases, prices and routes, in the reader's words, and nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.web.access.team import add_person, signed_in
from tests.web.console.visitor import SAME_ORIGIN, Visitor, at_console

ODD = "team/a&b'c?%2F"
SECRET = "sk-canary-7"


class Buttons(HTMLParser):
    """The attributes of all buttons that call the API."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "button" and "data-call" in found:
            self.found.append(found)


def deleting(text: str, noun: str) -> dict[str, str]:
    """The one button of a page that deletes a thing of a kind."""
    (button,) = (each for each in Buttons(text).found if each["data-call"].startswith(f"DELETE /{noun}/"))
    return button


async def furnish(visitor: Visitor) -> None:
    for model in ("m", "n"):
        visitor.gateway.registry.live_catalog.default_prices["openai", model] = None
    channel = {
        "name": "c",
        "provider": "openai",
        "base_url": "http://127.0.0.1:9",
        "keys": [SECRET],
        "models": ["m", "n"],
    }
    await visitor.call("POST", "/channels", channel, status=201)
    await visitor.call("POST", "/aliases", {"alias": ODD, "model": "m"})
    await visitor.call("POST", "/aliases", {"alias": "idle", "model": "gone"})
    await visitor.call("POST", "/prices", {"model": "m", "input": "1.5", "output": 2, "web_search": 10})
    steps = [{"model": "n", "over_tokens": 8000}, {"model": "m"}]
    await visitor.call("POST", "/routes", {"name": ODD + "r", "steps": steps, "patience": 2}, status=201)
    await visitor.sign_in()


def kept(visitor: Visitor) -> list[Any]:
    registry = visitor.gateway.registry
    return [dict(each) for each in (registry.models.aliases, registry.models.prices, registry.models.hosted_prices)] + [
        dict(registry.routes.all)
    ]


async def pressed(visitor: Visitor, call: str, body: Any = None, *, status: int = 200) -> Any:
    """What the page's script sends, with the session's cookie, and is answered."""
    method, path = call.split(" ")
    answer = await visitor.http.request(method, f"/api/admin{path}", json=body, headers=SAME_ORIGIN)
    assert status == answer.status_code, answer.text
    assert SECRET not in answer.text
    return answer.json()


PLACES = [
    ("/console/models/m", "aliases", f"{ODD} is deleted.", f"{ODD} 已删除。"),
    ("/console/models", "aliases", "idle is deleted.", "idle 已删除。"),
    ("/console/models/m", "prices", "Your price of m is deleted.", "m 的自定义价格已删除。"),
    (
        f"/console/routes/named/{ODD.replace('%', '%25').replace('?', '%3F')}r",
        "routes",
        f"{ODD}r is deleted.",
        f"{ODD}r 已删除。",
    ),
]


@pytest.mark.parametrize(("path", "noun", "english", "chinese"), PLACES)
def test_a_page_undoes_what_it_deletes_and_says_so_in_the_readers_language(
    tmp_path: Path, path: str, noun: str, english: str, chinese: str
) -> None:
    async def story(visitor: Visitor) -> None:
        await furnish(visitor)
        before = kept(visitor)
        told = deleting(await visitor.page(path, accept_language="zh"), noun)
        button = deleting(await visitor.page(path), noun)
        assert (english, chinese) == (button["data-undo-text"], told["data-undo-text"])
        answer = await pressed(visitor, button["data-call"])
        assert before != kept(visitor)
        await pressed(visitor, button["data-undo"], answer["was"])
        assert before == kept(visitor)

    at_console(tmp_path, story)


def test_a_price_of_no_model_on_offer_is_put_back_from_the_list(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call(
            "POST", "/channels", {"name": "c", "provider": "openai", "keys": [SECRET], "models": ["m"]}, status=201
        )
        await visitor.call("POST", "/prices", {"model": "gone", "input": 1, "output": 2})
        await visitor.sign_in()
        before = kept(visitor)
        button = deleting(await visitor.page("/console/models"), "prices")
        answer = await pressed(visitor, button["data-call"])
        await pressed(visitor, button["data-undo"], answer["was"])
        assert before == kept(visitor)

    at_console(tmp_path, story)


def test_an_undo_that_comes_too_late_is_told_so_in_the_readers_language(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await furnish(visitor)
        button = deleting(await visitor.page("/console/models"), "aliases")
        answer = await pressed(visitor, button["data-call"])
        await visitor.call("POST", "/aliases", {"alias": "idle", "model": "n"})
        headers = {**SAME_ORIGIN, "accept-language": "zh"}
        late = await visitor.http.post("/api/admin/undelete/aliases", json=answer["was"], headers=headers)
        assert (409, "已有别名 'idle'。") == (late.status_code, late.json()["error"]["message"])
        assert "n" == visitor.gateway.registry.models.aliases["idle"]

    at_console(tmp_path, story)


def test_a_member_puts_nothing_back_and_neither_does_another_site(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await furnish(visitor)
        button = deleting(await visitor.page("/console/models"), "aliases")
        was = (await pressed(visitor, button["data-call"]))["was"]
        foreign = {"origin": "http://elsewhere.example", "sec-fetch-site": "cross-site"}
        refused = [(await visitor.http.post("/api/admin/undelete/aliases", json=was, headers=foreign)).status_code]
        visitor.http.cookies.clear()
        member = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max", "member"))
        refused.append((await visitor.http.post("/api/admin/undelete/aliases", json=was, headers=member)).status_code)
        assert [403, 403] == refused
        assert "idle" not in visitor.gateway.registry.models.aliases

    at_console(tmp_path, story)


def test_tokens_and_channels_that_are_deleted_stay_so(tmp_path: Path) -> None:
    """Their keys are gone: the dialog says what stops, and nothing is offered after it."""

    async def story(visitor: Visitor) -> None:
        await furnish(visitor)
        token = await visitor.call("POST", "/tokens", {"name": "ci"}, status=201)
        for noun, path in (("tokens", f"/console/tokens/{token['id']}"), ("channels", "/console/channels/c")):
            button = deleting(await visitor.page(path), noun)
            assert ("data-undo" in button, bool(button["data-ask-text"])) == (False, True)
            answer = await pressed(visitor, button["data-call"])
            assert "was" not in answer

    at_console(tmp_path, story)


def test_every_button_that_deletes_one_of_these_offers_to_undo_it() -> None:
    templates = Path(__file__).parents[4] / "aihub_lite" / "web" / "console" / "templates"
    buttons = [
        button
        for path in templates.rglob("*.html")
        for button in re.findall(r"<button[^\n]*data-call=\"DELETE /[^\n]*", path.read_text())
        if re.search(r"DELETE /(aliases|prices|routes|\{\{ noun)", button)
    ]
    assert buttons
    assert [] == [button for button in buttons if 'data-undo="POST /undelete/' not in button]
