"""What may be said of the way to a channel's upstream: its proxy, whom it trusts, from which of our addresses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, unquote, urlsplit

import attrs

from aihub_lite.domain.addresses import address_of
from aihub_lite.domain.overrides import Secret
from aihub_lite.errors import InvalidRequest

ProxyScheme = Literal["http", "https", "socks5", "socks5h"]
SCHEMES: tuple[str, ...] = get_args(ProxyScheme)
PORTS: Mapping[str, int] = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
ENV = "env"
"""The proxy that the environment names, if any: the same as nothing."""
DIRECT = "direct"
MASK = "***"
LONGEST = 255
"""Bytes of a user name or password that SOCKS5 can say (RFC 1929, 2)."""
PROXY_FORMS = "must be http://, https://, socks5:// or socks5h:// with a host, or env, direct or env:NAME"


@attrs.frozen
class ProxyAddress:
    """What a proxy's URL says."""

    scheme: ProxyScheme
    host: str
    port: int
    user: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class WayOut:
    """What an operator said of the way to one channel's upstream; each part is empty where he said nothing."""

    proxy: Secret = Secret("")
    """A URL, `direct`, `env:NAME` (a variable that holds a URL), or nothing: as the environment says."""
    ca: str = ""
    """A PEM file of authorities that are trusted beside the usual ones."""
    client_cert: str = ""
    """A PEM file of a certificate and its key, shown to an upstream that asks for one."""
    bind: str = ""
    """An address of this machine that connections come from."""


def proxy_address(text: str) -> ProxyAddress:
    """Raises InvalidRequest, without the text: it may hold a password."""
    try:
        url = urlsplit(text)
        port = url.port
        user = unquote(url.username or "", errors="strict")
        password = unquote(url.password or "", errors="strict")
    except ValueError:
        raise InvalidRequest("proxy: is not a URL") from None
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise InvalidRequest("proxy: must be visible ASCII characters; others are percent-encoded")
    if url.scheme not in SCHEMES or not url.hostname or port == 0:
        raise InvalidRequest(f"proxy: {PROXY_FORMS}")
    if url.path not in ("", "/") or "?" in text or "#" in text:
        raise InvalidRequest("proxy: must hold no path, query or fragment; in a password they are percent-encoded")
    _check_credentials(url.scheme, user, password)
    return ProxyAddress(cast("ProxyScheme", url.scheme), url.hostname, port or PORTS[url.scheme], user, password)


def _check_credentials(scheme: str, user: str, password: str) -> None:
    if MASK in (user, password):
        raise InvalidRequest("proxy: write its user name and password anew: they are not shown")
    if password and not user:
        raise InvalidRequest("proxy: a password needs a user name")
    if scheme.startswith("http"):
        if ":" in user:
            raise InvalidRequest("proxy: a user name must hold no colon")
        return
    if user and not password:
        raise InvalidRequest("proxy: socks5 takes no user name without a password")
    if max(len(user), len(password)) > LONGEST or not (user + password).isascii():
        raise InvalidRequest(f"proxy: socks5 takes at most {LONGEST} ASCII characters of each")


def shown_proxy(text: str) -> str:
    """A proxy as it may be shown: whoever has credentials in it sees that there are some, and no more."""
    if not text or text == DIRECT or text.startswith(f"{ENV}:"):
        return text or ENV
    url = urlsplit(text)
    return f"{url.scheme}://{_shown_place(url)}"


def _shown_place(url: SplitResult) -> str:
    credentials, at, place = url.netloc.rpartition("@")
    if credentials or at:
        return f"{MASK}@{place}"
    return place


def checked_way_out(way: WayOut | None) -> WayOut | None:
    """The way with each part in its one written form, None for one of which nothing is said; raises InvalidRequest."""
    if way is None:
        return None
    checked = WayOut(
        proxy=Secret(_checked_proxy(way.proxy.value.strip())),
        ca=_checked_file("ca", way.ca),
        client_cert=_checked_file("client_cert", way.client_cert),
        bind=_checked_bind(way.bind.strip()),
    )
    if checked == WayOut():
        return None
    return checked


def _checked_proxy(text: str) -> str:
    if text in ("", ENV):
        return ""
    if text == DIRECT:
        return text
    if text.startswith(f"{ENV}:"):
        if not text.removeprefix(f"{ENV}:").isidentifier():
            raise InvalidRequest("proxy: env: must be followed by the name of an environment variable")
        return text
    proxy_address(text)
    return text.rstrip("/")


def _checked_file(field: str, path: str) -> str:
    if path and (not path.isprintable() or not PurePath(path).is_absolute()):
        raise InvalidRequest(f"{field}: must be the absolute path of a file on the gateway's machine")
    return path


def _checked_bind(text: str) -> str:
    if not text:
        return ""
    try:
        return str(address_of(text))
    except ValueError:
        raise InvalidRequest("bind: must be an address of the gateway's machine, like 192.0.2.7") from None
