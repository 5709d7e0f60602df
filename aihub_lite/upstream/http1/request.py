"""A request as it goes on the wire: where to, its head, and what is known of its body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from typing import NamedTuple, Protocol

import attrs

from aihub_lite.upstream.http1.faults import Unsendable
from aihub_lite.upstream.http1.way import DIRECT, Way

PORTS = {"http": 80, "https": 443}
FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})
"""Fields that only this room writes: whoever could write one could end a request where it does not end."""
BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Methods whose requests say nothing of a length where they have no body (RFC 9110, 8.6)."""
FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*")
"""A field line (RFC 9110, 5.5): no control character, so no line break that would begin another field."""
PLAIN = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?"
    r"((?:/(?!\.{1,2}(?:[/?]|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]*)*)"
    r"(\?[A-Za-z0-9._~!$&()*+,;=:@/-]*)?"
)
"""A URL that goes out as it is written: nothing in it has to be encoded, resolved or spelt otherwise."""
DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
URLS = 1024
"""URLs whose parts are remembered: a few for each model of each channel."""


class Origin(NamedTuple):
    """Whom a connection leads to, and how; a connection is used again for the same origin only."""

    scheme: str
    host: str
    """A name in ASCII (IDNA) or an address without brackets."""
    port: int
    way: Way = DIRECT


class Target(NamedTuple):
    """What a request line and `host` are made of."""

    origin: Origin
    path: bytes
    """With the query; percent-encoded. Behind the whole URL's beginning where a proxy reads it (RFC 9112, 3.2.2)."""
    host: bytes


@attrs.define(eq=False)
class Parcel:
    """Whether a request has left whole, down to its body's last byte: from then on its upstream may bill it."""

    sent: bool = False
    on_sent: Callable[[], None] | None = None
    """Called as soon as it has."""
    connecting: float = 0.0
    """Seconds that it waited for a connection; 0 where one was open already."""

    def leave(self) -> None:
        """Nothing of the request is left here."""
        self.sent = True
        if self.on_sent is not None:
            self.on_sent()


class Pieces(Protocol):
    """A request's body in small pieces, whose length together is known. It can be iterated again, to be sent again."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


Body = bytes | Pieces


@lru_cache(maxsize=URLS)
def target_of(url: str, way: Way = DIRECT) -> Target:
    """Raises Unsendable for what is no URL of HTTP's."""
    parts = plain_parts(url) or any_parts(url)
    origin = Origin(parts.scheme, parts.host, parts.port, way)
    path = parts.path
    if way.forwards(parts.scheme):
        path = b"http://" + parts.netloc + path
    return Target(origin, path, parts.netloc)


class Parts(NamedTuple):
    """What is needed of a URL, ready to be sent."""

    scheme: str
    host: str
    port: int
    path: bytes
    """With the query."""
    netloc: bytes
    """As `host` has it: without the port that the scheme stands for."""


def plain_parts(url: str) -> Parts | None:
    """Nearly every URL's; None where more has to be looked at."""
    plain = PLAIN.fullmatch(url)
    if plain is None:
        return None
    scheme, host, port, path, query = plain.groups(default="")
    if DIGITS_AND_DOTS.fullmatch(host):
        try:
            IPv4Address(host)
        except AddressValueError:
            return None
    number = int(port or PORTS[scheme])
    netloc = host
    if number != PORTS[scheme]:
        netloc = f"{host}:{number}"
    if number >= 2**16:
        return None
    return Parts(scheme, host, number, ((path or "/") + query).encode(), netloc.encode())


def any_parts(url: str) -> Parts:
    """Names beyond ASCII, blanks, dots that lead upwards, addresses of IPv6; raises as `target_of` does."""
    # Imported only here: it takes as long as a tenth of a start, and no usual URL needs it.
    import httpx  # noqa: PLC0415

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Unsendable("the URL of the channel is not valid") from error
    port = parsed.port
    if port is None:
        port = PORTS.get(parsed.scheme, 0)
    if parsed.scheme not in PORTS or not parsed.raw_host or not 0 < port < 2**16:
        raise Unsendable("the URL of the channel is not valid")
    return Parts(parsed.scheme, parsed.raw_host.decode("ascii"), port, parsed.raw_path, parsed.netloc)


def head_of(method: str, target: Target, fields: Mapping[bytes, bytes], length: int | None) -> bytes:
    """Request line and fields, with the empty line that ends them. Raises Unsendable for a field that HTTP forbids.

    `fields` by names in lower case; `length`: bytes of the body, None where there is none.
    """
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target.path), b"host: " + target.host]
    for name, value in fields.items():
        line = name + b": " + value
        if name in FRAMING or not FIELD.fullmatch(line):
            raise Unsendable("a header of the channel is not valid")
        lines.append(line)
    if length is not None:
        lines.append(b"content-length: %d" % length)
    elif method not in BODILESS:
        lines.append(b"content-length: 0")
    return b"\r\n".join([*lines, b"\r\n"])
