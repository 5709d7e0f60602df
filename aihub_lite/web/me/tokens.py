"""`/api/me/tokens`: one's own tokens. To make, to take out of use, to give a new key, to delete; an admin may change
what they may, since an admin may have set it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from litestar import delete, get, post
from litestar.params import FromPath

from aihub_lite.domain.people.person import Person
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.token import Budget, Token
from aihub_lite.errors import AccessDenied, InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.own_tokens import OwnTokens, own_name, own_token, own_tokens
from aihub_lite.web.access.actor import person_of
from aihub_lite.web.admin.bodies import Nano
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, TheSightings, takes
from aihub_lite.web.admin.tokens import COLUMNS, changes, last_used_of, sighting_json, token_json
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.remaining import pot_limits, tightest
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True)
class OwnTokenInput:
    """Body of POST /api/me/tokens: what its owner may choose for a new one. Each but the name takes something away."""

    name: str
    quota: Nano | None = None
    budget: Budget | None = None
    models: tuple[str, ...] = ()
    expires: str | None = None
    """A span like 30d, or a date."""
    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None
    allow_ips: tuple[str, ...] = ()


SETTABLE = frozenset(COLUMNS.get(field.name, field.name) for field in attrs.fields(OwnTokenInput))
"""The same, as a Token names them."""
HIDDEN = ("person", "team")
"""What a person knows of their own token; the gateway's limits and a team's are not theirs to see."""


def own_token_json(gateway: Gateway, person: Person, token: Token) -> Json:
    """A token as its owner sees it, by the name that they gave it."""
    shown = {field: value for field, value in token_json(gateway, token).items() if field not in HIDDEN}
    name = own_name(person, token.name)
    limits = [{**row, "name": name} for row in shown["limits"]]
    first = tightest(limits + pot_limits(gateway, [PotKey("person", person.id)]))
    return {**shown, "name": name, "limits": limits, "tightest": first}


async def own_token_rows(gateway: Gateway, person: Person) -> list[Json]:
    """All tokens of a person, oldest first, with the time of their last request."""
    tokens = own_tokens(gateway.registry.tokens, person)
    rows = [own_token_json(gateway, person, token) for token in tokens]
    last_used = await last_used_of(gateway, [token.id for token in tokens])
    return [{**row, "last_used": last_used[row["id"]]} for row in rows]


def desk_of(gateway: Gateway) -> OwnTokens:
    """What changes them."""
    return OwnTokens(gateway.people, gateway.registry.tokens)


@get("/tokens")
async def list_own_tokens(request: AnyRequest, gateway: TheGateway) -> Json:
    """List one's own tokens; `most` is how many one may have and still make one."""
    person = person_of(request)
    return {"tokens": await own_token_rows(gateway, person), "most": person.most_tokens}


@post("/tokens", opt=takes(OwnTokenInput))
async def create_own_token(request: AnyRequest, gateway: TheGateway, content: TheBody) -> Json:
    """Create a token. No answer but this one and a rotation's holds the key."""
    person = person_of(request)
    fields: dict[str, Any] = changes(content, gateway.clock.wall())
    refuse_others(fields)
    name = fields.pop("name", "")
    token, key = await desk_of(gateway).create(person, name, **fields)
    return {**own_token_json(gateway, person, token), "key": key}


def refuse_others(fields: Mapping[str, Any]) -> None:
    """Raises InvalidRequest for a field that is not its owner's to set."""
    others = ", ".join(sorted(fields.keys() - SETTABLE))
    if others:
        raise InvalidRequest(f"unknown field {others}")


@get("/tokens/{ref:str}")
async def show_own_token(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show one of one's own tokens, by name or id."""
    person = person_of(request)
    return own_token_json(gateway, person, own_token(gateway.registry.tokens, person, ref))


@get("/tokens/{ref:str}/sighting")
async def show_own_sighting(
    request: AnyRequest, gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]
) -> Json:
    """Show the last call with the token's key since the process started."""
    return sighting_json(sightings, own_token(gateway.registry.tokens, person_of(request), ref))


@post("/tokens/{ref:str}/disable", status_code=200)
async def disable_own_token(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Disable a token: its key is refused from the next request on; only an admin can undo that, who may have done it
    as well."""
    person = person_of(request)
    return own_token_json(gateway, person, await desk_of(gateway).disable(person, ref))


@post("/tokens/{ref:str}/resume", status_code=200)
async def resume_own_token(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Resume a token that the gateway has paused, or all of the person's where they are paused together; 403
    where only an admin may."""
    person = person_of(request)
    token = own_token(gateway.registry.tokens, person, ref)
    pause = gateway.pauses.of(token)
    if pause is not None:
        if not gateway.pauses.may_resume_own(pause):
            raise AccessDenied("Only an admin of this gateway can resume it.")
        if pause.holder == "person":
            await gateway.pauses.resume(person)
        else:
            await gateway.pauses.resume(token)
    return own_token_json(gateway, person, token)


@post("/tokens/{ref:str}/rotate", status_code=200)
async def rotate_own_token(
    request: AnyRequest, gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]
) -> Json:
    """Rotate a token: it gets a new key; the old one is dead at once."""
    person = person_of(request)
    token, key = await desk_of(gateway).rotate(person, ref)
    sightings.forget(token.id)
    return {**own_token_json(gateway, person, token), "key": key}


@delete("/tokens/{ref:str}", status_code=200)
async def delete_own_token(
    request: AnyRequest, gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]
) -> Json:
    """Delete the token; its usage stays."""
    person = person_of(request)
    token = await desk_of(gateway).delete(person, ref)
    sightings.forget(token.id)
    return {"id": token.id, "name": own_name(person, token.name), "deleted": True}


TOKENS = [
    list_own_tokens,
    create_own_token,
    show_own_token,
    show_own_sighting,
    disable_own_token,
    resume_own_token,
    rotate_own_token,
    delete_own_token,
]
