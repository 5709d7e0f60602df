"""The description of `/api/me`, and its page: every route that there is, for people who sign in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from aihub_lite.web.admin.tokens import TokenInput
from aihub_lite.web.description.schemas import schema_of
from aihub_lite.web.docs.own import SIGN_IN
from aihub_lite.web.me.tokens import OwnTokenInput
from tests.web.access.team import PASSWORD, add_person, invited, signed_in
from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import SAME_ORIGIN, Visitor, at_console
from tests.web.description.told import in_python, without_a_verb
from tests.web.docs.searched import slugs_in

OWN = "/api/me"
PAGE = "/docs/me"
LEFT = {"group": "staff", "enabled": False, "person": "Max", "team": "lab", "budgets": ["5/day"]}
"""Fields of a token that are no member's to set."""


async def member(visitor: Visitor) -> dict[str, str]:
    return await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))


async def operations(visitor: Visitor, headers: dict[str, str]) -> dict[tuple[str, str], Any]:
    """Every operation of the document, by method and path."""
    document = (await visitor.http.get(f"{OWN}/openapi.json", headers=headers)).json()
    OpenAPIV31SpecValidator(document).validate()
    assert [{"session": []}] == document["security"]
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_route_is_described_with_its_body_and_no_other(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        described = await operations(visitor, await member(visitor))
        handlers = {
            (method, route.path_format): handler
            for route in await framed_routes(visitor.app)
            for method, (handler, _) in getattr(route, "route_handler_map", {}).items()
            if route.path_format.startswith(OWN) and method != "OPTIONS"
        }
        assert handlers.keys() == described.keys()
        reading = {route for route, each in handlers.items() if "content" in each.parsed_fn_signature.parameters}
        assert reading == {route for route, operation in described.items() if "requestBody" in operation}
        assert {"person"} == {operation["x-right"] for operation in described.values()}

    at_console(tmp_path, story)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_operation_stands_on_its_page_with_every_field(tmp_path: Path, language: str) -> None:
    async def story(visitor: Visitor) -> None:
        headers = await member(visitor)
        text = (await visitor.get(PAGE, accept="text/markdown", accept_language=language, **headers)).text
        missing = []
        for (method, path), operation in (await operations(visitor, headers)).items():
            told = [f"`{method} {path}`", operation["summary"]]
            told += [f"`{each['name']}`" for each in operation.get("parameters", ()) if each["in"] == "query"]
            if body := operation.get("requestBody"):
                told += [f"`{name}`" for name in body["content"]["application/json"]["schema"]["properties"]]
            missing += [(method, path, each) for each in told if each not in text]
        assert [] == missing
        shown = await visitor.page(PAGE, accept_language=language, **headers)
        assert len(shown.encode()) < 100_000

    at_console(tmp_path, story)


def test_who_signs_in_is_led_to_it_and_finds_it_by_search(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert f'href="{PAGE}"' not in await visitor.page("/docs/quick-start")
        asked = await visitor.get(PAGE)
        assert (303, f"/console/sign-in?then={PAGE}") == (asked.status_code, asked.headers["location"])
        headers = await member(visitor)
        assert f'href="{PAGE}"' in await visitor.page("/docs/quick-start", **headers)
        assert "me" in slugs_in((await visitor.get("/docs/search.json", **headers)).json())
        visitor.http.cookies.clear()
        assert "me" not in slugs_in((await visitor.get("/docs/search.json")).json())

    at_console(tmp_path, story)


def test_a_program_signs_in_as_its_page_says_and_makes_a_token(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        origin = {"origin": SAME_ORIGIN["origin"]}
        invitation = await invited(visitor.gateway, await add_person(visitor.gateway, "Ada"))
        await visitor.http.post(invitation, data={"password": PASSWORD, "again": PASSWORD}, headers=origin)
        visitor.http.cookies.clear()
        form = {"name": "Ada", "password": PASSWORD}
        assert 303 == (await visitor.http.post("/console/sign-in", data=form, headers=origin)).status_code
        assert 200 == (await visitor.http.get(f"{OWN}/pot")).status_code
        body = '{"name": "laptop", "budget": "2/day"}'
        assert f"-d '{body}'" in SIGN_IN
        made = await visitor.http.post(f"{OWN}/tokens", content=body, headers=origin)
        assert (201, True) == (made.status_code, made.json()["key"].startswith("sk-"))

    at_console(tmp_path, story)


def test_a_token_of_one_s_own_takes_what_is_described_and_nothing_else(tmp_path: Path) -> None:
    own = {field.name for field in attrs.fields(OwnTokenInput)}
    assert LEFT.keys() == {field.name for field in attrs.fields(TokenInput)} - own

    async def story(visitor: Visitor) -> None:
        headers = {**SAME_ORIGIN, **await member(visitor)}
        for name, value in LEFT.items():
            refused = await visitor.http.post(f"{OWN}/tokens", json={"name": "x", name: value}, headers=headers)
            assert (400, f"unknown field {name}") == (refused.status_code, refused.json()["error"]["message"])

    at_console(tmp_path, story)


def test_its_fields_are_of_the_kinds_that_they_are_for_an_administrator() -> None:
    theirs = schema_of(TokenInput)["properties"]
    for name, field in schema_of(OwnTokenInput)["properties"].items():
        assert field["type"] == theirs[name]["type"]


def test_every_call_is_told_by_what_it_does_and_in_no_words_of_the_source_code(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        document = (await visitor.http.get(f"{OWN}/openapi.json", headers=await member(visitor))).json()
        assert [] == [*without_a_verb(document), *in_python(document)]

    at_console(tmp_path, story)
