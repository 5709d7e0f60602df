"""The document itself: made once, when somebody first asks for it, as it takes a third of a second."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import msgspec
from litestar import Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI
from litestar.routes import HTTPRoute

from aihub_lite import __version__
from aihub_lite.web.access.rights import right_of
from aihub_lite.web.description.schemas import schema_of
from aihub_lite.web.description.unfolded import schema_as_decoded
from aihub_lite.web.framework import Framework
from aihub_lite.web.views import Json

REFUSALS = {
    "400": "A field or parameter is missing, unknown or wrong; the message names it.",
    "401": "The admin key is wrong, or nobody is signed in.",
    "403": "The role of who asks may not do this.",
    "404": "There is no such thing.",
    "409": "The name is taken, or this cannot be done now.",
    "413": "The body is too large.",
    "429": "Too many wrong keys from this address, or too many requests of one session.",
    "503": "The disk is full: nothing can be changed.",
}
SCHEMES: Json = {
    "key": {"type": "http", "scheme": "bearer", "description": "The admin key."},
    "session": {"type": "apiKey", "in": "cookie", "name": "aihub_session", "description": "A session of the console."},
}


@attrs.frozen(kw_only=True)
class Api:
    """What one document says of itself, and who may call what it describes, by names of `SCHEMES`."""

    title: str
    text: str
    callers: tuple[str, ...]


ADMIN_API = Api(
    title="aihub-lite, admin API", text="What the command line and the console speak.", callers=("key", "session")
)
OWN_API = Api(
    title="aihub-lite, a person's own API",
    text="What somebody who is signed in may see and change of their own.",
    callers=("session",),
)
ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "type", "param"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
            },
        }
    },
}
CHANGES = frozenset({"post", "put", "patch", "delete"})


@attrs.define(eq=False)
class Description:
    """What one router serves. To be asked beside the event loop: whoever asks first waits until it is made."""

    router: Callable[[], Router]
    """A router like the one that serves: a framework of its own is put around it, and forgotten again."""
    api: Api = ADMIN_API
    _lock: threading.Lock = attrs.field(factory=threading.Lock)
    _encoded: bytes = b""

    def encoded(self) -> bytes:
        """The document as JSON."""
        with self._lock:
            if not self._encoded:
                self._encoded = msgspec.json.encode(described(self.router(), self.api))
            return self._encoded

    def document(self) -> Json:
        """The document, decoded: for a page that shows a part of it, kept no longer than that."""
        document: Json = msgspec.json.decode(self.encoded())
        return document


def described(router: Router, api: Api) -> Json:
    """The framework's document of a router, with rights, bodies and refusals."""
    config = OpenAPIConfig(
        title=api.title,
        version=__version__,
        description=api.text,
        use_handler_docstrings=True,
        render_plugins=[],
    )
    framework = Framework(route_handlers=[router], openapi_config=config, logging_config=None)
    document = _plain(framework.openapi_schema)
    for route in framework.routes:
        if isinstance(route, HTTPRoute) and route.path_format in document["paths"]:
            for method, (handler, _) in route.route_handler_map.items():
                operation = document["paths"][route.path_format].get(method.lower())
                if operation is not None:
                    _complete(operation, route.path_format, method, handler)
    document["security"] = [{caller: []} for caller in api.callers]
    schemes = {caller: SCHEMES[caller] for caller in api.callers}
    document["components"] = {"securitySchemes": schemes, "schemas": {"Error": ERROR}}
    return document


def _plain(document: OpenAPI) -> Json:
    plain: Json = msgspec.json.decode(msgspec.json.encode(document.to_schema()))
    return plain


def _complete(operation: Json, path: str, method: str, handler: HTTPRouteHandler) -> None:
    """Add to an operation what stands beside the framework: who may, what the body is, what is refused."""
    parts = inspect.cleandoc(handler.fn.__doc__ or "").split("\n\n", 1)
    first, _, rest = " ".join(parts[0].split()).partition(". ")
    operation["operationId"] = handler.fn.__name__
    operation["summary"] = first.rstrip(".")
    operation["description"] = "\n\n".join(filter(None, (rest, *parts[1:])))
    # `/api/me` itself has no noun below it.
    operation["tags"] = [path.split("/")[2:4][-1]]
    operation["x-right"] = right_of(method, path)
    body = handler.opt.get("body")
    decoded = handler.opt.get("decoded")
    schema: Json = {}
    if body is not None:
        schema = schema_of(body)
    elif decoded is not None:
        schema = schema_as_decoded(decoded)
    if schema:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answers = {status: answer for status, answer in operation["responses"].items() if status < "300"}
    for answer in answers.values():
        answer["description"] = "What was asked for, or what it is now."
    statuses = sorted(_refusals(operation, path, method, takes_body=bool(schema)))
    operation["responses"] = answers | {status: _refusal(REFUSALS[status]) for status in statuses}


def _refusals(operation: Mapping[str, Any], path: str, method: str, *, takes_body: bool) -> Iterator[str]:
    """The statuses that an operation may be refused with."""
    yield from ("401", "403", "429")
    if operation.get("parameters") or takes_body:
        yield "400"
    if "{" in path:
        yield "404"
    if takes_body:
        yield "413"
    if method.lower() in CHANGES:
        yield from ("409", "503")


def _refusal(text: str) -> Json:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
