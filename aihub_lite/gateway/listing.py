"""The models of a channel from its upstream's own list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aihub_lite.domain.channel import ChannelKey, Offer
from aihub_lite.domain.rules import checked_base_url
from aihub_lite.errors import InvalidRequest, UpstreamBroken
from aihub_lite.upstream.credentials import resolve
from aihub_lite.upstream.discovery import DiscoveryFailed, list_models
from aihub_lite.upstream.providers import Provider
from aihub_lite.upstream.transport import Transport

MAX_ID = 200
"""Longer ids, or ones with blanks, are no ids: the rest of such a list is still of use."""


async def list_offers(
    transport: Transport, environ: Mapping[str, str], provider: Provider, base_url: str, keys: Iterable[ChannelKey]
) -> tuple[Offer, ...]:
    """Each model under its upstream id. Raises UpstreamBroken, or InvalidRequest when no key can be used."""
    secret = usable_key(keys, environ)
    try:
        models = await list_models(transport, provider, checked_base_url(base_url), secret)
    except DiscoveryFailed as failed:
        raise UpstreamBroken(f"{failed}. Name the models to do without the list.") from None
    offers = offers_of(models)
    if not offers:
        raise UpstreamBroken("The upstream lists no models. Name them to do without the list.")
    return offers


def usable_key(keys: Iterable[ChannelKey], environ: Mapping[str, str]) -> str | None:
    """The first that can be used, None where none is needed; raises InvalidRequest when none of several can."""
    keys = tuple(keys)
    enabled = [key for key in keys if not key.disabled]
    secrets = [secret for key in enabled if (secret := resolve(key.ref, environ))]
    if keys and not enabled:
        raise InvalidRequest("keys: every key is disabled")
    if enabled and not secrets:
        unset = ", ".join(sorted({key.env for key in enabled if key.env}))
        raise InvalidRequest(f"keys: {unset} is not set in the gateway's environment")
    return secrets[0] if secrets else None


def offers_of(models: Iterable[str]) -> tuple[Offer, ...]:
    """Offers for listed ids."""
    sane = (model for model in models if len(model) <= MAX_ID and model.isascii() and model.isprintable())
    return tuple(Offer(model, model) for model in sane if " " not in model)
