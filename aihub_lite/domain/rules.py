"""What an operator may write into tokens, channels, aliases and prices; every refusal names the field."""

from __future__ import annotations

import ipaddress
import unicodedata
from urllib.parse import urlsplit

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.token import Token
from aihub_lite.errors import InvalidRequest

MAX_NAME = 64
MAX_MODEL_ID = 200
MAX_LIST = 1000
MAX_RATE = 1_000_000_000
ID_PREFIXES = ("tok_", "chn_")
"""Ids and names are looked up in one place, so no name may look like an id."""


def check_name(name: str, field: str = "name") -> str:
    """A name of a token, channel or group: it appears in paths, log lines and tables."""
    if not name or len(name) > MAX_NAME:
        raise InvalidRequest(f"{field}: must have 1 to {MAX_NAME} characters")
    if not name.isprintable() or name != name.strip() or unicodedata.normalize("NFKC", name) != name:
        raise InvalidRequest(f"{field}: must be plain printable text without spaces around it")
    if not name[0].isalnum() or "/" in name or "\\" in name:
        raise InvalidRequest(f"{field}: must begin with a letter or digit and hold no slash")
    if name.startswith(ID_PREFIXES):
        raise InvalidRequest(f"{field}: must not begin with {' or '.join(ID_PREFIXES)}, as ids do")
    return name


def check_model(model: str, field: str) -> str:
    """A model id or alias: visible ASCII, so that no look-alike of a known id can be made."""
    if not model or len(model) > MAX_MODEL_ID or not model.isascii() or not model.isprintable() or " " in model:
        raise InvalidRequest(f"{field}: must be 1 to {MAX_MODEL_ID} visible ASCII characters without spaces")
    return model


def check_count(value: int | None, field: str, least: int = 0) -> None:
    """A whole number within reason, or nothing."""
    if value is not None and not least <= value <= MAX_RATE:
        raise InvalidRequest(f"{field}: must be between {least} and {MAX_RATE}")


def check_network(text: str) -> str:
    """An address or network in its one written form (`10.0.0.7` becomes `10.0.0.7/32`)."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise InvalidRequest(f"allow_ip: {text[:64]!r} is not an address or network in CIDR form") from None


def checked_token(token: Token) -> Token:
    """The token with its networks normalised, or InvalidRequest."""
    check_name(token.name)
    check_name(token.group, "group")
    check_list(token.models, "models")
    for glob in token.models:
        check_model(glob, "models")
    for field in ("rpm", "tpm"):
        check_count(getattr(token, field), field)
    check_count(token.concurrency, "concurrency", least=1)
    check_list(token.allow_ips, "allow_ip")
    return attrs.evolve(token, allow_ips=tuple(check_network(text) for text in token.allow_ips))


def check_list(values: tuple[object, ...], field: str) -> None:
    """A list of bearable length."""
    if len(values) > MAX_LIST:
        raise InvalidRequest(f"{field}: must hold at most {MAX_LIST} entries")


def checked_channel(channel: Channel) -> Channel:
    """The channel with its base URL normalised, or InvalidRequest."""
    check_name(channel.name)
    check_name(channel.group, "group")
    if not -MAX_RATE <= channel.priority <= MAX_RATE:
        raise InvalidRequest(f"priority: must be between -{MAX_RATE} and {MAX_RATE}")
    if not 1 <= channel.weight <= MAX_RATE:
        raise InvalidRequest(f"weight: must be between 1 and {MAX_RATE}")
    _check_keys(channel)
    _check_clocks(channel)
    offered = [offer.model for offer in channel.offers]
    if len(set(offered)) != len(offered):
        raise InvalidRequest("models: one id is listed twice")
    for offer in channel.offers:
        check_model(offer.model, "models")
        check_model(offer.upstream_model, "models")
    return attrs.evolve(channel, base_url=checked_base_url(channel.base_url))


def _check_keys(channel: Channel) -> None:
    check_list(channel.keys, "keys")
    for key in channel.keys:
        value = key.ref.value
        # A key travels in a header: one that could not would fail every request with an odd transport error.
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise InvalidRequest("keys: a key must be visible ASCII characters without spaces (or env:NAME)")
        if key.env is not None and not key.env.isidentifier():
            raise InvalidRequest("keys: env: must be followed by the name of an environment variable")


def _check_clocks(channel: Channel) -> None:
    for field, seconds in attrs.asdict(channel.clocks).items():
        if seconds is not None and not 0 < seconds <= 86_400:
            raise InvalidRequest(f"clocks.{field}: must be more than 0 and at most 86400 seconds")


def checked_base_url(text: str) -> str:
    """The base URL without a slash at its end. Only a person sets it, yet it decides where keys are sent.

    User info, query and fragment are refused: each has been used elsewhere to send a key to another host
    than the one that was read.
    """
    try:
        url = urlsplit(text)
        port_ok = url.port is None or url.port > 0
    except ValueError:
        raise InvalidRequest("base_url: is not a URL") from None
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise InvalidRequest("base_url: must be visible ASCII characters")
    if url.scheme not in ("http", "https", "demo") or not url.hostname or not port_ok:
        raise InvalidRequest("base_url: must be http:// or https:// with a host")
    if "@" in url.netloc or "?" in text or "#" in text:
        raise InvalidRequest("base_url: must hold no user name, query or fragment")
    return text.rstrip("/")


ENDPOINTS = ("/chat/completions", "/completions", "/messages", "/models", "/embeddings")
"""What people paste along with a base URL."""


def base_url_warning(base_url: str) -> str:
    """What an operator should know about a base URL that is allowed; empty when nothing."""
    url = urlsplit(base_url)
    for path in ENDPOINTS:
        if url.path.endswith(path):
            return f"base_url: leave out {path}; the gateway appends it"
    if url.scheme != "http" or not url.hostname or _is_near(url.hostname):
        return ""
    return f"base_url: http:// sends the key unencrypted to {url.hostname}; use https:// if it can"


def _is_near(host: str) -> bool:
    """Whether a host is this machine or a private network, by its name alone: nothing is looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name without a dot is one of a container network or a local domain.
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))
    return address.is_private or address.is_loopback
