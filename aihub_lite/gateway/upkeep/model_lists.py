"""The models of a channel from its upstream's own list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aihub_lite.domain.channel import ENTRA, ChannelKey, Offer
from aihub_lite.domain.overrides import Overrides
from aihub_lite.domain.validation import checked_base_url
from aihub_lite.errors import InvalidRequest, UpstreamBroken
from aihub_lite.upstream.credentials import flaw_of, resolved_headers, secret_of
from aihub_lite.upstream.discovery import DiscoveryFailed, listed_models
from aihub_lite.upstream.providers import Provider
from aihub_lite.upstream.transport import Transport

MAX_ID = 200
"""Characters. What is longer, or has blanks, is no id: the rest of such a list is still of use."""


async def list_offers(
    transport: Transport,
    environ: Mapping[str, str],
    provider: Provider,
    base_url: str,
    keys: Iterable[ChannelKey],
    overrides: Overrides | None = None,
) -> tuple[Offer, ...]:
    """Each model under its upstream id, with what the list says of it. The headers of `overrides` go along.

    Raises UpstreamBroken, or InvalidRequest when no key can be used.
    """
    secret = usable_key(keys, provider, environ)
    headers = resolved_headers(overrides, environ)
    try:
        address = checked_base_url(base_url, versioned=provider.azure)
        models = await listed_models(transport, provider, address, secret, more=headers)
    except DiscoveryFailed as failed:
        raise UpstreamBroken(f"{failed}. Name the models to do without the list.") from None
    offers = tuple(Offer(model, model, facts) for model, facts in models.items() if _is_id(model))
    if not offers:
        raise UpstreamBroken("The upstream lists no models. Name them to do without the list.")
    return offers


def usable_key(keys: Iterable[ChannelKey], provider: Provider, environ: Mapping[str, str]) -> str | None:
    """The first that can be used, None where none is needed; raises InvalidRequest when none of several can."""
    keys = tuple(keys)
    enabled = [key for key in keys if not key.refused]
    # An account out of money still lists its models, but one that works says more.
    enabled.sort(key=lambda key: bool(key.disabled))
    secrets = [secret for key in enabled if (secret := secret_of(key, provider, environ))]
    if keys and not enabled:
        raise InvalidRequest("keys: every key is disabled")
    if enabled and not secrets:
        for key in enabled:
            if (flaw := flaw_of(key, provider, environ)) and ENTRA in flaw:
                raise InvalidRequest(f"keys: {flaw}")
        unset = ", ".join(sorted({key.env for key in enabled if key.env}))
        raise InvalidRequest(f"keys: {unset} is not set in the gateway's environment")
    if not secrets:
        return None
    return secrets[0]


def offers_of(models: Iterable[str]) -> tuple[Offer, ...]:
    """Offers under the upstream's own ids; what cannot be an id is left out."""
    return tuple(Offer(model, model) for model in models if _is_id(model))


def _is_id(model: str) -> bool:
    return len(model) <= MAX_ID and model.isascii() and model.isprintable() and " " not in model
