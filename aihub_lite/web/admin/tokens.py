"""`/api/admin/tokens`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, RawBody

from aihub_lite.domain.token import Budget, Token
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.usage import Usages
from aihub_lite.web.admin.bodies import Nano, moment, read_object, structure
from aihub_lite.web.admin.views import Json, TheGateway, TheSightings, moment_text, money, optional_money


@attrs.frozen(kw_only=True)
class TokenInput:
    """Body of POST and PATCH; what is absent from a PATCH stays as it is."""

    name: str = ""
    quota: Nano | None = None
    budget: Budget | None = None
    models: tuple[str, ...] = ()
    expires: str | None = None
    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None
    allow_ips: tuple[str, ...] = ()
    group: str = "default"
    enabled: bool = True


COLUMNS = {"quota": "quota_nano", "expires": "expires_at"}
"""Fields that the fact names after their unit."""


def changes(body: bytes, now: float) -> dict[str, Any]:
    """The fields of a Token that a body sets, checked for form; raises InvalidRequest."""
    given = read_object(body)
    if "allow_ip" in given:
        if "allow_ips" in given:
            raise InvalidRequest("allow_ip: allow_ips is given as well")
        given["allow_ips"] = given.pop("allow_ip")
    values = attrs.asdict(structure(given, TokenInput), recurse=False)
    if values["expires"] is not None:
        values["expires"] = _future(values["expires"], now)
    return {COLUMNS.get(field, field): values[field] for field in given}


def _future(text: str, now: float) -> int:
    then = moment(text, now, "expires", ahead=True)
    if then <= now:
        raise InvalidRequest(f"expires: {text!r} is not in the future")
    return then


def token_json(gateway: Gateway, token: Token) -> Json:
    """A token with what it has spent; money in USD. `spent_now_usd` counts in the budget's running period only."""
    account, wall = gateway.ledger.accounts[token.id], gateway.clock.wall()
    left = account.left(wall)
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "created": moment_text(token.created_at),
        "group": token.group,
        "enabled": token.enabled,
        "quota": optional_money(token.quota_nano),
        "budget": f"{money(token.budget.nano)}/{token.budget.period}" if token.budget else None,
        "models": token.models,
        "expires": None if token.expires_at is None else moment_text(token.expires_at),
        "rpm": token.rpm,
        "tpm": token.tpm,
        "concurrency": token.concurrency,
        "allow_ips": token.allow_ips,
        "spent_usd": money(account.spent),
        "spent_now_usd": money(account.spent_now(wall)),
        "held_usd": money(account.held),
        "left_usd": None if left is None else money(max(left, 0)),
    }


@get("/")
async def list_tokens(gateway: TheGateway) -> list[Json]:
    """All tokens, oldest first, with the time of their last request."""
    used = await Usages(gateway.database).last_used()
    return [
        {**token_json(gateway, token), "last_used": moment_text(used[token.id] / 1000) if token.id in used else None}
        for token in gateway.registry.tokens
    ]


@post("/")
async def create_token(gateway: TheGateway, body: RawBody) -> Json:
    """The only answer, beside that of a rotation, which holds the key."""
    given: Mapping[str, Any] = {"name": "", **changes(body, gateway.clock.wall())}
    token, key = await gateway.registry.create_token(given["name"], lambda token: attrs.evolve(token, **given))
    return {**token_json(gateway, token), "key": key}


@get("/{ref:str}")
async def show_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """By name or id."""
    return token_json(gateway, gateway.registry.token(ref))


@get("/{ref:str}/sighting")
async def show_sighting(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """The last call with the token's key since the process started; `error` is null for one that was answered."""
    seen = sightings.of(gateway.registry.token(ref).id)
    if seen is None:
        return {"seen": None}
    error = None if seen.refusal is None else {"code": seen.refusal.code, "message": seen.refusal.message}
    return {"seen": moment_text(seen.at), "path": seen.path, "client": seen.client, "error": error}


@patch("/{ref:str}")
async def edit_token(gateway: TheGateway, ref: FromPath[str], body: RawBody) -> Json:
    """Configuration only: what was spent cannot be set."""
    given = changes(body, gateway.clock.wall())
    token = await gateway.registry.edit_token(ref, lambda token: attrs.evolve(token, **given))
    return token_json(gateway, token)


@post("/{ref:str}/enable", status_code=200)
async def enable_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Open again."""
    return token_json(gateway, await gateway.registry.edit_token(ref, lambda token: attrs.evolve(token, enabled=True)))


@post("/{ref:str}/disable", status_code=200)
async def disable_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Refused from the next request on; running ones finish."""
    return token_json(gateway, await gateway.registry.edit_token(ref, lambda token: attrs.evolve(token, enabled=False)))


@post("/{ref:str}/rotate", status_code=200)
async def rotate_token(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """A new key; the old one is dead at once."""
    token, key = await gateway.registry.rotate_token(ref)
    sightings.forget(token.id)
    return {**token_json(gateway, token), "key": key}


@delete("/{ref:str}", status_code=200)
async def delete_token(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """Answers what was deleted."""
    token = await gateway.registry.delete_token(ref)
    sightings.forget(token.id)
    return {"id": token.id, "name": token.name, "deleted": True}


tokens_router = Router(
    "/tokens",
    route_handlers=[
        list_tokens,
        create_token,
        show_token,
        show_sighting,
        edit_token,
        enable_token,
        disable_token,
        rotate_token,
        delete_token,
    ],
)
