"""Which way a request takes: what its channel says of it, else what the environment says of proxies.

`https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in small letters or large (small ones win, as with curl), are
honoured for channels that say nothing of a proxy; never for this machine and private networks, by the name or address
as it is written. A proxy that a channel names counts for whatever its upstream is.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import certifi

from aihub_lite.domain.addresses import Network, is_private_host, network_of
from aihub_lite.domain.way_out import DIRECT, ENV, WayOut, proxy_address, shown_proxy
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.http1.faults import ConnectFailed
from aihub_lite.upstream.http1.request import PORTS
from aihub_lite.upstream.http1.tls_sessions import session_context
from aihub_lite.upstream.http1.way import DIRECT as STRAIGHT
from aihub_lite.upstream.http1.way import Proxy, Way

VARIABLES = ("https_proxy", "http_proxy", "all_proxy")
NO_PROXY = "no_proxy"
MOST = 1024
"""Choices and ways that are remembered; there are a few for each channel."""
NOTHING_SAID = WayOut()
Stamp = tuple[str, int]
"""A file, and when it was written, in nanoseconds: one that is renewed is read again."""


@attrs.frozen
class Choice:
    """Whether there is a proxy on the way, and who says so."""

    proxy: str = attrs.field(default="", repr=False)
    """Its URL; empty: none."""
    source: str = ""
    """The variable that names it, or exempts the upstream; or why there is none. Empty where the channel says it."""


@attrs.define(eq=False)
class Ways:
    """The way of each channel; the same object for all that are alike, so that connections are shared."""

    environ: Mapping[str, str]
    environment: bool = attrs.field(init=False)
    """Whether the environment names any proxy: where it does not, most requests need not look further."""
    _choices: dict[tuple[str, str], Choice] = attrs.field(factory=dict, init=False, repr=False)
    _ways: dict[tuple[str, Stamp, Stamp, str], Way] = attrs.field(factory=dict, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.environment = any(_variable(self.environ, name)[1] for name in VARIABLES)

    def find(self, way_out: WayOut | None, url: str) -> Way:
        """The way for one request; raises ConnectFailed where it cannot be gone."""
        said = way_out or NOTHING_SAID
        proxy = self._choice(said, url).proxy
        if not proxy and said.ca == said.client_cert == said.bind == "":
            return STRAIGHT
        key = (proxy, _stamp("ca", said.ca), _stamp("client_cert", said.client_cert), said.bind)
        way = self._ways.get(key)
        if way is None:
            if len(self._ways) >= MOST:
                self._ways.clear()
            way = self._ways[key] = _made(proxy, said)
        return way

    def check(self, way_out: WayOut | None, url: str) -> None:
        """Raises InvalidRequest where the files that are named cannot be used, or a proxy's variable holds no proxy."""
        try:
            self.find(way_out, url)
        except ConnectFailed as failed:
            raise InvalidRequest(str(failed)) from None

    def text(self, way_out: WayOut | None, url: str) -> str:
        """The way in words, without its secrets; raises ConnectFailed."""
        said = way_out or NOTHING_SAID
        choice = self._choice(said, url)
        words = DIRECT
        if choice.proxy:
            words = f"through {shown_proxy(choice.proxy)}"
        if choice.source:
            words += f" ({choice.source})"
        if said.bind:
            words += f", from {said.bind}"
        if said.ca:
            words += f", trusting {said.ca} too"
        if said.client_cert:
            words += f", showing {said.client_cert}"
        return words

    def _choice(self, said: WayOut, url: str) -> Choice:
        key = (said.proxy.value, url)
        choice = self._choices.get(key)
        if choice is None:
            if len(self._choices) >= MOST:
                self._choices.clear()
            choice = self._choices[key] = chosen(said.proxy.value, url, self.environ)
        return choice


def _made(proxy: str, said: WayOut) -> Way:
    context = proxy_context = None
    if said.ca:
        context = proxy_context = _trusting(said.ca)
    if said.client_cert:
        context = _trusting(said.ca)
        _show(context, said.client_cert)
    address = None
    if proxy:
        parts = proxy_address(proxy)
        address = Proxy(parts.scheme, parts.host, parts.port, parts.user, parts.password)
    return Way(address, context, proxy_context, said.bind)


def _trusting(ca: str) -> ssl.SSLContext:
    """Trusts the usual authorities, and those in a file, if there is one."""
    context = tls_context()
    if ca:
        try:
            context.load_verify_locations(ca)
        except (OSError, ValueError):
            raise ConnectFailed("ca: the file cannot be read as certificates in PEM") from None
    return context


def chosen(proxy: str, url: str, environ: Mapping[str, str]) -> Choice:
    """The proxy for a URL, of what a channel says of it and the environment; raises ConnectFailed."""
    if proxy == DIRECT:
        return Choice()
    if proxy.startswith(f"{ENV}:"):
        name = proxy.removeprefix(f"{ENV}:")
        return Choice(_usable(environ.get(name, "").strip(), name), name)
    if proxy:
        return Choice(proxy)
    return _of_environment(url, environ)


def _of_environment(url: str, environ: Mapping[str, str]) -> Choice:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        variable, text = _variable(environ, name)
        if text:
            break
    else:
        return Choice()
    if is_private_host(host):
        return Choice(source="a private address")
    exempting, exempt = _variable(environ, NO_PROXY)
    if any(_fits(entry, host, parts.port or PORTS.get(parts.scheme, 0)) for entry in _entries(exempt)):
        return Choice(source=exempting)
    if "://" not in text:
        text = f"http://{text}"
    return Choice(_usable(text, variable), variable)


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """The variable's name as it is written, and its text."""
    for written in (name, name.upper()):
        if text := environ.get(written, "").strip():
            return written, text
    return name, ""


def _usable(text: str, variable: str) -> str:
    if not text:
        raise ConnectFailed(f"proxy: {variable} is not set")
    try:
        proxy_address(text)
    except InvalidRequest as refusal:
        raise ConnectFailed(f"proxy: {variable} {refusal.message.partition(': ')[2]}") from None
    return text


def _entries(text: str) -> Iterator[str]:
    """The entries of `no_proxy`, which commas or blanks part."""
    return (entry for entry in text.lower().replace(",", " ").split() if entry)


def _fits(entry: str, host: str, port: int) -> bool:
    """Whether an entry exempts a host: `*`, a domain with all below it, an address, a network; any with a port."""
    if entry == "*":
        return True
    if (network := _network(entry.strip("[]"))) is not None:
        address = _network(host)
        return address is not None and address.network_address in network
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdigit():
        return int(digits) == port and _fits(name, host, port)
    domain = entry.removeprefix("*").strip(".")
    if not domain or _network(host) is not None:
        return False
    return host == domain or host.endswith(f".{domain}")


def _network(text: str) -> Network | None:
    """None for a name."""
    try:
        return network_of(text)
    except ValueError:
        return None


def _stamp(field: str, path: str) -> Stamp:
    if not path:
        return "", 0
    try:
        return path, Path(path).stat().st_mtime_ns
    except OSError:
        raise ConnectFailed(f"{field}: there is no such file, or it may not be read") from None


def _show(context: ssl.SSLContext, path: str) -> None:
    """Have our certificate shown to whoever asks for one."""
    try:
        # An empty password: for a key that has one, OpenSSL would ask at the terminal.
        context.load_cert_chain(path, password="")
    except (OSError, ValueError):
        raise ConnectFailed("client_cert: the file must hold a certificate and its unencrypted key in PEM") from None


def tls_context() -> ssl.SSLContext:
    """Trusts certifi's authorities and the system's, so that a company's own one works as it does elsewhere."""
    context = session_context()
    context.load_verify_locations(certifi.where())
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context
