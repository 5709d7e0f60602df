"""Bodies that make and change channels.

A field of `ChannelInput` that a `Channel` has under the same name needs no other line here: a POST sets it, and a PATCH
that has it. Of one that is an object itself, like `clocks`, a PATCH changes the fields that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from aihub_lite.domain.channel import Channel, ChannelKey, Clocks, Offer, keys_of, relisted
from aihub_lite.domain.overrides import Overrides
from aihub_lite.domain.patterns import STAR, known_offers
from aihub_lite.domain.validation import checked_base_url
from aihub_lite.domain.way_out import WayOut
from aihub_lite.errors import GatewayError, InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.upkeep.model_lists import list_offers
from aihub_lite.gateway.upkeep.model_refresh import pointed_at
from aihub_lite.upstream import bedrock
from aihub_lite.upstream.cloud_accounts import credential_refs, moved, vertex_base_url
from aihub_lite.upstream.providers import PROVIDERS, Provider
from aihub_lite.web.admin.bodies import read_object, structure
from aihub_lite.web.limits import LIMITS, LimitsInput
from aihub_lite.web.overrides import OVERRIDES, OverridesInput, overrides_of
from aihub_lite.web.way_out import WAY, WayInput, way_out_of


@attrs.frozen(kw_only=True)
class ChannelInput(LimitsInput, OverridesInput, WayInput):
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
    cost: str = "auto"
    learn: str = "on"
    project: str = ""
    """Of Vertex AI, with the region, in place of a base URL."""
    region: str = ""


PLACE = frozenset({"project", "region"})
WORKED_OUT = frozenset({"name", "provider", "base_url", "keys", "models"}) | PLACE | LIMITS | OVERRIDES | WAY
"""Fields that a new channel does not have as they stand in the body, or not from it alone."""
SETTINGS = tuple(field.name for field in attrs.fields(ChannelInput) if field.name not in WORKED_OUT)
"""The other ones."""


def key_limits(body: bytes) -> Callable[[ChannelKey], ChannelKey]:
    """The change of a key's own limits that a body asks for; raises InvalidRequest."""
    fields = read_object(body)
    request = structure(fields, LimitsInput)
    return lambda key: attrs.evolve(key, limits=request.over(key.limits, fields))


@attrs.frozen
class ChannelFields:
    """A body's own fields, of which `request` has those that were left out as well, with their defaults."""

    given: frozenset[str]
    parts: Mapping[str, frozenset[str]]
    """Of each field that is an object itself: the names that the body has in it."""
    request: ChannelInput

    def on(self, channel: Channel, changed: Mapping[str, Any]) -> Channel:
        """The channel with what was worked out, and of objects only what the body names."""
        merged = {}
        for name, inner in self.parts.items():
            asked = getattr(self.request, name)
            merged[name] = attrs.evolve(getattr(channel, name), **{field: getattr(asked, field) for field in inner})
        return attrs.evolve(channel, **{**changed, **merged})


def read_channel(body: bytes) -> ChannelFields:
    """The fields of a body; `type` stands for `provider`. Raises InvalidRequest."""
    fields = read_object(body)
    if "type" in fields:
        fields["provider"] = fields.pop("type")
    request = structure(fields, ChannelInput)
    parts = {name: frozenset(value) for name, value in fields.items() if isinstance(value, dict)}
    return ChannelFields(frozenset(fields), parts, request)


def provider_named(name: str) -> Provider:
    """The provider of that name; raises InvalidRequest."""
    if name not in PROVIDERS:
        raise InvalidRequest(f"provider: {name[:64]!r} is not one of {', '.join(PROVIDERS)}")
    return PROVIDERS[name]


def offers_from(models: tuple[str, ...]) -> tuple[Offer, ...]:
    """`a` is offered under its upstream id, `b=upstream-b` under another."""
    return tuple(_offer(text) for text in models)


def _offer(text: str) -> Offer:
    model, equals, upstream = text.partition("=")
    if not equals:
        upstream = model
    return Offer(model.strip(), upstream.strip())


def address_for(request: ChannelInput, provider: Provider, keys: tuple[ChannelKey, ...], gateway: Gateway) -> str:
    """Where a new channel's upstream answers; raises InvalidRequest."""
    if provider.cloud == "bedrock" and request.region and not request.project:
        if request.base_url:
            raise InvalidRequest("region: say either a region or a base URL")
        return bedrock.base_url_of(request.region)
    if request.base_url or provider.cloud != "vertex":
        if request.project or request.region:
            raise InvalidRequest("project: only channels of Vertex AI have a project and a region, or a base URL")
        return base_url_for(request.base_url, provider, gateway)
    return vertex_base_url(provider, request.project, request.region, keys)


def base_url_for(given: str, provider: Provider, gateway: Gateway) -> str:
    """A channel's address: what its body gives, else the provider's own; raises InvalidRequest."""
    address = provider.base_url_of(given.strip()) or provider.address(gateway.environ)
    if not address:
        way = "give it"
        if provider.places:
            way = f"give it, or set {', '.join(provider.places)}"
        raise InvalidRequest(f"base_url: each account of {provider.title} has an address of its own: {way}")
    return checked_base_url(address, versioned=provider.azure)


def key_refs(request: ChannelInput, provider: Provider, gateway: Gateway) -> tuple[str, ...]:
    """The keys of the body, else the provider's variable: but its key never goes to another base URL by itself."""
    if request.keys or provider.env is None or request.base_url:
        return credential_refs(request.keys, provider)
    ref = provider.key_ref(gateway.environ)
    if not ref:
        if provider.access is not None and provider.access != "entra":
            return credential_refs((), provider)
        raise InvalidRequest(f"keys: {provider.title} needs a key: give one, or set {provider.env}")
    return (ref,)


async def offers_for(
    gateway: Gateway,
    request: ChannelInput,
    provider: str,
    base_url: str,
    keys: tuple[ChannelKey, ...],
    overrides: Overrides | None,
    way_out: WayOut | None,
) -> dict[str, Any]:
    """The fields of a Channel that say what it offers: the models of the body, else the upstream's own list.

    Raises UpstreamBroken when that cannot be read. Patterns do without: what fits them is then not known by name.
    """
    named = offers_from(request.models)
    exact = tuple(offer for offer in named if STAR not in offer.model)
    patterns = tuple(offer for offer in named if STAR in offer.model)
    listed: tuple[Offer, ...] = ()
    if patterns or not named:
        transport = gateway.transport.by(way_out)
        try:
            listed = await list_offers(transport, gateway.environ, provider_named(provider), base_url, keys, overrides)
        except GatewayError:
            if not patterns:
                raise
    known = known_offers(patterns, exact, listed)
    return {"offers": (*exact, *known) if named else listed, "patterns": patterns, "discovered": not named}


async def changes(gateway: Gateway, channel: Channel, fields: ChannelFields) -> dict[str, Any]:
    """The fields of a Channel that a PATCH sets, objects whole; an empty list of models is read from the upstream."""
    request = fields.request
    others = {"keys", "models"} | PLACE | LIMITS | OVERRIDES | WAY
    changed = {name: getattr(request, name) for name in fields.given - others}
    changed["limits"] = request.over(channel.limits, fields.given)
    changed["overrides"] = overrides_of(fields.given, request, channel.overrides)
    provider = provider_named(changed.get("provider", channel.provider))
    if not fields.given.isdisjoint({"base_url", "provider"}):
        given = changed.get("base_url", channel.base_url)
        changed["base_url"] = base_url_for(given, provider, gateway)
    if fields.given & PLACE:
        base_url = changed.get("base_url", channel.base_url)
        changed["base_url"] = moved(provider, base_url, request.project, request.region)
    if "keys" in fields.given:
        changed["keys"] = keys_of(
            credential_refs(request.keys, provider), channel.keys, gateway.registry.channels.last_keys[channel.id]
        )
    base_url = changed.get("base_url", channel.base_url)
    changed["way_out"] = way_out_of(gateway, fields.given, request, base_url, channel.way_out)
    if "models" in fields.given:
        # The list is read as the channel will be: its address and keys may change in the same body.
        after = fields.on(channel, changed)
        changed |= await offers_for(
            gateway, request, after.provider, after.base_url, after.keys, after.overrides, after.way_out
        )
        if changed["discovered"] and channel.discovered and after.base_url == channel.base_url:
            stays = pointed_at(gateway.registry)
            changed["offers"], _ = relisted(channel.offers, changed["offers"], stays, int(gateway.clock.wall()))
    return changed
