"""`/api/admin/channels`: the upstream accounts, their keys and what they offer."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from litestar import delete, get, patch, post
from litestar.params import FromPath

from aihub_lite.domain.channel import BY_OPERATOR, Channel, ChannelKey, Offer, in_use, keys_of, switched_off, with_key
from aihub_lite.domain.limits import NO_LIMITS
from aihub_lite.domain.patterns import offer_at
from aihub_lite.domain.validation import check_name
from aihub_lite.errors import Conflict, InvalidRequest
from aihub_lite.gateway.conditions.standing import key_hint
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.upkeep.model_lists import list_offers
from aihub_lite.gateway.upkeep.model_refresh import relist
from aihub_lite.gateway.upkeep.probe import probe
from aihub_lite.upstream.cloud_accounts import credential_refs
from aihub_lite.upstream.credentials import flaw_of, secret_of
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.bodies import ManyInput, done_to_each, read, read_many
from aihub_lite.web.admin.channel_input import (
    SETTINGS,
    ChannelInput,
    address_for,
    changes,
    key_limits,
    key_refs,
    offers_for,
    provider_named,
    read_channel,
)
from aihub_lite.web.admin.channel_views import (
    HIGHEST_FIRST,
    change_json,
    channel_json,
    channel_rows,
    channel_with_warnings,
    key_named,
)
from aihub_lite.web.admin.dependencies import TheAsked, TheBody, TheGateway, takes
from aihub_lite.web.admin.paging import page_json
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.limits import LIMITS, LimitsInput
from aihub_lite.web.overrides import OVERRIDES, overrides_of
from aihub_lite.web.views import Json
from aihub_lite.web.way_out import WAY, way_out_of

REACH_WITHIN = 5.0
"""Seconds in which somebody has to answer at a new channel's address: a person waits for it."""


@attrs.frozen(kw_only=True)
class KeysInput:
    """Body of a POST of keys: `env:NAME`, or keys themselves."""

    keys: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ChannelTest:
    """Body of a test: the model to ask for, else the channel's first."""

    model: str | None = None


@get("/")
async def list_channels(gateway: TheGateway, asked: TheAsked) -> Json:
    """List channels, a page at a time, highest priority first; `q` is of a name, type or group."""
    return page_json("channels", HIGHEST_FIRST, await channel_rows(gateway, asked), asked.limit)


@post("/", opt=takes(ChannelInput))
async def create_channel(gateway: TheGateway, content: TheBody) -> Json:
    """Add a channel. Refused with 502 when the body names no models and the upstream does not say which it has."""
    request = read_channel(content).request
    provider = provider_named(request.provider)
    keys = keys_of(key_refs(request, provider, gateway))
    base_url = address_for(request, provider, keys, gateway)
    # Before the upstream is asked for its list, which may take seconds.
    check_name(request.name)
    settings = {name: getattr(request, name) for name in SETTINGS}
    settings["keys"] = keys
    settings["overrides"] = overrides = overrides_of(OVERRIDES, request)
    settings["way_out"] = way_out = way_out_of(gateway, WAY, request, base_url)
    settings |= await offers_for(gateway, request, provider.name, base_url, keys, overrides, way_out)
    settings["limits"] = request.over(NO_LIMITS, LIMITS)
    channel = await gateway.registry.channels.create(
        request.name, provider.name, base_url, lambda channel: attrs.evolve(channel, **settings)
    )
    return await channel_with_warnings(gateway, channel)


@post("/offers", status_code=200, opt=takes(ChannelInput))
async def list_upstream(gateway: TheGateway, content: TheBody) -> Json:
    """List what an upstream offers, before or without a channel for it: the body is that of POST, its models are
    ignored."""
    request = read_channel(content).request
    provider = provider_named(request.provider)
    keys = keys_of(key_refs(request, provider, gateway))
    base_url = address_for(request, provider, keys, gateway)
    overrides = overrides_of(OVERRIDES, request)
    transport = gateway.transport.by(way_out_of(gateway, WAY, request, base_url))
    offers = await list_offers(transport, gateway.environ, provider, base_url, keys, overrides)
    return {"models": [offer.model for offer in offers]}


@get("/{ref:str}/offers")
async def list_offered(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """List what a channel's upstream offers now, with the channel's own keys."""
    channel = gateway.registry.channels.get(ref)
    provider = provider_named(channel.provider)
    transport = gateway.transport.by(channel.way_out)
    offers = await list_offers(transport, gateway.environ, provider, channel.base_url, channel.keys, channel.overrides)
    return {"models": [offer.model for offer in offers]}


@post("/{ref:str}/refresh", status_code=200)
async def refresh_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Read the upstream's list of models now; `changed` says which are new or gone. Refused with 502 as `offers` is.

    Refused for a channel whose models a person has chosen, and for a disabled one.
    """
    channel = gateway.registry.channels.get(ref)
    if not (channel.discovered or channel.patterns):
        raise Conflict(f"The models of channel {channel.name} were chosen: an empty list of models asks for all.")
    if not channel.enabled:
        raise Conflict(f"Channel {channel.name} is disabled.")
    change = await relist(gateway, channel)
    answer = await channel_json(gateway, gateway.registry.channels.get(channel.id))
    return {**answer, "changed": change_json(change)}


@get("/{ref:str}")
async def show_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Show a channel, by name or id."""
    return await channel_json(gateway, gateway.registry.channels.get(ref))


@patch("/{ref:str}", opt=takes(ChannelInput))
async def edit_channel(gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Change a channel: the fields of the body; keys that stay in the list keep their state."""
    fields = read_channel(content)
    changed = await changes(gateway, gateway.registry.channels.get(ref), fields)
    channel = await gateway.registry.channels.edit(ref, lambda channel: fields.on(channel, changed))
    return await channel_with_warnings(gateway, channel)


@post("/{ref:str}/enable", status_code=200)
async def enable_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Enable a channel and all its keys."""
    return await channel_with_warnings(gateway, await gateway.registry.channels.enable(ref))


@post("/{ref:str}/disable", status_code=200)
async def disable_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Disable a channel until an operator enables it."""
    return await channel_json(gateway, await gateway.registry.channels.disable(ref, BY_OPERATOR))


@post("/{ref:str}/test", status_code=200, opt=takes(ChannelTest))
async def test_channel(gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Test a channel by one real call with each key, for as little as the model can answer: a token, a vector, a word,
    a picture."""
    channel = gateway.registry.channels.get(ref)
    offer = offer_for(channel, read(content, ChannelTest).model)
    # A local server may need no key: it is called without one.
    keys: tuple[ChannelKey | None, ...] = channel.keys or (None,)
    probes = [await _probe(gateway, channel, offer, key) for key in keys]
    is_ok = any(probe["ok"] for probe in probes)
    fault = ""
    if not is_ok:
        fault = f"{offer.model}: {probes[0]['error']}"
    if channel.id in gateway.registry.channels.by_id:
        gateway.health.tested(channel.id, fault)
    return {
        "name": channel.name,
        "model": offer.model,
        "ok": is_ok,
        "way": gateway.transport.by(channel.way_out).way(channel.base_url),
        "keys": probes,
    }


@post("/{ref:str}/reach", status_code=200)
async def reach_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Try whether anybody answers at a channel's address, by its own way: a connection is made, and nothing is asked.

    Where nobody does, the channel's state says so until it is tested, or answers.
    """
    channel = gateway.registry.channels.get(ref)
    transport = gateway.transport.by(channel.way_out)
    timeout = min(channel.clocks.connect or gateway.settings.connect_timeout, REACH_WITHIN)
    error = None
    try:
        await transport.reach(channel.base_url, timeout)
    except TransportFault as fault:
        error = str(fault)
        gateway.health.tested(channel.id, error)
    return {"name": channel.name, "ok": error is None, "way": transport.way(channel.base_url), "error": error}


def offer_for(channel: Channel, model: str | None) -> Offer:
    """The model to test; raises InvalidRequest when the channel does not offer it."""
    offer = next(iter(channel.offers), None)
    if model is not None:
        offer = offer_at(channel, model)
    if offer is not None:
        return offer
    raise InvalidRequest(f"model: channel {channel.name} does not offer {model or 'any model'}")


async def _probe(gateway: Gateway, channel: Channel, offer: Offer, key: ChannelKey | None) -> Json:
    hint = secret = None
    if key is not None:
        hint = key_hint(key)
        provider = PROVIDERS[channel.provider]
        secret = secret_of(key, provider, gateway.environ)
        if not secret:
            flaw = flaw_of(key, provider, gateway.environ)
            return {"key": hint, "ok": False, "status": 0, "ms": 0, "error": flaw}
    result = await probe(
        gateway.settings, gateway.clock, gateway.transport, gateway.environ, channel, offer.upstream_model, secret
    )
    if result.ok and key is not None and key.rests_until:
        # Whoever has paid the bill tests the channel, and need not wait for the rest to be over.
        gateway.health.rests.end((channel.id, key.id))
        await gateway.registry.channels.enable_key(channel.id, key.id)
    return {
        "key": hint,
        "ok": result.ok,
        "status": result.status,
        "ms": result.duration_ms,
        "error": result.error or None,
    }


@post("/{ref:str}/keys", status_code=200, opt=takes(KeysInput))
async def add_keys(gateway: TheGateway, ref: FromPath[str], content: TheBody) -> Json:
    """Add keys beside those that a channel has; refused where it has one of them."""
    registry = gateway.registry.channels
    registry.get(ref)  # that it is not there is told before what is wrong with its keys
    given = read(content, KeysInput).keys
    if not given:
        raise InvalidRequest("keys: must not be empty")

    def with_more(channel: Channel) -> Channel:
        refs = credential_refs(given, provider_named(channel.provider))
        for key in channel.keys:
            if key.ref.value in refs:
                raise Conflict(f"Channel {channel.name} has the key {key.id} ({key_hint(key)}) already.")
        before = [key.ref.value for key in channel.keys]
        keys = keys_of([*before, *refs], channel.keys, registry.last_keys[channel.id])
        return attrs.evolve(channel, keys=keys)

    return await channel_with_warnings(gateway, await registry.edit(ref, with_more))


@delete("/{ref:str}/keys/{key_ref:str}", status_code=200)
async def remove_key(gateway: TheGateway, ref: FromPath[str], key_ref: FromPath[str]) -> Json:
    """Remove a key of a channel, named by its id, place or hint; refused for the only one: nobody means to call
    without a key."""

    def without(channel: Channel) -> Channel:
        gone = key_named(channel, key_ref)
        if len(channel.keys) == 1:
            raise Conflict(f"{gone.id} is the only key of channel {channel.name}: add another one first.")
        return attrs.evolve(channel, keys=tuple(key for key in channel.keys if key.id != gone.id))

    return await channel_with_warnings(gateway, await gateway.registry.channels.edit(ref, without))


@patch("/{ref:str}/keys/{key_ref:str}", opt=takes(LimitsInput))
async def limit_key(gateway: TheGateway, ref: FromPath[str], key_ref: FromPath[str], content: TheBody) -> Json:
    """Set limits of a key of its own; those of its channel count beside them."""
    return await _with_key(gateway, ref, key_ref, key_limits(content))


@post("/{ref:str}/keys/{key_ref:str}/enable", status_code=200)
async def enable_key(gateway: TheGateway, ref: FromPath[str], key_ref: FromPath[str]) -> Json:
    """Enable a key of a channel, whatever took it out of use."""
    return await _with_key(gateway, ref, key_ref, in_use)


@post("/{ref:str}/keys/{key_ref:str}/disable", status_code=200)
async def disable_key(gateway: TheGateway, ref: FromPath[str], key_ref: FromPath[str]) -> Json:
    """Disable a key of a channel until it is enabled."""
    return await _with_key(gateway, ref, key_ref, switched_off)


async def _with_key(gateway: Gateway, ref: str, key_ref: str, change: Callable[[ChannelKey], ChannelKey]) -> Json:
    def changed(channel: Channel) -> Channel:
        return attrs.evolve(channel, keys=with_key(channel, change(key_named(channel, key_ref))))

    return await channel_with_warnings(gateway, await gateway.registry.channels.edit(ref, changed))


@delete("/{ref:str}", status_code=200)
async def delete_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Delete a channel; one that the next start would make again can only be disabled."""
    channel = gateway.registry.channels.get(ref)
    await _delete(gateway, channel)
    return {"id": channel.id, "name": channel.name, "deleted": True}


async def _delete(gateway: Gateway, channel: Channel) -> None:
    if comes_back(channel, gateway):
        raise Conflict(f"Channel {channel.name} appears by itself at every start; disable it instead.")
    await gateway.registry.channels.delete(channel.id)


@post("/many", status_code=200, opt=takes(ManyInput))
async def change_many_channels(gateway: TheGateway, content: TheBody) -> Json:
    """Enable, disable, move to another group or delete many channels; `was` says what is needed to put it back."""
    request = read_many(content)
    registry = gateway.registry.channels

    async def change_one(ref: str) -> Json:
        channel = registry.get(ref)
        if request.do == "enable":
            await registry.enable(channel.id)
        elif request.do == "disable":
            await registry.disable(channel.id, BY_OPERATOR)
        elif request.do == "delete":
            await _delete(gateway, channel)
        else:
            await registry.edit(channel.id, lambda channel: attrs.evolve(channel, group=request.group or channel.group))
        return {"id": channel.id, "name": channel.name, "was": {"enabled": channel.enabled, "group": channel.group}}

    return await done_to_each(request, change_one)


def comes_back(channel: Channel, gateway: Gateway) -> bool:
    """Whether the next start would make the channel again."""
    if channel.origin == "env":
        return PROVIDERS[channel.provider].at_hand(gateway.environ)
    return channel.origin == "builtin"


channels_router = PathRouter(
    "/channels",
    route_handlers=[
        list_channels,
        create_channel,
        list_upstream,
        list_offered,
        refresh_channel,
        show_channel,
        edit_channel,
        enable_channel,
        disable_channel,
        test_channel,
        reach_channel,
        add_keys,
        remove_key,
        limit_key,
        enable_key,
        disable_key,
        delete_channel,
        change_many_channels,
    ],
)
