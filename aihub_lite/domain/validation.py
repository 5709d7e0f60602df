"""What an operator may write into tokens, channels, aliases and prices; every refusal names the field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from aihub_lite.domain.addresses import is_private_host, network_of
from aihub_lite.domain.channel import ABILITIES, ENTRA, Channel, CostBy, ModelFacts
from aihub_lite.domain.hosted import HostedRates
from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.limits import Learn, Limits
from aihub_lite.domain.money import MAX_RATE_USD, NANO, Price, Rates, Tier
from aihub_lite.domain.overrides import check_overrides
from aihub_lite.domain.patterns import STAR
from aihub_lite.domain.route import REASONS, Conditions, DayHours, NamedRoute
from aihub_lite.domain.token import EVERY_GROUP, Token
from aihub_lite.domain.usage import MAX_TOKENS
from aihub_lite.domain.way_out import checked_way_out
from aihub_lite.errors import InvalidRequest

MAX_NAME = 64
MAX_STEPS = 20
MAX_PATIENCE = 3600.0
MAX_TAG = 64
MAX_MODEL_ID = 200
MAX_LIST = 1000
MAX_RATE = 1_000_000_000
MAX_TIERS = 16
"""Rates of one price for longer prompts; every request is compared with them."""
MAX_HOURS = 24
"""Rates of one price that change with the hour."""
TIER = re.compile(r"[a-z0-9_-]{1,24}(?:\+[a-z0-9_-]{1,24}){0,2}", re.ASCII)
COSTS: tuple[str, ...] = get_args(CostBy)
LEARNS: tuple[str, ...] = get_args(Learn)
VERSION = re.compile(r"\?api-version=[A-Za-z0-9.-]{1,40}\Z")
"""What a base URL at Azure may end in."""
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


def check_tier(tier: str) -> str:
    """A tier of service as answers name it."""
    if not TIER.fullmatch(tier):
        raise InvalidRequest("tier: must be small letters, digits, - and _, like flex; several are joined by +")
    return tier


def check_count(value: int | None, field: str, least: int = 0) -> None:
    """Raise InvalidRequest for a number below `least` or above `MAX_RATE`; None passes."""
    if value is not None and not least <= value <= MAX_RATE:
        raise InvalidRequest(f"{field}: must be between {least} and {MAX_RATE}")


def check_network(text: str) -> str:
    """An address or network in its one written form (`10.0.0.7` becomes `10.0.0.7/32`)."""
    try:
        return str(network_of(text.strip()))
    except ValueError:
        raise InvalidRequest(f"allow_ip: {text[:64]!r} is not an address or network in CIDR form") from None


def checked_token(token: Token) -> Token:
    """The token with its networks normalised; raises InvalidRequest."""
    check_name(token.name)
    if token.group != EVERY_GROUP:
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
    """Raise InvalidRequest for a list of more than `MAX_LIST` entries."""
    if len(values) > MAX_LIST:
        raise InvalidRequest(f"{field}: must hold at most {MAX_LIST} entries")


def checked_channel(channel: Channel) -> Channel:
    """The channel with its base URL normalised; raises InvalidRequest."""
    check_name(channel.name)
    check_name(channel.group, "group")
    if not -MAX_RATE <= channel.priority <= MAX_RATE:
        raise InvalidRequest(f"priority: must be between -{MAX_RATE} and {MAX_RATE}")
    if not 1 <= channel.weight <= MAX_RATE:
        raise InvalidRequest(f"weight: must be between 1 and {MAX_RATE}")
    if channel.cost not in COSTS:
        raise InvalidRequest(f"cost: must be one of {', '.join(COSTS)}")
    if channel.learn not in LEARNS:
        raise InvalidRequest(f"learn: must be one of {', '.join(LEARNS)}")
    check_limits(channel.limits)
    _check_keys(channel)
    _check_clocks(channel)
    if channel.overrides is not None:
        check_overrides(channel.overrides)
    _check_patterns(channel)
    offered = [offer.model for offer in channel.offers]
    if len(set(offered)) != len(offered):
        raise InvalidRequest("models: one id is listed twice")
    for offer in channel.offers:
        check_model(offer.model, "models")
        check_model(offer.upstream_model, "models")
    way_out = checked_way_out(channel.way_out)
    base_url = checked_base_url(channel.base_url, versioned=True)
    return attrs.evolve(channel, base_url=base_url, way_out=way_out)


def check_limits(limits: Limits) -> None:
    """Raise InvalidRequest for a limit that nothing could pass."""
    for field in ("rpm", "tpm", "concurrency"):
        check_count(getattr(limits, field), field, least=1)
    if limits.budget is not None and limits.budget.nano < 1:
        raise InvalidRequest("budget: must be more than 0")


def _check_patterns(channel: Channel) -> None:
    check_list(channel.patterns, "models")
    for pattern in channel.patterns:
        for text in (pattern.model, pattern.upstream_model):
            check_model(text, "models")
            if text.count(STAR) != 1:
                raise InvalidRequest(f"models: {text[:64]!r} must have one *, like gpt-*, or *=vendor/*")
    if len({pattern.model for pattern in channel.patterns}) != len(channel.patterns):
        raise InvalidRequest("models: one pattern is listed twice")


def check_price(price: Price) -> None:
    """Raise InvalidRequest for a rate that nothing costs: the records of what is billed at it could not be booked."""
    _check_rates(price.rates)
    _check_tiers(price.tiers)
    if len(price.hours) > MAX_HOURS:
        raise InvalidRequest(f"hours: must hold at most {MAX_HOURS} entries")
    taken: set[int] = set()
    for hours in price.hours:
        minutes = hours.span.minutes()
        if not taken.isdisjoint(minutes):
            raise InvalidRequest(f"at: {hours.span.text} has other rates already")
        taken |= minutes
        _check_rates(hours.rates)
        _check_tiers(hours.tiers)


def check_hosted(rates: HostedRates | None) -> None:
    """The same for tools that providers run; None: nothing is said of them."""
    if rates is not None:
        _check_rates(rates)


def _check_tiers(tiers: tuple[Tier, ...]) -> None:
    if len(tiers) > MAX_TIERS:
        raise InvalidRequest(f"tiers: must hold at most {MAX_TIERS} entries")
    for tier in tiers:
        if not 1 <= tier.above <= MAX_TOKENS:
            raise InvalidRequest(f"above: must be between 1 and {MAX_TOKENS} tokens")
        _check_rates(tier.rates)
    if len({tier.above for tier in tiers}) != len(tiers):
        raise InvalidRequest("above: one length is listed twice")


def _check_rates(rates: Rates | HostedRates) -> None:
    for name, rate in _rates_in(attrs.asdict(rates)):
        if rate > MAX_RATE_USD * NANO:
            raise InvalidRequest(f"{name}: must be at most {MAX_RATE_USD} USD")


def _rates_in(rates: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, rate in rates.items():
        if isinstance(rate, dict):
            yield from _rates_in(rate)
        elif rate is not None:
            yield name, rate


def _check_keys(channel: Channel) -> None:
    check_list(channel.keys, "keys")
    for key in channel.keys:
        check_limits(key.limits)
        value = key.ref.value
        # A key travels in a header: one that could not would fail every request with an odd transport error.
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise InvalidRequest("keys: a key must be visible ASCII characters without spaces (or env:NAME)")
        if value.startswith(ENTRA) and channel.provider != "azure":
            # It would be sent there as it is.
            raise InvalidRequest("keys: entra: is for channels of type azure")
        if key.env is not None and not key.env.isidentifier():
            raise InvalidRequest("keys: env: must be followed by the name of an environment variable")


def _check_clocks(channel: Channel) -> None:
    for field, seconds in attrs.asdict(channel.clocks).items():
        if seconds is not None and not 0 < seconds <= 86_400:
            raise InvalidRequest(f"clocks.{field}: must be more than 0 and at most 86400 seconds")


def checked_base_url(text: str, *, versioned: bool = False) -> str:
    """The base URL without a slash at its end; raises InvalidRequest. It decides where keys are sent.

    User info, query and fragment are refused: each has been used elsewhere to send a key to another host
    than the one that was read. `versioned`: but for a query that is `api-version` alone.
    """
    text, version = _without_version(text, versioned=versioned)
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
    return text.rstrip("/") + version


def _without_version(text: str, *, versioned: bool) -> tuple[str, str]:
    """A base URL, and the version that it ends in."""
    if versioned and (version := VERSION.search(text)):
        return text[: version.start()], version[0]
    return text, ""


ENDPOINTS = ("/chat/completions", "/completions", "/messages", "/models", "/embeddings")
"""What people paste along with a base URL."""


def base_url_warning(base_url: str) -> str:
    """A warning about a base URL that is allowed all the same; empty where there is none."""
    url = urlsplit(base_url)
    for path in ENDPOINTS:
        if url.path.endswith(path):
            return f"base_url: leave out {path}; the gateway appends it"
    if url.scheme != "http" or not url.hostname or is_private_host(url.hostname):
        return ""
    return f"base_url: http:// sends the key unencrypted to {url.hostname}; use https:// if it can"


def checked_route(route: NamedRoute) -> NamedRoute:
    """The route; raises InvalidRequest."""
    check_model(route.name, "name")
    if not 1 <= len(route.steps) <= MAX_STEPS:
        raise InvalidRequest(f"steps: must be 1 to {MAX_STEPS} models")
    for number, step in enumerate(route.steps):
        check_model(step.model, f"steps.{number}.model")
        _check_conditions(step.when, f"steps.{number}")
    if len(set(route.steps)) != len(route.steps):
        raise InvalidRequest("steps: one model is listed twice under the same conditions")
    for reason in route.on:
        if reason not in REASONS:
            raise InvalidRequest(f"on: must be of {', '.join(REASONS)}")
    if ("slow" in route.on) != (route.patience is not None):
        raise InvalidRequest("patience: goes with slow: the seconds that a model has for its first byte")
    if route.patience is not None and not 0 < route.patience <= MAX_PATIENCE:
        raise InvalidRequest(f"patience: must be more than 0 and at most {MAX_PATIENCE:g} seconds")
    return route


def _check_conditions(when: Conditions, field: str) -> None:
    if when.below_budget is not None and not 1 <= when.below_budget <= 100:
        raise InvalidRequest(f"{field}.below_budget: must be 1 to 100 per cent")
    if when.over_tokens is not None and not 0 <= when.over_tokens <= MAX_TOKENS:
        raise InvalidRequest(f"{field}.over_tokens: must be between 0 and {MAX_TOKENS}")
    if when.tag:
        check_tag(when.tag, f"{field}.tag")


def check_tag(tag: str, field: str) -> str:
    """A tag of requests, as their header carries it."""
    if "," in tag or len(tag) > MAX_TAG:
        raise InvalidRequest(f"{field}: must have no comma, and at most {MAX_TAG} characters")
    return check_name(tag, field)


def hours_of(text: str) -> DayHours:
    """From `00:30-08:30@UTC`, or without a zone for UTC; raises ValueError."""
    span, _, zone = text.partition("@")
    zone = zone or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{zone[:64]!r} is no time zone like UTC or Europe/Berlin") from None
    try:
        return DayHours(span=HourSpan.of(span), zone=zone)
    except ValueError as error:
        if "all day" in str(error):
            raise ValueError(f"{span} is all day: leave it out") from None
        raise


def checked_facts(facts: ModelFacts) -> ModelFacts:
    """What an operator says of a model; raises InvalidRequest."""
    if facts.context_length is not None and not 1 <= facts.context_length <= MAX_RATE:
        raise InvalidRequest(f"context_length: must be between 1 and {MAX_RATE}")
    for field, abilities in (("can", facts.can), ("cannot", facts.cannot)):
        if not set(abilities) <= set(ABILITIES):
            raise InvalidRequest(f"{field}: must be of {', '.join(ABILITIES)}")
    if not set(facts.can).isdisjoint(facts.cannot):
        raise InvalidRequest("cannot: a model either can or cannot")
    if facts == ModelFacts():
        raise InvalidRequest("context_length: say this, can or cannot")
    return facts
