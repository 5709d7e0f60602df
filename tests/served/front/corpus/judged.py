"""Where the front door reads other than h11 and nginx do, and why it is right or safe: one judgement a kind."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import attrs

from tests.served.front.corpus.heads import CONTROLS, LINE_ENDS, NO_TOKEN


class Stance(Enum):
    """What we do that the other does not."""

    STRICTER = "we refuse, it reads on"
    MILDER = "we read on, it refuses"
    OTHERWISE = "both read, and read otherwise"


def of(kind: str, *names: str) -> tuple[str, ...]:
    """Requests of a kind by their names."""
    return tuple(f"{kind}: {name}" for name in names)


@attrs.frozen
class Judgement:
    """Why we are right, and of which requests each of the others says something else."""

    stance: Stance
    because: str
    h11: Iterable[str] = ()
    nginx: Iterable[str] = ()

    def of(self, reader: str) -> frozenset[str]:
        """The requests that `h11` or `nginx` reads otherwise."""
        if reader == "h11":
            return frozenset(self.h11)
        return frozenset(self.nginx)


FOLDS = of("line", *(f"a fold {name}" for name in ("by a space", "by a tab", "of nothing", "with a colon")))
BARE_LF = (
    *of("line", "LF behind the first line", "LF behind a field", "LF for the empty line", "LF everywhere"),
    *of("line", "LF inside a value", "LF and a length"),
    *of("length", "behind a bare LF"),
    *of("trailer", "a bare LF", "LF in the value"),
    *of("chunk", "the last one and LF"),
)
BLANKS = {0x0B, 0x0C}
OTHER_CONTROLS = [byte for byte in CONTROLS if byte and byte not in LINE_ENDS and byte not in BLANKS]
CONTROL_VALUES = (
    *of("line", *(f"{byte:#04x} in a value" for byte in OTHER_CONTROLS)),
    *of("trailer", "0x01 in the value", "DEL in the value"),
)
ODD_HOSTS = of(
    "host",
    *("a user", "a user and a secret", "a backslash", "a query", "a fragment"),
    *("quotes", "a bracket", "a brace", "UTF-8", "0xff"),
)
NO_PORTS = of("host", "with a port of no number", "with a port below zero", "with two ports")
NO_ADDRESSES = of("host", "IPv6 that does not end", "IPv6 and more", "a bracket at the end")
ABSOLUTE = of(
    "target",
    *("absolute", "absolute without a path", "absolute with a query alone", "absolute, another host"),
    *("absolute, with a port", "absolute, of https", "absolute, in capitals", "absolute, of another scheme"),
)
ODD_EXTENSIONS = of("chunk", "a size and NUL in a word", "a size and 0x01 in a word", "a size and DEL in a word")
LONG_CHUNKS = of("chunk", "a size and 2000 letters", "a size and 20000 letters")
BLANKS_OF_SIZES = of("chunk", "a size with a space behind", "a size with a tab behind")
NO_METHODS = (
    "get",
    "Get",
    "gET",
    "post",
    "a digit",
    "GET and a digit",
    *(f"GET and {sign}" for sign in "!#$%&'*+.^`|~"),
)

STRICTER = [
    Judgement(
        Stance.STRICTER,
        "RFC 9112 5.2: a fold is refused, or read as a space; who reads a field of its own there sees another request.",
        h11=(
            *FOLDS,
            *of("line", "a fold before the value"),
            *of("length", "folded in front", "behind a fold"),
            *of("coding", "folded", "in a fold behind a length", "a space before the name"),
            *of("trailer", "a fold"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 2.2: LF alone may end a line, and need not; who does not take it sees other fields.",
        h11=BARE_LF,
        nginx=(
            *BARE_LF,
            *of("line", "LF in front"),
            *of("pipeline", "LF between"),
            *of("chunk", "a size ends with LF", "data ends with LF", "the last one ends with LF"),
            *of("chunk", "the last one and LF alone"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 2.2: a bare CR is refused, or read as a space, and never left out.",
        h11=of("chunk", "a size and a bare CR in a word", "a size and a bare CR at the end"),
        nginx=(
            *of("line", "CR CR LF behind a field", "CR in front"),
            *of("coding", "a bare CR behind"),
            *of("pipeline", "CR between"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 5.5: control characters in a value are out of the grammar, and a log or a console may obey them.",
        h11=CONTROL_VALUES,
        nginx=(*CONTROL_VALUES, *of("line", "0x0b in a value", "0x0c in a value")),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 5.1: a name is a token. nginx leaves such a field out; what is behind it would never know.",
        nginx=(
            *of("line", "no colon"),
            *of("name", *(f"{chr(byte)} in a name" for byte in NO_TOKEN)),
            *of("name", "0x80 in a name", "0xff in a name", "UTF-8 in a name"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 7.1.2: trailers are fields, and held to their grammar; nginx skips whatever stands there.",
        nginx=of(
            "trailer",
            *("a space before the colon", "a fold", "a fold of the first", "no colon", "a name of nothing"),
            *("a bracket in the name", "NUL in the name", "NUL in the value"),
            *("a request", "a first line", "a chunk"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 6585 5, RFC 9112 3 and 7.1.1: heads, addresses, trailers and what is said of a chunk have limits.",
        h11=(
            *of("line", "a field of 70000", "2000 fields"),
            *of("target", "40000 long"),
            *of("trailer", "2000"),
            *LONG_CHUNKS,
        ),
        nginx=(*of("trailer", "2000"), *LONG_CHUNKS),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 3.2: no form of a request's address has a fragment, or begins with other than a slash but a proxy's.",
        h11=of(
            "target",
            *("a fragment", "a fragment alone", "a fragment behind a query", "no slash", "a query without a path"),
            *("authority", "an asterisk of GET", "an asterisk and more", "absolute, with one slash"),
        ),
        nginx=of("target", "a fragment", "a fragment behind a query"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 3.2.2 would have an origin take an absolute address. Only proxies are sent one; its host stands over "
        "`host`, so whoever reads the other of the two decides about another request: refused (RULES.md, T-38).",
        h11=(*ABSOLUTE, *of("target", "absolute, with a user", "absolute, of a file", "absolute, without a host")),
        nginx=ABSOLUTE,
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 9.3.6: CONNECT is for proxies; an origin says 405. h11 leaves that to what is behind it.",
        h11=(
            *of("target", "authority of CONNECT", "a path of CONNECT", "absolute of CONNECT"),
            *of("method", "CONNECT"),
            *of("length", "of CONNECT"),
            *of("pipeline", "the first is CONNECT"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 3: one space stands between the three parts of a first line, and nothing behind them.",
        nginx=(*of("target", "two spaces in front", "two spaces behind"), *of("version", "a space behind")),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 3986 2: an address is of ASCII; what is not is escaped.",
        nginx=of("target", "0x80 in a path", "0xff in a path", "UTF-8 in a path"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 15.6.6: other major versions are refused with 505; this includes the preface of HTTP/2 in the clear.",
        h11=(
            *of("version", "0.9", "2.0", "3.0", "9.9", "the preface of HTTP/2"),
            *of("pipeline", "the second is HTTP/2's preface"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 2.3: a version is two digits. nginx reads any number, and a line without one as HTTP/0.9.",
        nginx=(*of("version", "1.10", "1.01", "nothing", "a space alone"), *of("target", "LF in a path")),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 3.2: what is no host and port in `host` is refused with 400.",
        h11=(
            *ODD_HOSTS,
            *NO_PORTS,
            *NO_ADDRESSES,
            *of(
                "host", "IPv6 without brackets", "a path", "a scheme", "a list", "a space inside", "a tab inside", "DEL"
            ),
        ),
        nginx=(*ODD_HOSTS, *NO_PORTS, *NO_ADDRESSES),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 8.6: a list of equal lengths is refused, or read as one. Clients send one.",
        h11=of("length", "a list of the same", "a list of three", "twice the same"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 6.3: a length beside a coding ought to be handled as an error: it is how requests are smuggled.",
        h11=of("coding", "and a length", "and the length of the whole", "behind a length", "behind a length of nought"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 6.1: a coding in HTTP/1.0 is framing at fault.",
        h11=of("coding", "in HTTP/1.0", "in HTTP/1.0 that keeps alive"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 5.6.3 lets tabs stand around a coding. Nobody sends them but to hide it from one reader of two.",
        h11=of("coding", "in spaces and tabs"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 7.1: sizes must not overflow: fifteen digits are the most, noughts included. h11 takes twenty.",
        h11=(
            *of("chunk", "a size with fifteen noughts", "a size of 2**64 + 3", "a size of 2**68 + 3"),
            *of("end", "a chunk of 2**62", "a chunk of 2**63 - 1", "a chunk of 2**63", "a chunk of 2**64 - 1"),
        ),
        nginx=of(
            "chunk",
            *("a size with fifteen noughts", "a size with fifty noughts", "a size with three hundred noughts"),
        ),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9110 8.6: lengths must not overflow: none is 2**64 or above. h11 waits for as many.",
        h11=of("length", "of 2**64 + 3"),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 7.1: nothing stands between a size and its line end but what begins with a semicolon.",
        h11=BLANKS_OF_SIZES,
        nginx=(*BLANKS_OF_SIZES, *of("chunk", "a size of two numbers", "a size and spaces around a semicolon")),
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 7.1.1: what is said of a chunk is tokens and quoted strings.",
        h11=ODD_EXTENSIONS,
        nginx=ODD_EXTENSIONS,
    ),
    Judgement(
        Stance.STRICTER,
        "RFC 9112 7.1: CR and LF follow a chunk's data at once. nginx takes the CR for data and LF for the end.",
        nginx=of("chunk", "data is shorter"),
    ),
]
MILDER = [
    Judgement(
        Stance.MILDER,
        "RFC 9112 2.2: empty lines before a request are ignored, as some clients send one behind a body.",
        h11=(
            *of("line", "an empty line in front", "three empty lines in front"),
            *of("pipeline", "an empty line between", "an empty line behind a body", "three empty lines between"),
            *of("end", "an empty line"),
        ),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9110 9.1: a method is a token, and letters of either case differ. What is behind us says 404 or 405.",
        nginx=(
            *of("method", *NO_METHODS, "TRACE"),
            *of("length", "of TRACE"),
            *of("pipeline", "a body that nobody framed"),
        ),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9112 3.2: a path is passed on as it is, and what is behind has a list of its own. nginx resolves it.",
        nginx=of(
            "target",
            *("an escaped NUL", "an escape of no number", "an escape that is cut", "a percent sign alone"),
            *("two dots above the root", "two escaped dots above the root"),
        ),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9112 3.2.4: `*` is an address of OPTIONS.",
        nginx=of("target", "an asterisk of OPTIONS"),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9110 7.2 and RFC 3986 3.2.2: a host may be empty, and of dots. nginx looks for a server of that name.",
        nginx=of("host", "of nothing", "of spaces", "a port alone", "a dot alone", "two dots"),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9110 5.6.3: tabs around a value are no part of it.",
        nginx=of("length", "in spaces and tabs"),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9110 8.6: a length is digits, however many are noughts. h11 takes twenty digits.",
        h11=of("length", "with fifty noughts"),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9112 3: nginx's buffers are of 8 KiB unless told otherwise; ours takes a head of 64 KiB.",
        nginx=of("line", "a field of 20000"),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9110 15.5.14: how long a body may be is said by what is behind, with 413. nginx counts to 2**63.",
        nginx=of("end", "a length of 2**63", "a length of 2**64 - 1"),
    ),
    Judgement(
        Stance.MILDER,
        "RFC 9112 2.2: no line has ended yet: the rest is waited for, as long as for any head.",
        nginx=of("end", "a head whose lines end with CR"),
    ),
]
OTHERWISE = [
    Judgement(
        Stance.OTHERWISE,
        "RFC 9112 9.3: HTTP/1.0 may keep a connection alive. h11 never does.",
        h11=(*of("version", "1.0 that keeps alive"), *of("pipeline", "the first is of HTTP/1.0 and stays")),
    ),
]
JUDGED = [*STRICTER, *MILDER, *OTHERWISE]
