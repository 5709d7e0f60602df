"""Applications at Microsoft Entra, whose credentials channels at Azure may have in place of a key.

Written as `entra:TENANT/CLIENT/SECRET`, or `entra:https://AUTHORITY/TENANT/CLIENT/SECRET` for a cloud of another
authority. Each part may be `env:NAME`, which is looked up at use.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

from aihub_lite.domain.channel import ENTRA

ENV = "env:"
AUTHORITY = "https://login.microsoftonline.com"
OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@attrs.frozen
class EntraApplication:
    """Who asks for tokens."""

    authority: str
    """Without a slash at its end."""
    tenant: str
    client_id: str
    secret: str = attrs.field(repr=False)


def entra_application(credential: str) -> EntraApplication | None:
    """The application of a credential; None for what is none."""
    if not credential.startswith(ENTRA):
        return None
    authority, _, rest = _authority_and_rest(credential.removeprefix(ENTRA))
    parts = rest.split("/", 2)
    if len(parts) != 3 or not all(parts) or not _is_safe(authority):
        return None
    return EntraApplication(authority, *parts)


def resolved_entra(credential: str, environ: Mapping[str, str]) -> str:
    """A credential with what its variables hold; empty where one is unset."""
    application = entra_application(credential)
    if application is None:
        return ""
    named = (application.tenant, application.client_id, application.secret)
    parts = [_looked_up(part, environ) for part in named]
    if not all(parts):
        return ""
    return f"{ENTRA}{application.authority}/{'/'.join(parts)}"


def _authority_and_rest(text: str) -> tuple[str, str, str]:
    for scheme in ("https://", "http://"):
        if text.startswith(scheme):
            host, slash, rest = text.removeprefix(scheme).partition("/")
            return scheme + host, slash, rest
    return AUTHORITY, "/", text


def _is_safe(authority: str) -> bool:
    """Whether a secret may be sent there: encrypted, or within this machine."""
    try:
        url = urlsplit(authority)
        host = url.hostname
    except ValueError:
        return False
    if not host or "@" in url.netloc or "?" in authority or "#" in authority:
        return False
    return url.scheme == "https" or host in OWN_MACHINE


def _looked_up(part: str, environ: Mapping[str, str]) -> str:
    if part.startswith(ENV):
        return environ.get(part.removeprefix(ENV), "").strip()
    return part
