"""`/api/admin/tokens`: the credentials of clients, with what each may do and has spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs
from litestar import delete, get, patch, post
from litestar.params import FromPath

from aihub_lite.domain.money import plain, usd
from aihub_lite.domain.pots.budget import PotKey, budgets_of
from aihub_lite.domain.token import Budget, Token
from aihub_lite.errors import Conflict, InvalidRequest
from aihub_lite.gateway.conditions.conditions import expires_soon
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.ceilings import CeilingBounds, bound_texts, bounds_of
from aihub_lite.gateway.people.ownership import given_to, owner_names
from aihub_lite.storage.usage import Usages
from aihub_lite.web.admin.bodies import ManyInput, Nano, done_to_each, moment, read_many, read_object, structure
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, TheSightings, takes
from aihub_lite.web.admin.paging import Asked, Order, page_json
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.pauses import token_pause_json
from aihub_lite.web.pots import budgets_json
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.web.remaining import tightest_of_token, token_limits
from aihub_lite.web.views import Json, left_usd, moment_text, money, optional_moment, optional_money


@attrs.frozen(kw_only=True)
class TokenInput:
    """Body of POST and PATCH; what is absent from a PATCH stays as it is."""

    name: str = ""
    quota: Nano | None = None
    budget: Budget | None = None
    budgets: tuple[str, ...] = ()
    """Those beside `budget`: for some models, for a tag, or by other windows."""
    models: tuple[str, ...] = ()
    expires: str | None = None
    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None
    allow_ips: tuple[str, ...] = ()
    group: str = "default"
    enabled: bool = True
    person: str | None = None
    """Name or id of whom it belongs to; without one, and without a team, it is the gateway's own."""
    team: str | None = None


OWNER = ("person", "team")
OWN = "console"
"""Name of the console's own token, which pays for what is tried in the playground; it is made when it is first used."""
PAUSING = ("pause", "resume")
"""What can be done to tokens alone."""
COLUMNS = {"quota": "quota_nano", "expires": "expires_at"}
"""Fields that a Token names after their unit."""


def changes(body: bytes, now: float) -> dict[str, Any]:
    """The fields of a Token that a body sets, checked for form, and its `budgets`; raises InvalidRequest."""
    fields = read_object(body)
    if "allow_ip" in fields:
        if "allow_ips" in fields:
            raise InvalidRequest("allow_ip: allow_ips is given as well")
        fields["allow_ips"] = fields.pop("allow_ip")
    values = attrs.asdict(structure(fields, TokenInput), recurse=False)
    if values["expires"] is not None:
        values["expires"] = _future(values["expires"], now)
    # Before anything is changed: a token without the budgets that it was to have would be a token without limits.
    budgets_of(values["budgets"], now)
    return {COLUMNS.get(field, field): values[field] for field in fields}


def change_for(gateway: Gateway, fields: Mapping[str, Any]) -> Callable[[Token], Token]:
    """The change that gives a token the fields of a body, and to the owner that they name. Raises InvalidRequest."""
    plain_fields = {name: value for name, value in fields.items() if name not in OWNER}

    def change(token: Token) -> Token:
        token = attrs.evolve(token, **plain_fields)
        if len(plain_fields) < len(fields):
            token = given_to(gateway.people, token, fields.get("person"), fields.get("team"))
        return token

    return change


def _future(text: str, now: float) -> int:
    then = moment(text, now, "expires", ahead=True)
    if then <= now:
        raise InvalidRequest(f"expires: {text!r} is not in the future")
    return then


def token_json(gateway: Gateway, token: Token) -> Json:
    """A token with what it has spent; money in USD. `spent_now_usd` counts in the budget's running period only.

    `limits` are its own; `tightest` is the one that refuses first of those, its person's, its team's and the gateway's.
    """
    balance = gateway.ledger.balances[token.id]
    wall = gateway.clock.wall()
    budget = None
    if token.budget:
        budget = f"{plain(usd(token.budget.nano))}/{token.budget.period}"
    person, team = owner_names(gateway.people, token)
    limits = token_limits(gateway, token)
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "created": moment_text(token.created_at),
        "group": token.group,
        "person": person,
        "team": team,
        "enabled": token.enabled,
        "person_enabled": token.person_enabled,
        "paused": token_pause_json(gateway, token),
        "self_made": token.self_made,
        "bound": {field: value for field, value in attrs.asdict(bounds(gateway, token)).items() if value is not None},
        "quota": optional_money(token.quota_nano),
        "budget": budget,
        "budgets": budgets_json(gateway, PotKey("token", token.id)),
        "models": token.models,
        "expires": optional_moment(token.expires_at),
        "expired": token.expires_at is not None and token.expires_at <= wall,
        "expires_soon": token.live(wall) and expires_soon(token, wall),
        "rpm": token.rpm,
        "tpm": token.tpm,
        "concurrency": token.concurrency,
        "allow_ips": token.allow_ips,
        "spent_usd": money(balance.spent),
        "spent_now_usd": money(balance.spent_now(wall)),
        "held_usd": money(balance.held),
        "left_usd": left_usd(balance, wall),
        "limits": limits,
        "tightest": tightest_of_token(gateway, token, limits),
    }


OLDEST_FIRST = Order[Token](place=lambda token: (token.created_at, token.name), kind=tuple[int, str])


async def last_used_of(gateway: Gateway, token_ids: Sequence[str]) -> dict[str, str | None]:
    """When the last request of each of the tokens started; None for those that have made none."""
    used_ms = await Usages(gateway.database).last_used(token_ids)
    used: dict[str, str | None] = dict.fromkeys(token_ids)
    used.update({token_id: moment_text(milliseconds / 1000) for token_id, milliseconds in used_ms.items()})
    return used


async def token_rows(gateway: Gateway, order: Order[Token], asked: Asked) -> list[tuple[Token, Json]]:
    """The tokens beyond a page, as `Order.beyond` has them, each with what is shown of it and its last request."""
    tokens = gateway.registry.tokens.by_digest.values()
    matching = (token for token in tokens if _wanted(gateway, token, asked))
    # Shown as they are now: by the time that the database has answered, one of them may be deleted.
    rows = [(token, token_json(gateway, token)) for token in order.beyond(matching, asked)]
    last_used = await last_used_of(gateway, [token.id for token, _ in rows])
    for token, row in rows:
        row["last_used"] = last_used[token.id]
    return rows


def _wanted(gateway: Gateway, token: Token, asked: Asked) -> bool:
    person, team = owner_names(gateway.people, token)
    return asked.wants(token.name, token.hint, token.group, person or "", team or "")


def optional_token(gateway: Gateway, ref: str | None) -> Token | None:
    """The token of that name or id; None where neither is given. Raises NotFound."""
    if not ref:
        return None
    if ref == OWN:
        return own_token(gateway)
    return gateway.registry.tokens.get(ref)


def own_token(gateway: Gateway) -> Token:
    """The console's own token, or before it is made what it will be but for its id and key."""
    for token in gateway.registry.tokens.by_digest.values():
        if token.name == OWN:
            return token
    return Token(id=OWN, name=OWN, digest="", hint="", created_at=int(gateway.clock.wall()))


async def make_own_token(gateway: Gateway) -> None:
    """See that there is one; nobody knows its key until somebody rotates it."""
    if own_token(gateway).digest:
        return
    with suppress(Conflict):  # several models of a playground are asked at once: one of them makes it
        await gateway.registry.tokens.create(OWN)


@get("/")
async def list_tokens(gateway: TheGateway, asked: TheAsked) -> Json:
    """List tokens, a page at a time, oldest first, with the time of their last request.

    `q` is of a name, group, hint or owner.
    """
    return page_json("tokens", OLDEST_FIRST, await token_rows(gateway, OLDEST_FIRST, asked), asked.limit)


@post("/", opt=takes(TokenInput))
async def create_token(gateway: TheGateway, content: TheBody) -> Json:
    """Create a token. No answer but this one and a rotation's holds the key; `warnings` say what it lacks."""
    # A body without a name is refused like one with an empty name.
    fields: dict[str, Any] = {"name": "", **changes(content, gateway.clock.wall())}
    budgets = fields.pop("budgets", ())
    token, key = await gateway.registry.tokens.create(fields["name"], change_for(gateway, fields))
    if budgets:
        await gateway.pots.set_budgets(PotKey("token", token.id), budgets)
    return {**token_json(gateway, token), "key": key, "warnings": warnings(gateway, token)}


def bounds(gateway: Gateway, token: Token) -> CeilingBounds:
    """Where its person's ceilings leave a token less than its own settings."""
    return bounds_of(token, gateway.limits.rpm)


def warnings(gateway: Gateway, token: Token) -> list[str]:
    """What keeps a token from being of use yet, or as much as it says."""
    said = []
    held_down = bounds(gateway, token)
    person, _ = owner_names(gateway.people, token)
    if held_down.any:
        said = [f"{person} may give their own tokens no more than: {'; '.join(bound_texts(token, held_down))}"]
    group = token.in_force.group
    if not any(token.in_force.reaches(channel.group) for channel in gateway.registry.channels.all):
        said.append(f"no channel serves the group {group} yet: channel add … --group {group}")
    return said


@get("/{ref:str}")
async def show_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a token, by name or id."""
    return token_json(gateway, gateway.registry.tokens.get(ref))


@get("/{ref:str}/sighting")
async def show_sighting(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """Show the last call with a token's key since the process started; `error` is null for one that was answered."""
    return sighting_json(sightings, gateway.registry.tokens.get(ref))


def sighting_json(sightings: Sightings, token: Token) -> Json:
    """The last call with a token's key, if there was one."""
    seen = sightings.of(token.id)
    if seen is None:
        return {"seen": None}
    error = None
    if seen.refusal is not None:
        error = {"code": seen.refusal.code, "message": seen.refusal.message}
    return {"seen": moment_text(seen.at), "path": seen.path, "client": seen.client, "error": error}


@patch("/{ref:str}", opt=takes(TokenInput))
async def edit_token(gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Change a token: the fields of the body; what was spent cannot be set. `warnings` say what the token lacks."""
    fields = changes(content, gateway.clock.wall())
    budgets = fields.pop("budgets", None)
    token = await gateway.registry.tokens.edit(ref, change_for(gateway, fields))
    if budgets is not None:
        await gateway.pots.set_budgets(PotKey("token", token.id), budgets)
    return {**token_json(gateway, token), "warnings": warnings(gateway, token)}


@post("/{ref:str}/enable", status_code=200)
async def enable_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Enable a token: its key opens the relay again."""
    return token_json(gateway, await gateway.registry.tokens.edit(ref, lambda token: attrs.evolve(token, enabled=True)))


@post("/{ref:str}/disable", status_code=200)
async def disable_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Disable a token: its key is refused from the next request on; running ones finish."""
    return token_json(
        gateway, await gateway.registry.tokens.edit(ref, lambda token: attrs.evolve(token, enabled=False))
    )


@post("/{ref:str}/pause", status_code=200)
async def pause_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Pause a token: its requests are refused with 402 `paused_for_safety`, final for its clients, until it is
    resumed."""
    token = gateway.registry.tokens.get(ref)
    await gateway.pauses.pause_by_hand(token)
    return token_json(gateway, token)


@post("/{ref:str}/resume", status_code=200)
async def resume_token(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Resume a token that is paused, by the gateway or by hand; where its person is, too, it stays paused."""
    token = gateway.registry.tokens.get(ref)
    await gateway.pauses.resume(token)
    return token_json(gateway, token)


@post("/{ref:str}/rotate", status_code=200)
async def rotate_token(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """Rotate a token: it gets a new key; the old one is dead at once."""
    token, key = await gateway.registry.tokens.rotate(ref)
    sightings.forget(token.id)
    return {**token_json(gateway, token), "key": key}


@delete("/{ref:str}", status_code=200)
async def delete_token(gateway: TheGateway, sightings: TheSightings, ref: FromPath[str]) -> Json:
    """Delete a token; its usage records stay."""
    token = await gateway.registry.tokens.delete(ref)
    sightings.forget(token.id)
    return {"id": token.id, "name": token.name, "deleted": True}


@post("/many", status_code=200, opt=takes(ManyInput))
async def change_many_tokens(gateway: TheGateway, sightings: TheSightings, content: TheBody) -> Json:
    """Enable, disable, pause, resume, move to another group or delete many tokens; `was` says what is needed to put it
    back."""
    request = read_many(content, PAUSING)
    registry = gateway.registry.tokens
    change: dict[str, Any] = {"enabled": request.do == "enable"}
    if request.do == "group":
        change = {"group": request.group}

    async def change_one(ref: str) -> Json:
        token = registry.get(ref)
        paused = gateway.pauses.of(token) is not None
        if request.do == "delete":
            await registry.delete(ref)
            sightings.forget(token.id)
        elif request.do == "pause":
            await gateway.pauses.pause_by_hand(token)
        elif request.do == "resume":
            await gateway.pauses.resume(token)
        else:
            await registry.edit(ref, lambda token: attrs.evolve(token, **change))
        was = {"enabled": token.enabled, "group": token.group, "paused": paused}
        return {"id": token.id, "name": token.name, "was": was}

    return await done_to_each(request, change_one)


tokens_router = PathRouter(
    "/tokens",
    route_handlers=[
        list_tokens,
        create_token,
        show_token,
        show_sighting,
        edit_token,
        enable_token,
        disable_token,
        pause_token,
        resume_token,
        rotate_token,
        delete_token,
        change_many_tokens,
    ],
)
