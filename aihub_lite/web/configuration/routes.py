"""`/api/admin/export` and `/api/admin/apply`: the file that describes the gateway."""

from __future__ import annotations

import attrs
from litestar import get, post
from litestar.di import Provide
from litestar.params import FromQuery

from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import read
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, TheSightings, takes
from aihub_lite.web.body import read_body
from aihub_lite.web.configuration.outcome import apply_text, outcome_json
from aihub_lite.web.configuration.sealing import sealed_export
from aihub_lite.web.configuration.writing import export_text
from aihub_lite.web.framework import AnyRequest, PathRouter
from aihub_lite.web.views import Json

MOST_BYTES = 16 * 1024 * 1024
"""Of a file: some 50,000 tokens."""


@attrs.frozen(kw_only=True)
class ApplyInput:
    """Body of POST: the file's text, and the passphrase of what is sealed in it."""

    document: str
    passphrase: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class ExportInput:
    """Body of POST: the passphrase that secrets are sealed with."""

    passphrase: str = attrs.field(repr=False)


async def read_file(request: AnyRequest, gateway: TheGateway) -> bytes:
    """A larger `TheBody` than others are; raises as `read_body` does."""
    return await read_body(request, gateway, MOST_BYTES)


@get("/export")
async def export_configuration(gateway: TheGateway) -> Json:
    """Export the gateway as a file, `document`; secrets that were typed in are left out of it."""
    return {"document": export_text(gateway)}


@post("/export", status_code=200, opt=takes(ExportInput))
async def export_sealed(gateway: TheGateway, content: TheBody) -> Json:
    """Export the gateway as a file, `document`, with secrets that were typed in, which the passphrase alone opens
    (age, by scrypt)."""
    return {"document": await sealed_export(gateway, read(content, ExportInput).passphrase)}


@post("/apply", status_code=200, opt=takes(ApplyInput), dependencies={"content": Provide(read_file)})
async def apply_configuration(
    gateway: TheGateway,
    sightings: TheSightings,
    content: TheBody,
    dry_run: FromQuery[bool] = False,
    prune: FromQuery[bool] = False,
) -> Json:
    """Apply a file, all of it or nothing, or only say what would change. The only answer that holds the keys of tokens
    that the file names without a digest."""
    before = _digests(gateway)
    body = read(content, ApplyInput)
    outcome = await apply_text(gateway, body.document, dry_run=dry_run, prune=prune, passphrase=body.passphrase)
    after = _digests(gateway)
    for token_id, digest in before.items():
        if after.get(token_id) != digest:
            sightings.forget(token_id)
    return outcome_json(outcome, dry_run=dry_run)


def _digests(gateway: Gateway) -> dict[str, str]:
    return {token.id: token.digest for token in gateway.registry.tokens.by_digest.values()}


configuration_router = PathRouter("/", route_handlers=[export_configuration, export_sealed, apply_configuration])
