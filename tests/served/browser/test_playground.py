"""The playground: real calls on behalf of a token, stopped, counted and copied."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from aihub_lite import __version__
from tests.served.browser.conftest import OpenPage, overflow, picture
from tests.support.gateway import Gateway
from tests.support.upstream.answers import (
    SSE_HEAD,
    chat_chunk,
    chat_chunks,
    chunked,
    error_answer,
    healthy,
    sse,
    sse_event,
)
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang, Reset, Script, Send

ODD = "x\"'><script>alert(1)</script>{{7-7}}"
LOUD = "<img src=x onerror=alert(1)> **bold** {{7-7}}"
POEM = "Over the wintry\nforest, winds howl in rage\nwith no leaves to blow.\n\n" * 6


def talkative(request: Request) -> Script:
    """Says what the asked model is named for."""
    model = request.json().get("model") if request.body else ""
    match model:
        case "slow":
            return sse(chat_chunk({"role": "assistant", "content": "word " * 40}), Hang())
        case "silent":
            return [Hang()]
        case "thinker":
            thought = chat_chunk({"role": "assistant", "reasoning_content": "They greet me, so I greet them. " * 4})
            return sse(thought, *chat_chunks("Good morning!"))
        case "poet":
            return sse(*chat_chunks(POEM))
        case "loud":
            return sse(*chat_chunks(LOUD))
        case "broken":
            return [Send(SSE_HEAD), Send(chunked(sse_event(chat_chunk({"content": "half a wo"})))), Reset()]
        case "brief":
            return sse(*chat_chunks("Once upon a", finish="length"))
        case "strict":
            return error_answer(400, "<b>temperature</b> must be a number", "bad_temperature")
        case _:
            return healthy(request)


@pytest.fixture(scope="module", autouse=True)
def upstream(site: Gateway) -> Iterator[Upstream]:
    """Models that answer in every way, and tokens that may use some of them."""
    with Upstream(talkative) as server:
        names = ["slow", "silent", "thinker", "poet", "loud", "broken", "brief", "strict", ODD]
        site.add_channel(server.url, name="Scripted", models=names)
        site.set_price("slow", "1", "1000")
        site.set_price("demo", "10", "20")
        site.add_token(name="Only the poet", models=["poet"])
        site.add_token(name='A"><img src=x onerror=alert(1)>')
        site.add_token(name="Nothing at all", models=["none-of-these"])
        site.add_token(name="Gone", enabled=False)
        site.add_token(name="Everything")
        yield server


def ask(page: Page, text: str) -> None:
    page.get_by_label("Ask something").fill(text)
    page.get_by_label("Ask something").press("Enter")


def answer(page: Page, column: int = 0) -> Locator:
    """The last answer of a column."""
    return page.locator(".column").nth(column).locator(".turn").last


def figure(page: Page, name: str, column: int = 0) -> Locator:
    return page.locator(".column").nth(column).locator(f"[data-is={name}]")


def last(site: Gateway) -> dict[str, Any]:
    """The newest usage record."""
    (record,) = site.admin("GET", "/records?limit=1").json()["records"]
    details: dict[str, Any] = site.admin("GET", f"/records/{record['request_id']}").json()
    return details


def test_an_answer_is_shown_and_counted_as_its_record_says(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=demo")
    page.get_by_label("Token", exact=True).select_option("Everything")
    ask(page, "How are you?")
    expect(answer(page)).to_contain_text("It received 3 words from you")
    expect(figure(page, "cost")).to_contain_text("$0.00")
    record = last(site)
    assert ("Everything", "ok", f"playground/{__version__}") == (record["token"], record["outcome"], record["client"])
    expect(figure(page, "tokens")).to_have_text(f"{record['prompt_tokens']} → {record['completion_tokens']}")
    expect(figure(page, "first_byte")).to_have_text(f"{record['first_byte_ms']} ms")
    figure(page, "cost").click()
    expect(page.get_by_text(record["request_id"])).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_three_columns_fit_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/playground?model=poet", size=size, theme=theme)
    picture(page, f"playground-empty-{size}-{theme}")
    page.get_by_role("button", name="Add a model").click()
    page.get_by_label("Model", exact=True).nth(1).select_option("thinker")
    page.get_by_role("button", name="Add a model").click()
    page.get_by_label("Model", exact=True).nth(2).select_option("strict")
    expect(page.get_by_role("button", name="Add a model")).to_be_disabled()
    ask(page, "Write me a haiku about the wind, and take your time over it, please.")
    expect(answer(page)).to_contain_text("no leaves to blow")
    expect(answer(page, 1).locator(".thought")).to_contain_text("They greet me")
    expect(answer(page, 1).locator(".said")).to_have_text("Good morning!")
    expect(answer(page, 2)).to_contain_text("<b>temperature</b> must be a number")
    for column in (0, 1, 2):
        expect(figure(page, "cost", column)).not_to_have_text("–")
    picture(page, f"playground-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_conversation_keeps_its_turns_but_no_refused_one(open_page: OpenPage, upstream: Upstream) -> None:
    page = open_page("/console/playground?model=poet")
    page.get_by_label("System prompt").fill("Be brief.")
    page.get_by_label("Temperature").fill("0.2")
    page.get_by_label("Max output tokens").fill("50")
    ask(page, "One")
    expect(answer(page)).to_contain_text("no leaves")
    page.get_by_label("Model", exact=True).select_option("strict")
    ask(page, "Two")
    expect(answer(page)).to_contain_text("must be a number")
    page.get_by_label("Model", exact=True).select_option("poet")
    ask(page, "Three")
    expect(page.locator(".turn")).to_have_count(6)
    expect(figure(page, "cost")).not_to_have_text("–")
    sent = upstream.requests[-1].json()
    roles = [(message["role"], message["content"]) for message in sent["messages"]]
    assert [("system", "Be brief."), ("user", "One"), ("assistant", POEM), ("user", "Three")] == roles
    assert (0.2, 50) == (sent["temperature"], sent["max_tokens"])

    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "Four")
    expect(answer(page)).to_contain_text("no leaves")
    assert ["Be brief.", "Four"] == [message["content"] for message in upstream.requests[-1].json()["messages"]]


def test_stop_ends_an_answer_and_charges_what_came(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=slow")
    ask(page, "Go on for ever")
    expect(answer(page)).to_contain_text("word word")
    stop = page.get_by_role("button", name="Stop")
    picture(page, "playground-running")
    stop.click()
    expect(answer(page)).to_contain_text("Stopped.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(figure(page, "cost")).to_contain_text("$0.05")
    record = last(site)
    assert ("client_gone", "slow", 50) == (record["outcome"], record["model"], record["completion_tokens"])
    site.wait_status(in_flight=0, open_holds=0, held_nano=0)


def test_stop_before_any_answer_ends_the_request(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=silent")
    ask(page, "Say nothing")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    site.wait_status(in_flight=1)
    page.get_by_role("button", name="Stop").click()
    expect(answer(page)).to_contain_text("Stopped.")
    site.wait_status(in_flight=0, open_holds=0)


def test_a_cleared_conversation_ends_its_request(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=slow")
    ask(page, "Go on")
    expect(answer(page)).to_contain_text("word word")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    site.wait_status(in_flight=0, open_holds=0)


def test_an_answer_that_breaks_off_says_so(open_page: OpenPage) -> None:
    page = open_page("/console/playground?model=broken")
    ask(page, "Hello")
    expect(answer(page)).to_contain_text("half a wo")
    expect(answer(page)).to_contain_text("The upstream broke off before the end of its answer.")


def test_an_answer_that_met_its_limit_says_so(open_page: OpenPage) -> None:
    page = open_page("/console/playground?model=brief")
    page.get_by_label("Ask something").fill("Tell me a story")
    page.get_by_role("button", name="Send").press("Enter")
    expect(answer(page)).to_contain_text("finish_reason: length")
    expect(page.get_by_label("Ask something")).to_be_focused()


def test_a_gateway_that_does_not_answer_is_named(open_page: OpenPage) -> None:
    page = open_page("/console/playground?model=demo")
    page.route("**/chat/completions", lambda route: route.abort())
    ask(page, "Hello")
    expect(answer(page)).to_contain_text("The gateway does not answer.")


def test_neither_an_answer_nor_a_name_runs_a_script(open_page: OpenPage) -> None:
    page = open_page("/console/playground?model=loud")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    ask(page, LOUD)
    expect(answer(page).locator(".said")).to_have_text(LOUD)
    page.get_by_label("Model", exact=True).select_option(ODD)
    page.get_by_label("Token", exact=True).select_option('A"><img src=x onerror=alert(1)>')
    ask(page, "Hello")
    expect(figure(page, "cost")).not_to_have_text("–")
    assert ([], 0) == (dialogs, page.locator("main img").count())


def test_a_token_is_offered_only_models_it_may_use(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=slow")
    token, model = page.get_by_label("Token", exact=True), page.get_by_label("Model", exact=True)
    assert "Gone" not in token.inner_text()
    token.select_option("Only the poet")
    expect(model.get_by_role("option")).to_have_text(["poet"])
    ask(page, "Hello")
    expect(figure(page, "cost")).not_to_have_text("–")
    assert "Only the poet" == last(site)["token"]
    token.select_option("Nothing at all")
    expect(page.get_by_text("This token may use no model that there is.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()


def test_the_copied_code_is_the_request_as_it_stands(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=demo")
    page.get_by_label("System prompt").fill('It\'s "quoted"\n\\ and $HOME')
    page.get_by_label("Temperature").fill("0.5")
    page.get_by_label("Ask something").fill("Don't `run` me")
    messages = [
        {"role": "system", "content": 'It\'s "quoted"\n\\ and $HOME'},
        {"role": "user", "content": "Don't `run` me"},
    ]
    copied = {}
    for name in ("curl", "Python", "Node"):
        page.get_by_role("tab", name=name).click()
        panel = page.locator(f"#panel-{name.lower()}")
        panel.get_by_role("button", name="Copy").click()
        expect(panel.get_by_role("button", name="Copied")).to_be_visible()
        copied[name] = page.evaluate("navigator.clipboard.readText()")
    picture(page, "playground-code")

    words = shlex.split(copied["curl"].replace("\\\n", ""))
    assert ["curl", f"{site.url}/v1/chat/completions"] == words[:2]
    assert {"model": "demo", "messages": messages, "temperature": 0.5} == json.loads(words[words.index("-d") + 1])
    assert "Authorization: Bearer $AIHUB_KEY" == words[words.index("-H") + 1]

    calls = [node for node in ast.walk(ast.parse(copied["Python"])) if isinstance(node, ast.Call) and node.keywords]
    named = [keyword for call in calls for keyword in call.keywords if keyword.arg != "api_key"]
    arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in named}
    assert (f"{site.url}/v1", "demo", messages, 0.5) == tuple(
        arguments[name] for name in ("base_url", "model", "messages", "temperature")
    )
    assert all(json.dumps(message["content"]) in copied["Node"] for message in messages)
    assert "  temperature: 0.5,\n" in copied["Node"]


def test_a_conversation_is_kept_nowhere(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/playground?model=demo")
    ask(page, "A secret-canary-of-the-playground")
    expect(figure(page, "cost")).not_to_have_text("–")
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)
    assert (False, "") == ("canary" in stored, page.get_by_label("Ask something").input_value())
    kept = b"".join(path.read_bytes() for path in site.home.directory.iterdir() if path.is_file())
    assert b"secret-canary-of-the-playground" not in kept


def test_shift_and_enter_break_the_line_without_sending(open_page: OpenPage) -> None:
    page = open_page("/console/playground?model=demo")
    field = page.get_by_label("Ask something")
    field.fill("one")
    field.press("Shift+Enter")
    field.type("two")
    assert ("one\ntwo", 0) == (field.input_value(), page.locator(".turn").count())
