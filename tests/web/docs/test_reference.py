"""The description of the API says what the code does: no field in the one and not in the other."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.docs.catalogue import Documentation
from aihub_lite.web.docs.errors import refusals_of
from aihub_lite.web.docs.reference import openapi, operations, schema_of
from aihub_lite.web.docs.tables import dropped_by, fields_table
from aihub_lite.wire import passthrough
from aihub_lite.wire import responses as responses_wire
from aihub_lite.wire.anthropic import surface
from aihub_lite.wire.anthropic.surface import to_chat as messages
from aihub_lite.wire.anthropic.upstream.request import DEFAULTS, OWN_FIELDS
from aihub_lite.wire.anthropic.upstream.request import READ as CLAUDE_READ
from aihub_lite.wire.gemini.config import NO_OPS
from aihub_lite.wire.gemini.config import READ as GEMINI_READ
from aihub_lite.wire.passthrough.typed_stream import FINAL
from aihub_lite.wire.responses import request as responses
from aihub_lite.wire.responses.output import COMPLETED, EVENTS, INCOMPLETE
from tests.web.admin.desk import Desk, at_desk
from tests.web.console.test_requests import book
from tests.web.console.visitor import Visitor, at_console

CHAT_FIELDS = CLAUDE_READ | OWN_FIELDS.keys() | DEFAULTS.keys() | GEMINI_READ | NO_OPS.keys()
READ_BY = {
    "/v1/chat/completions": CHAT_FIELDS,
    "/v1/responses": responses.READ | responses.SILENT | responses.FOREIGN,
    "/v1/messages": messages.READ | messages.SILENT,
}
SOURCES = {
    "/v1/embeddings": "embeddings",
    "/v1/completions": "completions",
    "/v1/fim/completions": "completions",
    "/v1/images/generations": "images",
    "/v1/images/edits": "images",
    "/v1/audio/speech": "speech",
    "/v1/audio/transcriptions": "transcriptions",
    "/v1/audio/translations": "transcriptions",
    "/v1/moderations": "moderations",
    "/v1/rerank": "rerank",
}
READS = re.compile(
    r"(?:content|fields)\.(?:get|files)\(\"(\w+)\""
    r"|(?:flag|whole|flag_in|number_in|list_at|text_at)\((?:content|fields), \"(\w+)\""
)
OF_ANSWERS = {"data", "usage", "text"}
"""Read of what upstreams answer."""
ANSWERED = re.compile(
    r"fields_of\(data, \"(?P<first>\w+)\"(?:, \"(?P<second>\w+)\")?\)"
    r"|(?:value_at|items_in|object_at)\(fields, \"(?P<read>\w+)\"\)"
    r"|changes\[\"(?P<changed>\w+)\"\]|with_changes\(fields, (?P<named>\w+)="
)
"""How the code reads or changes a field of an answer."""
NOT_TOLD = {"error", "meta"}
"""An error is no answer; `meta` is Cohere's own, as a text says."""
OTHERS_OWN = {"/v1/rerank": {"data"}}
"""Where an upstream has its own name for what an answer holds."""
NOT_FOR = {
    "/v1/fim/completions": {"n", "best_of"},
    "/v1/images/generations": {"images", "image"},
    "/v1/audio/translations": {"stream"},
}
"""Read by the same function, and no part of this endpoint."""


def described(path: str) -> set[str]:
    return {field.name for field in operations()[path].fields}


@pytest.mark.parametrize("path", READ_BY)
def test_every_field_that_is_translated_is_described_and_no_other(path: str) -> None:
    assert READ_BY[path] == described(path)


@pytest.mark.parametrize("path", SOURCES)
def test_every_field_that_is_read_is_described(path: str) -> None:
    source = Path(passthrough.__file__).with_name(f"{SOURCES[path]}.py").read_text("utf-8")
    read = {name for match in READS.findall(source) for name in match if name} - OF_ANSWERS | {"model"}
    assert read - NOT_FOR.get(path, set()) <= described(path)


@pytest.mark.parametrize("path", SOURCES)
def test_every_field_of_an_answer_that_is_read_or_changed_is_described(path: str) -> None:
    operation = operations()[path]
    source = Path(passthrough.__file__).with_name(f"{SOURCES[path]}.py").read_text("utf-8")
    read = {name for match in ANSWERED.finditer(source) for name in match.groups() if name} - NOT_TOLD
    answered = {field.name for field in operation.answer}
    assert operation.binary or read - OTHERS_OWN.get(path, set()) <= answered


def test_every_endpoint_that_is_passed_on_goes_by_its_name_and_says_what_its_stream_is() -> None:
    told = {surface.name: (f"/v1{surface.path}", surface.open_stream is not None) for surface in PASSED}
    described_so = {
        operation.surface: (operation.path, bool(operation.events))
        for operation in operations().values()
        if operation.surface
    }
    assert told == described_so


def test_the_last_event_of_a_stream_is_its_end() -> None:
    ends = {each.path: each.events[-1].name for each in operations().values() if each.surface and each.events}
    assert [] == [path for path, name in ends.items() if not name.endswith((*FINAL, "[DONE]"))]


EMITTED = re.compile(r"emit\(\"([a-z_.]+)\"|\.event\(\"response\.([a-z_.]+)\"|in_progress\(\"response\.([a-z_.]+)\"\)")
"""How the events of Responses are written, by their types behind `response.`."""
NAMED = re.compile(r"\b(?:event|_block_event)\(\"(\w+)\"")
"""How those of Messages are."""


def sources_of(package: ModuleType) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(Path(str(package.__file__)).parent.glob("*.py")))


def test_every_event_of_responses_that_is_written_is_described_and_no_other() -> None:
    written = {name for match in EMITTED.finditer(sources_of(responses_wire)) for name in match.groups() if name}
    written |= {f"{name}.{end}" for name, _ in EVENTS.values() for end in ("delta", "done")}
    written |= {"output_text.done", "refusal.done", COMPLETED, INCOMPLETE}
    assert {f"response.{name}" for name in written} == {each.name for each in operations()["/v1/responses"].events}


def test_every_event_of_messages_that_is_written_is_described_and_no_other() -> None:
    written = {*NAMED.findall(sources_of(surface))}
    assert written == {each.name for each in operations()["/v1/messages"].events}


def names_in(answer: dict[str, Any], *, within: str = "") -> set[str]:
    """Names of fields, and of those in lists, as descriptions write them."""
    found = {f"{within}{name}" for name in answer}
    for name, value in answer.items():
        if name == "budgets":
            found |= {f"{name}[].{inner}" for inner in value[0]}
    return found


def test_every_field_of_a_keys_own_answer_is_described_and_no_other(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        token = {"name": "t", "quota": 3, "budget": "5/day"}
        key = (await desk.call("POST", "/tokens", token, status=201))["key"]
        await desk.call("PATCH", "/pots/t", {"budgets": ["1/30d"]})
        answer = await desk.http.get("/v1/key", headers={"authorization": f"Bearer {key}"})
        told = names_in(answer.json()) | names_in(answer.json()["usage"], within="usage.")
        assert told == described_answer("/v1/key")

    at_desk(tmp_path, story)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_of_days_and_models_of_a_keys_usage_names_their_own_field(language: str, tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        made = await visitor.call("POST", "/tokens", {"name": "t"}, status=201)
        await book(visitor, "r1", token_id=made["id"])
        usage = (await visitor.get("/v1/key", authorization=f"Bearer {made['key']}")).json()["usage"]
        told = {field.name: field.text[language] for field in operations()["/v1/key"].answer}
        for part in ("days", "models"):
            (row,) = {*usage[part][-1]} - {*usage["total"]}
            assert f"`{row}`" in told[f"usage.{part}"]

    at_console(tmp_path, story)


def described_answer(path: str) -> set[str]:
    return {field.name for field in operations()[path].answer}


def test_the_description_of_an_answer_holds_what_lies_within_it() -> None:
    schema = schema_of(operations()["/v1/embeddings"].answer)
    item = schema["properties"]["data"]["items"]
    assert {"index", "embedding"} == item["properties"].keys()
    assert {"prompt_tokens", "total_tokens"} == schema["properties"]["usage"]["properties"].keys()


@pytest.mark.parametrize(
    ("kind", "path", "dropped"),
    [
        ("openai", "/v1/embeddings", set()),
        ("gemini", "/v1/embeddings", {"user"}),
        ("anthropic", "/v1/embeddings", None),
        ("gemini", "/v1/rerank", None),
        ("cohere", "/v1/moderations", None),
    ],
)
def test_what_a_kind_of_channel_does_not_get_is_what_the_code_leaves_out(
    kind: str, path: str, dropped: set[str] | None
) -> None:
    assert dropped == dropped_by(PROVIDERS[kind], operations()[path])


def test_every_endpoint_that_is_served_is_described() -> None:
    served = {f"/v1{surface.path}" for surface in PASSED} | READ_BY.keys() | {"/v1/models", "/v1/key"}
    assert served == operations().keys()


def test_every_endpoint_stands_on_its_page() -> None:
    pages = Documentation().pages("en")
    assert [] == [
        operation.path for operation in operations().values() if operation.path not in pages[operation.page].text
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_field_is_told_in_every_language(language: str) -> None:
    untold = [
        (operation.path, field.name)
        for operation in operations().values()
        for field in operation.fields
        if not field.text[language].strip()
    ]
    assert [] == untold


def test_a_table_says_who_has_no_word_for_a_field() -> None:
    table = fields_table("/v1/chat/completions", "en", {"Claude": {"seed"}, "Gemini": {"seed", "store"}})
    assert "| `seed` | integer |" in table
    assert ["(left out for Claude, Gemini)", "(left out for Gemini)"] == [
        re.findall(r"\(left out for [^)]+\)", line)[0]
        for line in table.splitlines()
        if line.startswith(("| `seed`", "| `store`"))
    ]


def test_the_document_is_what_openapi_says() -> None:
    OpenAPIV31SpecValidator(openapi("https://gateway.example", "1.0")).validate()


def test_a_program_reads_the_document_with_this_gateway_s_address(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.get("/openapi.json", headers={"x-forwarded-for": "203.0.113.9"})
        document: dict[str, Any] = answer.json()
        assert (200, [{"url": "http://gateway"}]) == (answer.status_code, document["servers"])
        assert {"200", *refusals_of("/v1/chat/completions")} == document["paths"]["/v1/chat/completions"]["post"][
            "responses"
        ].keys()
        await visitor.call("PATCH", "/settings", {"docs": "off"})
        assert 404 == (await visitor.http.get("/openapi.json")).status_code

    at_console(tmp_path, story)
