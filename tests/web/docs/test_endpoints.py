"""The page of an endpoint holds all that is described of it, and what it says of refusals is what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.web.docs.catalogue import CODE, Documentation
from aihub_lite.web.docs.errors import rows_of
from aihub_lite.web.docs.reference import Operation, operations
from aihub_lite.web.docs.tables import kinds_table
from tests.support.forms import content_type, field, form
from tests.web.console.visitor import Visitor, at_console

DOCUMENTATION = Documentation()
PASSED_ON = {operation.path: operation for operation in operations().values() if operation.surface}
every_endpoint = pytest.mark.parametrize("path", PASSED_ON)
every_language = pytest.mark.parametrize("language", ["en", "zh"])
VALUES: dict[str, Any] = {"model": "demo", "documents": ["one"], "prompt": "one", "input": "one", "query": "one"}
FILE = {"file": field("file", b"RIFF", "a.wav", "audio/wav"), "image": field("image", b"PNG", "a.png", "image/png")}
COUNTED = {"n", "best_of", "max_tokens"}
"""Numbers that the gateway reads itself: a provider judges the others."""


async def ask(visitor: Visitor, key: str, operation: Operation, left_out: str, **more: Any) -> tuple[int, Any]:
    """A call without one of the fields that it has to have; its status and its error."""
    fields = {each.name: VALUES[each.name] for each in operation.fields if each.required and each.type != "file"}
    fields = {name: value for name, value in (fields | more).items() if name != left_out}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = json.dumps(fields).encode()
    if operation.form:
        files = [part for name, part in FILE.items() if name != left_out and name in names_of(operation)]
        headers["content-type"] = content_type()
        body = form(*[field(name, str(value)) for name, value in fields.items()], *files)
    answer = await visitor.http.post(operation.path, content=body, headers=headers)
    return answer.status_code, answer.json()


def names_of(operation: Operation) -> set[str]:
    return {each.name for each in operation.fields}


async def new_key(visitor: Visitor) -> str:
    return str((await visitor.call("POST", "/tokens", {"name": "ada"}, status=201))["key"])


@every_endpoint
def test_what_has_to_be_there_is_refused_without_it_by_its_name(tmp_path: Path, path: str) -> None:
    operation = PASSED_ON[path]

    async def story(visitor: Visitor) -> None:
        key = await new_key(visitor)
        for each in operation.fields:
            if each.required:
                status, refused = await ask(visitor, key, operation, each.name)
                assert (400, "invalid_request") == (status, refused["error"]["code"])
                assert f"'{each.name}'" in refused["error"]["message"]
        # Only the model is nobody's.
        assert "model_not_found" == (await ask(visitor, key, operation, ""))[1]["error"]["code"]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, each.name) for path in PASSED_ON for each in PASSED_ON[path].fields if each.name in COUNTED],
)
def test_a_number_is_taken_within_its_range_alone(tmp_path: Path, path: str, name: str) -> None:
    operation = PASSED_ON[path]
    (described,) = [each for each in operation.fields if each.name == name]
    least = int(described.least or 0)

    async def story(visitor: Visitor) -> None:
        key = await new_key(visitor)
        outside = [least - 1]
        inside = [least]
        if described.most is not None:
            outside.append(int(described.most) + 1)
            inside.append(int(described.most))
        codes = [(await ask(visitor, key, operation, "", **{name: each}))[1]["error"]["code"] for each in outside]
        assert {"invalid_request"} == {*codes}
        codes = [(await ask(visitor, key, operation, "", **{name: each}))[1]["error"]["code"] for each in inside]
        assert {"model_not_found"} == {*codes}

    at_console(tmp_path, story)


@every_endpoint
def test_the_refusal_that_a_page_shows_is_the_one_that_is_given(tmp_path: Path, path: str) -> None:
    operation = PASSED_ON[path]
    text = DOCUMENTATION.pages("en")[operation.page].text
    (shown,) = [json.loads(match["code"]) for match in CODE.finditer(text) if match["info"] == "json"]
    (name,) = re.findall(r"^'(\w+)'", shown["error"]["message"])

    async def story(visitor: Visitor) -> None:
        assert (400, shown) == await ask(visitor, await new_key(visitor), operation, name)

    at_console(tmp_path, story)


def refusals(language: str, path: str) -> list[str]:
    """The beginnings of the lines of an endpoint's errors, with the language's own commas."""
    comma = {"en": ", ", "zh": "、"}[language]
    return [f"| `{code}` | {statuses.replace(', ', comma)} |" for statuses, code in rows_of(path)]


@every_endpoint
@every_language
def test_a_page_says_all_that_is_described_of_its_endpoint(language: str, path: str) -> None:
    operation = PASSED_ON[path]
    text = DOCUMENTATION.pages(language)[operation.page].text
    assert f"`POST https://gateway.example{path}`" in text
    told = [f"| `{each.name}` |" for each in (*operation.fields, *operation.answer)]
    told += [f"| `{each.name}` |" for each in operation.events]
    told += refusals(language, path)
    told += [kinds_table(path, language), path]
    assert [] == [each for each in told if each not in text]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
@every_language
def test_a_page_of_conversations_has_its_events_and_refusals(language: str, path: str) -> None:
    operation = operations()[path]
    text = DOCUMENTATION.pages(language)[operation.page].text
    told = [f"| `{each.name}` |" for each in operation.events]
    told += refusals(language, path)
    assert [] == [each for each in told if each not in text]


def test_each_endpoint_that_is_passed_on_has_a_page_of_its_own() -> None:
    assert len(PASSED_ON) == len({operation.page for operation in PASSED_ON.values()})


@pytest.mark.parametrize("suffix", ["", ".md"])
def test_the_page_that_all_of_them_had_leads_to_the_list_of_endpoints(tmp_path: Path, suffix: str) -> None:
    async def story(visitor: Visitor) -> None:
        moved = await visitor.get(f"/docs/other-endpoints{suffix}")
        assert (301, f"/docs/endpoints{suffix}") == (moved.status_code, moved.headers["location"])
        listed = (await visitor.get("/docs/endpoints.md")).text
        assert [] == [each.page for each in PASSED_ON.values() if f"(/docs/{each.page})" not in listed]

    at_console(tmp_path, story)
