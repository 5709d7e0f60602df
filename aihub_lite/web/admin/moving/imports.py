"""What an import brings is read where its database is, by the command line; here it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import attrs
import msgspec
from litestar import post

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.moving.arrive import arrive, preview
from aihub_lite.moving.move import Move, Remark
from aihub_lite.web.access.actor import actor_of
from aihub_lite.web.admin.dependencies import TheGateway, decodes
from aihub_lite.web.body import read_body
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.views import Json

IMPORT_BYTES = 96 * 1024 * 1024
"""`MOST_CALLS` calls and everything else that a gateway has fit."""


@post("/", status_code=200, opt=decodes(Move))
async def import_everything(gateway: TheGateway, request: AnyRequest) -> Json:
    """Import everything that can be taken in, all or nothing; a second time changes nothing."""
    move = await _move_of(gateway, request)
    person = actor_of(request).person
    by = "admin key"
    if person is not None:
        by = person.name
    return _rows_json(move, await arrive(gateway, move, by))


@post("/preview", status_code=200, opt=decodes(Move))
async def preview_import(gateway: TheGateway, request: AnyRequest) -> Json:
    """Show what an import would make of each row; nothing is changed."""
    move = await _move_of(gateway, request)
    return _rows_json(move, await preview(gateway, move))


async def _move_of(gateway: TheGateway, request: AnyRequest) -> Move:
    """Raises InvalidRequest, and what reading a body raises."""
    body = await read_body(request, gateway, IMPORT_BYTES)
    try:
        return await asyncio.to_thread(msgspec.json.decode, body, type=Move)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        # Without the text: it would show a piece of what was sent, and there are keys in it.
        raise InvalidRequest("The body is not what `aihub-lite import` of this version sends.") from None


def _rows_json(move: Move, rows: Sequence[Remark]) -> Json:
    return {"program": move.program, "rows": [attrs.asdict(row) for row in rows]}


import_router = PathRouter("/import", route_handlers=[import_everything, preview_import])
