"""What a channel's operator changes in everything that is sent to its upstream: headers, fields of bodies, a prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs
import msgspec

from aihub_lite.errors import InvalidRequest

ENDPOINTS = frozenset(
    {"chat", "messages", "gemini", "responses", "completions", "fim", "embeddings", "images", "edits", "speech"}
    | {"moderations", "rerank"}
)
"""What may stand before a path and a colon: the upstream's endpoint whose bodies it is for; else it is for all."""
MAX_ENTRIES = 64
"""Of each list."""
MAX_PATH = 200
MAX_DEPTH = 8
MAX_VALUE = 16 * 1024
"""Characters of a header's or parameter's value, and of the prefix."""
MAX_CHANGES = 64 * 1024
"""Characters of all values of a channel together: each of its requests carries them."""

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
"""A field name (RFC 9110, 5.1)."""
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"upgrade"}
)
"""Fields of one connection (RFC 9110, 7.6.1)."""
FRAMING = frozenset(
    {"host", "content-length", "transfer-encoding", "content-encoding", "content-type", "accept-encoding", "expect"}
)
"""Fields that say where to, how long and in which form: the gateway's own, or a request could be read as another."""
AUTHENTICATION = frozenset(
    {"authorization", "x-api-key", "api-key", "x-goog-api-key"}
    | {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
)
"""Fields that carry keys and signatures, which are a channel's keys to give."""
PUBLIC = frozenset(
    {"accept", "accept-language", "user-agent", "referer", "http-referer", "x-title", "origin"}
    | {"anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project"}
)
"""Fields whose values are no secret to an upstream's error: words of them stand in many a sentence."""

DECIDED: dict[str, str] = {
    "model": "is what the channel's models say: offer ours=theirs",
    "stream": "is for the client to choose",
    **dict.fromkeys(("messages", "input", "contents", "prompt"), "is the conversation"),
    **dict.fromkeys(
        ("system", "instructions", "systemInstruction", "system_instruction"), "is for --system-prefix to add to"
    ),
}
"""Fields at the top of a body that no parameter changes, and why: what a request is priced and held for stays."""


@attrs.frozen
class Secret:
    """A key, or the value of a header, that nothing printed, no log and no error shows."""

    value: str = attrs.field(repr=lambda _: "***")

    def __str__(self) -> str:
        return "***"


@attrs.frozen
class Header:
    """A header that goes along with each request; `value` is a text or `env:NAME`, which is looked up at use."""

    name: str
    """In small letters."""
    value: Secret

    @property
    def env(self) -> str | None:
        """The variable that the value is in; None for one that was typed in."""
        if not self.value.value.startswith("env:"):
            return None
        return self.value.value.removeprefix("env:")


@attrs.frozen
class Param:
    """A field of an upstream's bodies: its path, dotted, and its value as JSON."""

    path: str
    value: str

    @property
    def text(self) -> str:
        """As `param_of` reads it."""
        return f"{self.path}={self.value}"


@attrs.frozen
class Place:
    """A path taken apart."""

    endpoint: str
    """Empty for every one."""
    parts: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Overrides:
    """All of them for one channel. A channel without any has None in their place."""

    headers: tuple[Header, ...] = ()
    default_params: tuple[Param, ...] = ()
    """For fields that the client left out, or sent as null."""
    set_params: tuple[Param, ...] = ()
    """Whatever the client sent."""
    drop_params: tuple[str, ...] = ()
    """Paths of fields that are left out, before the others are put in."""
    system_prefix: str = ""
    """Before the system prompt of every conversation, in the upstream's own place for it."""

    @property
    def change_bodies(self) -> bool:
        """Whether anything but headers is changed."""
        return bool(self.default_params or self.set_params or self.drop_params or self.system_prefix)


NONE = Overrides()


def place_of(path: str) -> Place:
    """The parts of a path; `chat:provider.order` is of the bodies of one endpoint alone."""
    endpoint, colon, rest = path.partition(":")
    if not colon or endpoint not in ENDPOINTS:
        return Place("", tuple(path.split(".")))
    return Place(endpoint, tuple(rest.split(".")))


def param_of(text: str, field: str) -> Param:
    """`PATH=JSON`, where a single word need not be in quotes. Raises InvalidRequest, which names the field."""
    path, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise InvalidRequest(f"{field}: must be PATH=JSON, like temperature=0.2; got {text[:64]!r}")
    return Param(path.strip(), msgspec.json.encode(_value(value.strip(), field)).decode())


def _value(text: str, field: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        if text[0] in '{["-0123456789' or any(char.isspace() for char in text):
            raise InvalidRequest(f"{field}: {text[:64]!r} is not valid JSON") from None
    return text


def headers_of(texts: Iterable[str], before: Iterable[Header]) -> tuple[Header, ...]:
    """From `NAME=VALUE` or `NAME=env:VAR`; a name alone keeps the value of `before`. Raises InvalidRequest."""
    kept = {header.name: header for header in before}
    headers = []
    for text in texts:
        written, equals, value = text.partition("=")
        name = written.strip().lower()
        if not equals and name not in kept:
            raise InvalidRequest(f"headers: must be NAME=VALUE or NAME=env:VAR; got {name[:64]!r}")
        if equals:
            headers.append(Header(name, Secret(value.strip())))
        else:
            headers.append(kept[name])
    return tuple(headers)


def check_overrides(overrides: Overrides) -> None:
    """Raise InvalidRequest, which names the field, for what cannot be sent, or must not be."""
    _check_headers(overrides.headers)
    params = (*overrides.default_params, *overrides.set_params)
    lists: dict[str, list[str]] = {
        "default_params": [param.path for param in overrides.default_params],
        "set_params": [param.path for param in overrides.set_params],
        "drop_params": [*overrides.drop_params],
    }
    for field, paths in lists.items():
        if len(paths) > MAX_ENTRIES:
            raise InvalidRequest(f"{field}: must hold at most {MAX_ENTRIES} entries")
        for path in paths:
            _check_path(path, field)
    paths = [path for each in lists.values() for path in each]
    if twice := next((path for path in paths if paths.count(path) > 1), ""):
        raise InvalidRequest(f"params: {twice!r} stands there twice: a field is set, given by default or dropped")
    _check_prefix(overrides.system_prefix)
    values = [*(param.value for param in params), *(header.value.value for header in overrides.headers)]
    if any(len(value) > MAX_VALUE for value in values):
        raise InvalidRequest(f"params: a value must have at most {MAX_VALUE} characters")
    if sum(map(len, values)) > MAX_CHANGES:
        raise InvalidRequest(f"params: all values together must have at most {MAX_CHANGES} characters")


def _check_headers(headers: tuple[Header, ...]) -> None:
    if len(headers) > MAX_ENTRIES:
        raise InvalidRequest(f"headers: must hold at most {MAX_ENTRIES} entries")
    names = [header.name for header in headers]
    for header in headers:
        name = header.name
        if not NAME.fullmatch(name):
            raise InvalidRequest(f"headers: {name[:64]!r} is no name of a header")
        if reason := _refused(name):
            raise InvalidRequest(f"headers: {name} {reason}")
        if names.count(name) > 1:
            raise InvalidRequest(f"headers: {name} stands there twice")
        if header.env is not None and not header.env.isidentifier():
            raise InvalidRequest(f"headers: {name}: env: must be followed by the name of an environment variable")
        if not is_header_value(header.value.value):
            raise InvalidRequest(f"headers: the value of {name} must be visible ASCII characters and spaces")


def is_header_value(value: str) -> bool:
    """Whether a text can stand in a header: it must not end it."""
    return bool(value) and value.isascii() and value.isprintable()


def _refused(name: str) -> str:
    if name in HOP_BY_HOP:
        return "is for one connection, and the gateway's own"
    if name in FRAMING:
        return "says where a request ends or what it holds, and is the gateway's own"
    if name in AUTHENTICATION:
        return "carries keys: give the channel a key"
    return ""


def _check_path(path: str, field: str) -> None:
    place = place_of(path)
    if len(path) > MAX_PATH or not path.isascii() or not path.isprintable() or " " in path or "=" in path:
        raise InvalidRequest(f"{field}: a path must be up to {MAX_PATH} visible ASCII characters without spaces")
    if not all(place.parts) or len(place.parts) > MAX_DEPTH:
        raise InvalidRequest(f"{field}: {path[:64]!r} must be 1 to {MAX_DEPTH} names with dots between them")
    if reason := DECIDED.get(place.parts[0]):
        raise InvalidRequest(f"{field}: {place.parts[0]} {reason}")


def _check_prefix(prefix: str) -> None:
    if len(prefix) > MAX_VALUE:
        raise InvalidRequest(f"system_prefix: must have at most {MAX_VALUE} characters")
    if prefix != prefix.strip() or any(not char.isprintable() and char not in "\n\t" for char in prefix):
        raise InvalidRequest("system_prefix: must be plain text without spaces around it")
