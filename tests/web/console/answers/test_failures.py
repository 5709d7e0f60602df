"""The page of a request that failed says what that means and what to do, in words that one list has for all."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any, get_args

import pytest

from aihub_lite.domain.usage import Attempt, Outcome
from aihub_lite.errors import GatewayError
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.web.console.failures import CONCERNS
from aihub_lite.web.console.language import LANGUAGES
from tests.storage.requests.test_refusals import refusal
from tests.web.access.team import add_person, signed_in
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console

DEMO = {"name": "house 1", "provider": "demo", "models": ["demo"]}
every_language = pytest.mark.parametrize("language", LANGUAGES)


def words_of(page: str) -> str:
    """What a reader sees, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def codes(kind: type[GatewayError]) -> set[str]:
    """Of a refusal and all below it in the tree."""
    return {str(kind.code)}.union(*map(codes, kind.__subclasses__()))


async def failed(visitor: Visitor, **changes: Any) -> None:
    """A request that failed at a channel that is there, and whose token is there."""
    await visitor.call("POST", "/channels", DEMO, status=201)
    token = await visitor.call("POST", "/tokens", {"name": "ann"}, status=201)
    facts: dict[str, Any] = {
        "outcome": "error",
        "status": 502,
        "error_code": "upstream_error",
        "error_text": "",
        "channel": "house 1",
        "attempts": (Attempt("house 1", 401, "auth", 12),),
        "token_id": token["id"],
        "token": "ann",
        **changes,
    }
    await book(visitor, "r1", **facts)


def test_every_code_and_every_way_to_end_without_one_is_explained() -> None:
    ways = {*get_args(Outcome)} - {"ok", "error"}
    assert codes(GatewayError) | {"context_length_exceeded", "previous_response_not_found"} | ways == {*CONCERNS}
    wanted = {f"failure.{name}.{part}" for name in CONCERNS for part in ("means", "do", "mend")}
    assert wanted | {"failure.next"} == {key for key in LANGUAGES["en"].texts if key.startswith("failure.")}


@every_language
def test_a_failure_of_which_no_text_was_kept_is_told_in_plain_words(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        await failed(visitor)
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1", accept_language=language)
        texts = LANGUAGES[language]
        told = ["502 upstream_error", texts("failure.upstream_error.means"), texts("failure.upstream_error.mend")]
        assert told == [text for text in told if text in words_of(page)]

    at_console(tmp_path, story)


def test_a_failure_leads_on_to_the_channel_that_failed(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await failed(visitor)
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1")
        (step,) = re.findall(r'<div class="next">(.*?)</div>', page, re.DOTALL)
        (target,) = re.findall(r'href="([^"]+)"', step)
        assert "<h1>house 1</h1>" in await visitor.page(target)

    at_console(tmp_path, story)


def test_a_failure_over_money_leads_on_to_the_token_and_to_whose_it_is(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        person = await add_person(visitor.gateway, "Ada")
        await failed(visitor, status=402, error_code="insufficient_user_quota", person_id=person.id)
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1")
        (step,) = re.findall(r'<div class="next">(.*?)</div>', page, re.DOTALL)
        token, pot = re.findall(r'href="([^"]+)"', step)
        assert "<h1>ann" in await visitor.page(token)
        assert f"/console/pots/{person.id}" == pot

    at_console(tmp_path, story)


def test_a_failure_whose_text_was_kept_is_told_by_it_and_by_what_to_do(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await failed(visitor, error_text="The upstream hung up.")
        await visitor.sign_in()
        words = words_of(await visitor.page("/console/requests/r1"))
        texts = LANGUAGES["en"]
        assert "502 upstream_error The upstream hung up." in words
        assert (False, True) == (
            texts("failure.upstream_error.means") in words,
            texts("failure.upstream_error.mend") in words,
        )

    at_console(tmp_path, story)


@every_language
@pytest.mark.parametrize("outcome", ["client_gone", "cut_off", "stopped", "interrupted"])
def test_a_request_that_ended_early_says_why_without_a_code(tmp_path: Path, outcome: str, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        await failed(visitor, outcome=outcome, status=200, error_code="")
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1", accept_language=language)
        assert LANGUAGES[language](f"failure.{outcome}.means") in words_of(page)

    at_console(tmp_path, story)


@every_language
def test_what_a_missing_model_means_names_no_status_of_other_programs(language: str) -> None:
    """Members read that programs which would hammer a 503 are told 404."""
    assert not re.search(r"\d{3}", LANGUAGES[language]("failure.model_not_found.means"))


@pytest.mark.parametrize("path", ["/console/tokens/ann", "/console/channels/house 1"])
def test_a_list_of_failures_says_of_each_why_although_no_text_was_kept(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        await failed(visitor)
        await visitor.sign_in()
        for language, texts in LANGUAGES.items():
            assert texts("failure.upstream_error.means") in words_of(await visitor.page(path, accept_language=language))
        await book(visitor, "r2", token_id="x", token="x", channel="house 1", outcome="cut_off", error_code="")
        assert LANGUAGES["en"]("failure.cut_off.means") in words_of(await visitor.page("/console/channels/house 1"))

    at_console(tmp_path, story)


def test_a_request_that_was_answered_has_nothing_to_be_done(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await book(visitor, "r1", outcome="ok", error_code="", error_text="")
        await visitor.sign_in()
        page = await visitor.page("/console/requests/r1")
        assert (False, False) == ('class="next"' in page, "notice bad why" in page)

    at_console(tmp_path, story)


@every_language
def test_a_refusal_says_what_its_operator_can_do(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        row = refusal(error_text="")
        await Refusals(visitor.gateway.database).put([row])
        await visitor.sign_in()
        texts = LANGUAGES[language]
        words = words_of(await visitor.page(f"/console/requests/{row.request_id}", accept_language=language))
        told = [texts("failure.model_not_allowed.means"), texts("failure.model_not_allowed.mend")]
        assert told == [text for text in told if text in words]

    at_console(tmp_path, story)


@every_language
def test_a_member_is_told_what_they_can_do_themselves(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        person = await add_person(visitor.gateway, "Ada")
        token = await visitor.call("POST", "/tokens", {"name": "ada", "person": "Ada"}, status=201)
        await book(
            visitor,
            "r1",
            person_id=person.id,
            token_id=token["id"],
            outcome="error",
            status=502,
            error_code="upstream_error",
            error_text="",
        )
        reader = await signed_in(visitor.gateway, person)
        words = words_of((await visitor.get("/console/me/requests/r1", **reader, accept_language=language)).text)
        texts = LANGUAGES[language]
        told = [texts("failure.upstream_error.means"), texts("failure.upstream_error.do")]
        assert told == [text for text in told if text in words]
        assert texts("failure.upstream_error.mend") not in words

    at_console(tmp_path, story)


@every_language
def test_the_documentation_and_the_console_say_the_same_of_a_code(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        words = words_of(await visitor.page("/docs/errors", accept_language=language))
        texts = LANGUAGES[language]
        told = [texts(f"failure.upstream_error.{part}") for part in ("means", "do")]
        assert told == [text for text in told if text in words]

    at_console(tmp_path, story)
