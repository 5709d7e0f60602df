"""What a stranger posts to the gateway's own routes costs bounded time and memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from aihub_lite.web.body import ADMIN_BYTES, FORM_BYTES
from aihub_lite.web.gate import LARGEST_COOKIES, LONGEST_PATH, LONGEST_QUERY
from tests.web.admin.desk import framed_routes
from tests.web.console.visitor import Visitor, at_console

FRAMEWORK_READS = frozenset({"data", "body"})
"""Parameters by which a handler has the framework read and parse a whole body, without a deadline."""


async def handlers(visitor: Visitor) -> list[HTTPRouteHandler]:
    """Every handler of the application that is not raw ASGI."""
    routes = [route for route in await framed_routes(visitor.app) if isinstance(route, HTTPRoute)]
    return [handler for route in routes for handler in route.route_handlers]


def test_no_handler_has_the_framework_read_a_body(tmp_path: Path) -> None:
    """Litestar's form parser kept the last 1,024 bodies of strangers whole: 30 forms of 31 MB took 1.8 GB for good."""

    async def story(visitor: Visitor) -> None:
        found = await handlers(visitor)
        assert len(found) > 60
        parsing = [str(handler) for handler in found if FRAMEWORK_READS & {*handler.parsed_fn_signature.parameters}]
        assert [] == parsing

    at_console(tmp_path, story)


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/taste"])
def test_a_form_of_a_page_is_read_up_to_its_limit(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        fields = {"then": "/console", "more": "x" * FORM_BYTES}
        answer = await visitor.post(path, fields)
        assert 413 == answer.status_code

    at_console(tmp_path, story)


@pytest.mark.parametrize("body", [b"a=1&" * 2000, b"\xff\xfe=1", b"key=%ff&" * 9])
def test_a_form_with_too_many_or_broken_fields_is_a_400(tmp_path: Path, body: bytes) -> None:
    async def story(visitor: Visitor) -> None:
        headers = {"origin": "http://gateway", "sec-fetch-site": "same-origin"}
        answer = await visitor.http.post("/console/sign-in", content=body, headers=headers)
        assert answer.status_code == 400

    at_console(tmp_path, story)


def test_a_body_of_the_admin_api_is_read_up_to_its_limit(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        models = [f"model-{number:08}" for number in range(1000)]
        await visitor.call("POST", "/channels", {"name": "many", "provider": "demo", "models": models}, status=201)
        refusal = await visitor.call("POST", "/tokens", {"name": "x" * ADMIN_BYTES}, status=413)
        assert "request_too_large" == refusal["error"]["code"]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/console/" + "x" * LONGEST_PATH, {}, 414),
        ("/v1/models/" + "x" * LONGEST_PATH, {}, 414),
        ("/console/sign-in?then=" + "x" * LONGEST_QUERY, {}, 414),
        ("/console/sign-in", {"cookie": "a=" + "x" * LARGEST_COOKIES}, 431),
        ("/console/" + "x" * (LONGEST_PATH - 20), {}, 404),
    ],
)
def test_a_head_larger_than_any_of_ours_is_refused_before_the_framework_remembers_it(
    tmp_path: Path, path: str, headers: dict[str, str], status: int
) -> None:
    async def story(visitor: Visitor) -> None:
        assert status == (await visitor.http.get(path, headers=headers)).status_code

    at_console(tmp_path, story)
