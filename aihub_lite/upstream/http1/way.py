"""The way that a connection takes: through a proxy or not, whom it trusts, from which of our addresses."""

from __future__ import annotations

import ssl
from base64 import b64encode
from typing import Literal

import attrs

Scheme = Literal["http", "https", "socks5", "socks5h"]
"""How a proxy is spoken to. `socks5`: names are looked up here; `socks5h`: by the proxy."""
SOCKS = frozenset({"socks5", "socks5h"})


@attrs.frozen(eq=False)
class Proxy:
    """Who stands between; a user name is empty where none is asked for."""

    scheme: Scheme
    host: str
    """A name in ASCII or an address without brackets."""
    port: int
    user: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)

    @property
    def socks(self) -> bool:
        """Whether it knows nothing of HTTP."""
        return self.scheme in SOCKS

    @property
    def credentials(self) -> bytes:
        """The value of `proxy-authorization` (RFC 7617); empty where there is no user name."""
        if not self.user:
            return b""
        return b"Basic " + b64encode(f"{self.user}:{self.password}".encode())


@attrs.frozen(eq=False)
class Way:
    """One way, the same object for all that share it: connections are kept by it, compared by identity."""

    proxy: Proxy | None = None
    context: ssl.SSLContext | None = None
    """Whom the upstream's certificate is trusted by, and what certificate we show; None: the dialer's own."""
    proxy_context: ssl.SSLContext | None = None
    """The same towards a proxy that is spoken to over TLS: our certificate is none of its business."""
    bind: str = ""
    """An address of this machine that connections come from; empty: the system chooses."""

    def forwards(self, scheme: str) -> bool:
        """Whether the proxy reads the requests themselves: those that are not encrypted to an upstream of HTTP's."""
        return self.proxy is not None and not self.proxy.socks and scheme == "http"

    def told(self, url: str) -> tuple[str, ...]:
        """What the proxy reads of our credentials with a request for this URL: a page of its own may repeat them."""
        if self.proxy is None or not self.proxy.user or not self.forwards(url.partition(":")[0].lower()):
            return ()
        return self.proxy.credentials.decode().removeprefix("Basic "), self.proxy.password or self.proxy.user


DIRECT = Way()
"""Straight to the upstream, as the system would."""
