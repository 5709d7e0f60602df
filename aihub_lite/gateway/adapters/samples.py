"""Requests that nobody sends: read from a body alone, to explain what would become of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.adapters.passthrough import PASSED, PassedSurface, read_form
from aihub_lite.gateway.adapters.recall import ResponsesBody
from aihub_lite.gateway.adapters.responses import COMPACTION, RESPONSES
from aihub_lite.gateway.adapters.surface import AnySurface
from aihub_lite.wire.anthropic.surface.request import MessagesBody
from aihub_lite.wire.fields import parse_json
from aihub_lite.wire.multipart import Form, Part
from aihub_lite.wire.protocols import Request
from aihub_lite.wire.responses.state import ResponseState

CHAT_PATH = "/v1/chat/completions"
Parse = Callable[[bytes], Request]


def _response(surface: AnySurface, data: bytes) -> Request:
    request: Request = surface.parse(ResponsesBody(data, ResponseState("resp_sample")))
    return request


def _message(data: bytes) -> Request:
    return MESSAGES.parse(MessagesBody(data))


def _passed(surface: PassedSurface[Any], data: bytes) -> Request:
    """Of an endpoint that takes forms, the fields are given as JSON, without the file."""
    if surface.read_body is not read_form:
        return surface.parse(data)
    fields = parse_json(data)
    parts = [Part(name, None, "", bytearray(str(value).encode())) for name, value in fields.items()]
    return surface.parse(Form("sample", (*parts, Part("file", "sample", "application/octet-stream", bytearray(b"-")))))


ENDPOINTS: Mapping[str, tuple[AnySurface, Parse]] = {
    CHAT_PATH: (CHAT, CHAT.parse),
    "/v1/messages": (MESSAGES, _message),
    "/v1/responses": (RESPONSES, partial(_response, RESPONSES)),
    "/v1/responses/compact": (COMPACTION, partial(_response, COMPACTION)),
    **{f"/v1{surface.path}": (surface, partial(_passed, surface)) for surface in PASSED},
}
"""By path: the surface, and how a body for it is read."""


def surface_at(path: str) -> AnySurface:
    """The surface of an endpoint; raises InvalidRequest."""
    return _at(path)[0]


def request_at(path: str, data: bytes) -> Request:
    """The request in a body for an endpoint; raises InvalidRequest."""
    return _at(path)[1](data)


def _at(path: str) -> tuple[AnySurface, Parse]:
    found = ENDPOINTS.get(path)
    if found is None:
        raise InvalidRequest(f"endpoint: must be one of {', '.join(ENDPOINTS)}")
    return found
