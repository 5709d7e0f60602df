"""`/api/admin/channels`."""

from __future__ import annotations

from typing import Any

import attrs
from litestar import Router, delete, get, patch, post
from litestar.params import FromPath, RawBody

from aihub_lite.domain.channel import Channel, ChannelKey, Clocks, Offer, keys_of
from aihub_lite.domain.rules import base_url_warning, check_name, checked_base_url
from aihub_lite.errors import Conflict, InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.listing import list_offers
from aihub_lite.gateway.probe import probe
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.providers import PROVIDERS, Provider
from aihub_lite.web.admin.bodies import read, read_object, structure
from aihub_lite.web.admin.views import Json, TheGateway, moment_text

BY_OPERATOR = "disabled by the operator"


@attrs.frozen(kw_only=True)
class ChannelInput:
    """Body of POST and PATCH; what is absent from a PATCH stays as it is. No models: the upstream's own list."""

    name: str = ""
    provider: str = "openai"
    base_url: str = ""
    keys: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    priority: int = 0
    weight: int = 1
    group: str = "default"
    clocks: Clocks = Clocks()


@attrs.frozen(kw_only=True)
class ChannelTest:
    """Body of a test: one model, or the first."""

    model: str | None = None


def read_channel(body: bytes) -> tuple[frozenset[str], ChannelInput]:
    """Which fields were given, and all of them."""
    given = read_object(body)
    if "type" in given:
        given["provider"] = given.pop("type")
    return frozenset(given), structure(given, ChannelInput)


def provider_named(name: str) -> Provider:
    """Raises InvalidRequest."""
    if name not in PROVIDERS:
        raise InvalidRequest(f"provider: {name[:64]!r} is not one of {', '.join(PROVIDERS)}")
    return PROVIDERS[name]


def offers_from(models: tuple[str, ...]) -> tuple[Offer, ...]:
    """`a` is offered under its upstream id, `b=upstream-b` under another."""
    pairs = (text.partition("=") for text in models)
    return tuple(Offer(model.strip(), (upstream if equals else model).strip()) for model, equals, upstream in pairs)


def key_refs(given: ChannelInput, provider: Provider, gateway: Gateway) -> tuple[str, ...]:
    """The keys given, else the provider's own variable: but its key is never sent to another base URL unasked."""
    if given.keys or provider.env is None or given.base_url:
        return given.keys
    if not gateway.environ.get(provider.env):
        raise InvalidRequest(f"keys: {provider.title} needs a key: give one, or set {provider.env}")
    return (f"env:{provider.env}",)


def key_json(gateway: Gateway, key: ChannelKey) -> Json:
    """A key by its last characters or its variable; never itself."""
    hint = key.ref.value if key.env else "…" + key.ref.value[-4:] if len(key.ref.value) >= 12 else "…"
    unset = f"{key.env} is not set" if key.env and not resolve(key.ref, gateway.environ) else ""
    return {"id": key.id, "hint": hint, "disabled": key.disabled or unset or None}


def channel_json(gateway: Gateway, channel: Channel) -> Json:
    """A channel with how it does at the moment."""
    return {
        "id": channel.id,
        "name": channel.name,
        "type": channel.provider,
        "base_url": channel.base_url,
        "created": moment_text(channel.created_at),
        "origin": channel.origin,
        "enabled": channel.enabled,
        "disabled": channel.disabled or None,
        "state": _state(gateway, channel),
        "keys": [key_json(gateway, key) for key in channel.keys],
        "models": [
            offer.model if offer.model == offer.upstream_model else f"{offer.model}={offer.upstream_model}"
            for offer in channel.offers
        ],
        "discovered": channel.discovered,
        "list_error": gateway.registry.list_errors.get(channel.id),
        "priority": channel.priority,
        "weight": channel.weight,
        "group": channel.group,
        "clocks": attrs.asdict(channel.clocks),
    }


def _state(gateway: Gateway, channel: Channel) -> str:
    if not channel.enabled:
        return "disabled"
    if channel.keys and all(key.disabled or not resolve(key.ref, gateway.environ) for key in channel.keys):
        return "no usable key"
    if not gateway.health.fit(channel.id):
        return "cooling down"
    return "ok"


def answer(gateway: Gateway, channel: Channel) -> Json:
    """What a change answers: the channel, and what its operator should know."""
    keys = [shown for key in channel.keys if (shown := key_json(gateway, key))["disabled"]]
    warnings = [base_url_warning(channel.base_url), *(f"keys: {key['hint']}: {key['disabled']}" for key in keys)]
    return {**channel_json(gateway, channel), "warnings": [text for text in warnings if text]}


async def chosen_offers(
    gateway: Gateway, given: ChannelInput, provider: str, base_url: str, keys: tuple[ChannelKey, ...]
) -> tuple[Offer, ...]:
    """The models named, else the upstream's own list; raises UpstreamBroken when it cannot be read."""
    if given.models:
        return offers_from(given.models)
    return await list_offers(gateway.transport, gateway.environ, provider_named(provider), base_url, keys)


async def changes(gateway: Gateway, channel: Channel, body: bytes) -> dict[str, Any]:
    """The fields of a Channel that a PATCH sets; a list of models that is emptied is asked for anew."""
    fields, given = read_channel(body)
    values = attrs.asdict(given, recurse=False)
    changed = {field: values[field] for field in fields - {"keys", "models"}}
    if "provider" in fields:
        provider_named(given.provider)
    if "base_url" in fields and not given.base_url:
        changed["base_url"] = provider_named(changed.get("provider", channel.provider)).base_url
    if "keys" in fields:
        changed["keys"] = keys_of(given.keys, channel.keys)
    if "models" in fields:
        now = attrs.evolve(channel, **changed)
        changed["offers"] = await chosen_offers(gateway, given, now.provider, now.base_url, now.keys)
        changed["discovered"] = not given.models
    return changed


@get("/")
async def list_channels(gateway: TheGateway) -> list[Json]:
    """All channels, highest priority first."""
    channels = sorted(gateway.registry.channels.values(), key=lambda each: (-each.priority, each.name))
    return [channel_json(gateway, channel) for channel in channels]


@post("/")
async def create_channel(gateway: TheGateway, body: RawBody) -> Json:
    """Refused with 502 when no models are named and the upstream does not say which it has."""
    _, given = read_channel(body)
    provider = provider_named(given.provider)
    base_url = checked_base_url(given.base_url or provider.base_url)
    keys = keys_of(key_refs(given, provider, gateway))
    check_name(given.name)
    settings: dict[str, Any] = {
        "keys": keys,
        "offers": await chosen_offers(gateway, given, provider.name, base_url, keys),
        "discovered": not given.models,
        "priority": given.priority,
        "weight": given.weight,
        "group": given.group,
        "clocks": given.clocks,
    }
    channel = await gateway.registry.create_channel(
        given.name, provider.name, base_url, lambda made: attrs.evolve(made, **settings)
    )
    return answer(gateway, channel)


@post("/offers", status_code=200)
async def list_upstream(gateway: TheGateway, body: RawBody) -> Json:
    """What an upstream offers, before or without a channel for it: the body is that of POST, its models are ignored."""
    _, given = read_channel(body)
    provider = provider_named(given.provider)
    base_url = checked_base_url(given.base_url or provider.base_url)
    keys = keys_of(key_refs(given, provider, gateway))
    offers = await list_offers(gateway.transport, gateway.environ, provider, base_url, keys)
    return {"models": [offer.model for offer in offers]}


@get("/{ref:str}/offers")
async def list_offered(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """What the channel's upstream offers now, with the channel's own keys."""
    channel = gateway.registry.channel(ref)
    provider = provider_named(channel.provider)
    offers = await list_offers(gateway.transport, gateway.environ, provider, channel.base_url, channel.keys)
    return {"models": [offer.model for offer in offers]}


@get("/{ref:str}")
async def show_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """By name or id."""
    return channel_json(gateway, gateway.registry.channel(ref))


@patch("/{ref:str}")
async def edit_channel(gateway: TheGateway, ref: FromPath[str], body: RawBody) -> Json:
    """Keys that stay in the list keep their state."""
    changed = await changes(gateway, gateway.registry.channel(ref), body)
    return answer(gateway, await gateway.registry.edit_channel(ref, lambda each: attrs.evolve(each, **changed)))


@post("/{ref:str}/enable", status_code=200)
async def enable_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """With all its keys."""
    return answer(gateway, await gateway.registry.enable_channel(ref))


@post("/{ref:str}/disable", status_code=200)
async def disable_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """Until it is enabled."""
    return channel_json(gateway, await gateway.registry.disable_channel(ref, BY_OPERATOR))


@post("/{ref:str}/test", status_code=200)
async def test_channel(gateway: TheGateway, ref: FromPath[str], body: RawBody) -> Json:
    """One real call with each key: for one token of a model, or for the list of models where none is known."""
    channel, given = gateway.registry.channel(ref), read(body, ChannelTest)
    refs: tuple[ChannelKey | None, ...] = channel.keys or (None,)
    offer = offer_for(channel, given.model)
    probes = [await _probe(gateway, channel, offer, key) for key in refs]
    return {
        "name": channel.name,
        "model": offer.model,
        "ok": any(each["ok"] for each in probes),
        "keys": probes,
    }


def offer_for(channel: Channel, model: str | None) -> Offer:
    """The model to test; raises InvalidRequest when the channel does not offer it."""
    for offer in channel.offers:
        if model in (None, offer.model, offer.upstream_model):
            return offer
    raise InvalidRequest(f"model: channel {channel.name} does not offer {model or 'any model'}")


async def _probe(gateway: Gateway, channel: Channel, offer: Offer, key: ChannelKey | None) -> Json:
    shown = {"key": key and key_json(gateway, key)["hint"]}
    secret = resolve(key.ref, gateway.environ) if key else None
    if key and not secret:
        return {**shown, "ok": False, "status": 0, "ms": 0, "error": f"{key.env} is not set"}
    found = await probe(gateway.settings, gateway.clock, gateway.transport, channel, offer.upstream_model, secret)
    return {**shown, "ok": found.ok, "status": found.status, "ms": found.duration_ms, "error": found.error or None}


@delete("/{ref:str}", status_code=200)
async def delete_channel(gateway: TheGateway, ref: FromPath[str]) -> Json:
    """What the gateway made itself would come back at the next start, so it can only be disabled."""
    channel = gateway.registry.channel(ref)
    if comes_back(channel, gateway):
        raise Conflict(f"Channel {channel.name} appears by itself at every start; disable it instead.")
    await gateway.registry.delete_channel(channel.id)
    return {"id": channel.id, "name": channel.name, "deleted": True}


def comes_back(channel: Channel, gateway: Gateway) -> bool:
    """Whether the next start would make the channel again."""
    if channel.origin == "env":
        return bool(gateway.environ.get(PROVIDERS[channel.provider].env or "", "").strip())
    return channel.origin == "builtin"


channels_router = Router(
    "/channels",
    route_handlers=[
        list_channels,
        create_channel,
        list_upstream,
        list_offered,
        show_channel,
        edit_channel,
        enable_channel,
        disable_channel,
        test_channel,
        delete_channel,
    ],
)
