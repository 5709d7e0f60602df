"""Keys at the moment of their use: `env:NAME` is looked up each time, and the key is copied nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.domain.channel import ENTRA, ChannelKey, Secret
from aihub_lite.domain.overrides import Header, Overrides, is_header_value
from aihub_lite.upstream.access.application import resolved_entra
from aihub_lite.upstream.providers import Provider

ENV = "env:"
Headers = tuple[tuple[bytes, bytes], ...]


def resolve(ref: Secret, environ: Mapping[str, str]) -> str | None:
    """The key behind a channel's `ref`, without surrounding blanks; None when it is empty or the variable is unset."""
    value = ref.value
    if value.startswith(ENV):
        value = environ.get(value.removeprefix(ENV), "")
    value = value.strip()
    if value.startswith(ENTRA):
        value = resolved_entra(value, environ)
    return value or None


def secret_of(key: ChannelKey, provider: Provider, environ: Mapping[str, str]) -> str | None:
    """A channel's key as it may be sent to its provider; None where there is none, as `flaw_of` says."""
    secret = resolve(key.ref, environ)
    if secret is None or (secret.startswith(ENTRA) and not provider.exchanges(secret)):
        return None
    return secret


def flaw_of(key: ChannelKey, provider: Provider, environ: Mapping[str, str]) -> str:
    """Why there is no key in a variable that is to hold one; empty where there is."""
    if not key.env or secret_of(key, provider, environ):
        return ""
    if environ.get(key.env, "").strip().startswith(ENTRA):
        if provider.access != "entra":
            return f"{key.env} holds entra:…, which is for channels of type azure"
        return f"{key.env} holds entra:… without TENANT/CLIENT/SECRET, or with a variable that is not set"
    return f"{key.env} is not set"


def header_value(header: Header, environ: Mapping[str, str]) -> str | None:
    """What a channel's header says; None where its variable is unset, or holds what no header can."""
    value = resolve(header.value, environ)
    if value is None or not is_header_value(value):
        return None
    return value


def headers_unset(overrides: Overrides | None, environ: Mapping[str, str]) -> list[str]:
    """Variables that a channel's headers need and that hold nothing of use: without them it is not asked."""
    if overrides is None:
        return []
    return [header.env or header.name for header in overrides.headers if header_value(header, environ) is None]


def resolved_headers(overrides: Overrides | None, environ: Mapping[str, str]) -> Headers:
    """A channel's own headers, their names in small letters, without those that are unset."""
    if overrides is None:
        return ()
    values = ((header.name.encode(), header_value(header, environ)) for header in overrides.headers)
    return tuple((name, value.encode()) for name, value in values if value is not None)
