"""The description of the admin API: every route that there is, what each takes, and nothing else."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import attrs
import pytest
from litestar import Router
from openapi_spec_validator import OpenAPIV31SpecValidator

from aihub_lite.web.access.rights import RIGHTS
from aihub_lite.web.admin.tokens import TokenInput
from aihub_lite.web.description.document import Description
from aihub_lite.web.description.schemas import schema_of
from aihub_lite.web.views import Json
from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import Visitor, at_console
from tests.web.description.told import in_python, without_a_verb

ADMIN = "/api/admin/"
DECODED = {("POST", "/api/admin/import"), ("POST", "/api/admin/import/preview")}
"""These read their body by themselves: an import is larger than anything else."""


@attrs.frozen
class StrangeInput:
    raw: bytes


async def document_of(visitor: Visitor) -> Json:
    document: Json = await visitor.call("GET", "/openapi.json")
    return document


def operations(document: Json) -> dict[tuple[str, str], Any]:
    """Every operation by method and path."""
    return {
        (method.upper(), path): described
        for path, item in document["paths"].items()
        for method, described in item.items()
    }


def test_every_route_of_the_admin_api_is_described_and_no_other(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        described = operations(await document_of(visitor))
        served = {
            (method, route.path_format)
            for route in await framed_routes(visitor.app)
            for method in getattr(route, "methods", ())
            if route.path_format.startswith(ADMIN) and method != "OPTIONS"
        }
        assert served == described.keys()
        assert {route: RIGHTS[route] for route in served} == {
            route: operation["x-right"] for route, operation in described.items()
        }

    at_console(tmp_path, story)


def test_every_operation_that_reads_a_body_says_what_is_in_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        described = operations(await document_of(visitor))
        reading = {
            (method, route.path_format)
            for route in await framed_routes(visitor.app)
            for method, (handler, _) in getattr(route, "route_handler_map", {}).items()
            if route.path_format.startswith(ADMIN) and "content" in handler.parsed_fn_signature.parameters
        }
        assert reading | DECODED == {route for route, operation in described.items() if "requestBody" in operation}

    at_console(tmp_path, story)


def test_it_is_what_openapi_says_and_every_operation_has_a_name_and_a_summary(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        document = await document_of(visitor)
        OpenAPIV31SpecValidator(document).validate()
        names = [operation["operationId"] for operation in operations(document).values()]
        assert len(names) == len(set(names))
        assert [] == [route for route, operation in operations(document).items() if not operation["summary"]]

    at_console(tmp_path, story)


def test_refusals_are_in_the_public_shape_and_not_the_framework_s(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        document = await document_of(visitor)
        answers = operations(document)["PATCH", "/api/admin/tokens/{ref}"]["responses"]
        assert {"200", "400", "401", "403", "404", "409", "413", "429", "503"} == answers.keys()
        shape = {"$ref": "#/components/schemas/Error"}
        assert {"application/json": {"schema": shape}} == answers["400"]["content"]
        refused = await visitor.call("PATCH", "/tokens/nobody", {}, status=404)
        assert document["components"]["schemas"]["Error"]["properties"]["error"]["required"] == [*refused["error"]]

    at_console(tmp_path, story)


def test_a_schema_says_what_bodies_say_of_money_lists_and_nothing() -> None:
    fields = schema_of(TokenInput)["properties"]
    assert {"type": ["string", "number", "null"], "description": "USD"} == fields["quota"]
    assert {"type": "array", "items": {"type": "string"}} == fields["models"]
    assert {"type": "boolean", "default": True} == fields["enabled"]
    assert "without a team, it is the gateway's own" in fields["person"]["description"]


def test_a_field_of_a_kind_that_no_body_has_yet_is_no_field_of_any_kind() -> None:
    with pytest.raises(TypeError, match="bytes"):
        schema_of(StrangeInput)


def test_many_who_ask_at_once_have_it_made_once() -> None:
    made: list[int] = []

    def router() -> Router:
        made.append(1)
        return Router("/", route_handlers=[])

    description = Description(router)
    asking = [threading.Thread(target=description.encoded) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert [1] == made


def test_it_is_the_administrators_alone(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert 401 == (await visitor.http.get("/api/admin/openapi.json")).status_code

    at_console(tmp_path, story)


def test_every_call_is_told_by_what_it_does(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert [] == without_a_verb(await document_of(visitor))

    at_console(tmp_path, story)


def test_nothing_is_told_in_the_words_of_the_source_code(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        assert [] == [*in_python(await document_of(visitor))]

    at_console(tmp_path, story)
