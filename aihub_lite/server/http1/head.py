"""A request's head: read by llhttp, and refused where that is milder than RFC 9112.

By its defaults llhttp refuses bare CR and LF, folded lines, blanks before a colon, control characters, names that are
none, two lengths, a length beside a coding, and codings in which `chunked` is not last. Here are the rest: more than
one blank in the first line, RTSP and ICE, blanks behind a value, other codings, hosts, and forms of an address that
only a proxy is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import attrs
import httptools

from aihub_lite.errors import (
    CodingNotSupported,
    GatewayError,
    HeadersTooLarge,
    InvalidRequest,
    MethodNotAllowed,
    VersionNotSupported,
)

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
"""RFC 9110 5.6.2: methods, and names of fields."""
FIRST_LINE = re.compile(rb"(" + TOKEN + rb") [!-~]+ HTTP/(\d)\.\d\r\n")
"""RFC 9112 3: method, address, version."""
HOST = re.compile(rb"(?:\[[!$%&'()*+,\-.0-9:;=A-Z_a-z~]+\]|[!$%&'()*+,\-.0-9;=A-Z_a-z~]*)(?::[0-9]*)?")
"""RFC 9110 7.2: a name or an address, the latter of IPv6 in brackets, and perhaps a port."""
MAJOR = b"1"
BLANKS = b" \t"
MOST_FIELDS = 256
"""Fields of a head: Apache has 100; each is looked at several times."""
NO_PROXY = "This is no proxy: the address of a request is its path."

Fields = list[tuple[bytes, bytes]]


@attrs.define(eq=False)
class Head:
    """One request's head; `on_url` and `on_header` are what llhttp calls."""

    method: bytes = b""
    target: bytes = b""
    version: str = "1.1"
    """As the client says: a higher minor version is read as the highest that is known (RFC 9110 2.5)."""
    fields: Fields = attrs.field(factory=list)
    """Names in lower case, in the order received."""
    length: int | None = None
    """Bytes of the body, where it says so."""
    chunked: bool = False
    options: frozenset[bytes] = frozenset()
    """Of `connection`, in lower case."""
    awaits_invitation: bool = False
    """Whether the client wants to be told (100) before it sends its body."""
    upgrade: bytes = b""
    fault: GatewayError | None = None
    """The first thing that llhttp let pass and that is refused all the same."""
    hosts: int = 0

    @property
    def has_body(self) -> bool:
        """Whether anything follows the head."""
        return self.chunked or bool(self.length)

    @property
    def keeps_alive(self) -> bool:
        """Whether the client may send another request on this connection (RFC 9112 9.3)."""
        if b"close" in self.options:
            return False
        return self.version != "1.0" or b"keep-alive" in self.options

    def on_url(self, url: bytes) -> None:
        """The address, or a part of it."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field. What is raised here would only say that something was raised, so a fault is kept."""
        name = name.lower()
        value = value.rstrip(BLANKS)
        self.fields.append((name, value))
        note = NOTED.get(name)
        if note is not None:
            note(self, value)

    def note_length(self, value: bytes) -> None:
        """`content-length`: llhttp has seen that it is a number below 2**64, and the only one."""
        if not value.isdigit() or self.length is not None:
            self.fault = InvalidRequest("The length of the request's body is not a number.")
            return
        self.length = int(value)

    def note_coding(self, value: bytes) -> None:
        """`transfer-encoding`: nothing but `chunked` is known here, and only HTTP/1.1 has it (RFC 9112 6.1)."""
        if value.lower() != b"chunked":
            self.fault = CodingNotSupported("A request's body may be chunked, and coded in no other way.")
        self.chunked = True

    def note_options(self, value: bytes) -> None:
        """`connection`: a list, and each of it may have a line of its own."""
        self.options |= {option.strip(BLANKS) for option in value.lower().split(b",")}

    def note_expectation(self, value: bytes) -> None:
        """`expect`: an unknown one may be left alone (RFC 9110 10.1.1)."""
        self.awaits_invitation = value.lower() == b"100-continue"

    def note_upgrade(self, value: bytes) -> None:
        """`upgrade`: an offer that is never taken; who offers WebSocket is told so."""
        self.upgrade = value.lower()

    def note_host(self, value: bytes) -> None:
        """`host`: exactly one (RFC 9112 3.2)."""
        self.hosts += 1
        if HOST.fullmatch(value) is None:
            self.fault = InvalidRequest("The host of the request is none.")


NOTED: Mapping[bytes, Callable[[Head, bytes], None]] = {
    b"content-length": Head.note_length,
    b"transfer-encoding": Head.note_coding,
    b"connection": Head.note_options,
    b"expect": Head.note_expectation,
    b"upgrade": Head.note_upgrade,
    b"host": Head.note_host,
}
"""What the fields say that have to do with the connection."""


def read_head(data: bytes) -> Head:
    """One head, `data` being all of it with its empty line; raises GatewayError."""
    if data.count(b"\n") > MOST_FIELDS + 2:
        raise HeadersTooLarge(f"The head of the request has more than {MOST_FIELDS} fields.")
    try:
        head = parsed(data)
    except httptools.HttpParserInvalidMethodError:
        head = with_own_method(data)
    except httptools.HttpParserError:
        raise reason_to_refuse(data) from None
    check(head, data)
    return head


def parsed(data: bytes) -> Head:
    """What llhttp makes of it; raises HttpParserError."""
    head = Head()
    parser = httptools.HttpRequestParser(head)
    # Else it knows four versions; ours is checked below.
    parser.set_dangerous_leniencies(lenient_version=True)
    try:  # noqa: SIM105  a context manager is four calls more for every request
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass  # it would leave the connection to somebody else now; the head is read all the same
    head.method = parser.get_method()
    head.version = parser.get_http_version()
    return head


def with_own_method(data: bytes) -> Head:
    """A head whose method llhttp does not know: it has a list, and HTTP has none. Raises GatewayError."""
    line = FIRST_LINE.match(data)
    if line is None:
        raise reason_to_refuse(data)
    try:
        head = parsed(b"GET" + data[line.end(1) :])
    except httptools.HttpParserError:
        raise reason_to_refuse(data) from None
    head.method = line[1]
    return head


def reason_to_refuse(data: bytes) -> GatewayError:
    """Why a head that llhttp refuses is refused."""
    line = FIRST_LINE.match(data)
    if line is not None and line[2] != MAJOR:
        return VersionNotSupported("HTTP/1.1 is spoken here, and HTTP/2 over TLS.")
    return InvalidRequest("The head of the request is not as HTTP/1.1 has it.")


def check(head: Head, data: bytes) -> None:
    """What llhttp lets pass; raises GatewayError."""
    if not data.startswith(b"%b %b HTTP/%b\r\n" % (head.method, head.target, head.version.encode())):
        raise reason_to_refuse(data)
    if not head.version.startswith("1."):
        raise reason_to_refuse(data)
    if head.fault is not None:
        raise head.fault
    if head.chunked and (head.length is not None or head.version == "1.0"):
        raise InvalidRequest("The length of the request's body is not certain.")
    if head.hosts > 1 or (head.hosts == 0 and head.version != "1.0"):
        raise InvalidRequest("A request names its host once.")
    check_target(head)


def check_target(head: Head) -> None:
    """RFC 9112 3.2: a path, or `*` of OPTIONS; the other forms are for proxies. Raises GatewayError."""
    if head.method == b"CONNECT":
        raise MethodNotAllowed(NO_PROXY)
    if head.target == b"*" and head.method == b"OPTIONS":
        return
    if not head.target.startswith(b"/"):
        raise InvalidRequest(NO_PROXY)
    if b"#" in head.target:
        raise InvalidRequest("The address of a request has no fragment.")
