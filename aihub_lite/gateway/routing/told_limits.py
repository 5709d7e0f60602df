"""What an upstream tells of its limits in the headers of an answer: read before the 429 comes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal

import attrs

Headers = Mapping[str, str]
Unit = Literal["requests", "tokens"]
LONGEST = 3600.0
"""Seconds that nothing is left, beyond which an upstream is not believed: then it is asked, and tells anew."""
MOST_RESET = 90_000.0
"""Seconds: a day and some, as limits per day have it."""
MOST = 10**12
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII)
RESOLUTION = 1.0
"""Seconds by which a date may be off that has no fractions of them."""


@attrs.frozen
class Told:
    """One limit as an upstream tells it."""

    unit: Unit
    limit: int
    left: int
    reset: float
    """Seconds until all of it is back."""
    evenly: bool
    """Whether it comes back evenly, or all at once."""


@attrs.frozen
class Naming:
    """How one family of upstreams names its headers."""

    unit: Unit
    limit: str
    left: str
    reset: str
    evenly: bool
    seconds: Callable[[str, Headers], float | None]
    """Reads the reset."""


def naming(unit: Unit, header: str, seconds: Callable[[str, Headers], float | None], *, evenly: bool = True) -> Naming:
    """One row of the table below; `{}` stands for limit, remaining and reset."""
    limit, left, reset = (header.format(part) for part in ("limit", "remaining", "reset"))
    return Naming(unit, limit, left, reset, evenly, seconds)


def duration(text: str, _: Headers) -> float | None:
    """Seconds of `6m0s`, `120ms` or `11.38`; None where it is none."""
    return seconds_of(text)


@lru_cache(maxsize=1024)
def seconds_of(text: str) -> float | None:
    """The same; kept, since what is read of most answers was read before."""
    number = _number(text)
    if number is not None:
        return number
    match = DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000


def date(text: str, headers: Headers) -> float | None:
    """Seconds until a time in RFC 3339, by the upstream's own clock."""
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        return None
    return (then - _now(headers)).total_seconds() + RESOLUTION


def any_time(text: str, headers: Headers) -> float | None:
    """Seconds, Unix seconds or Unix milliseconds, as upstreams of one name have it in three ways."""
    number = _number(text)
    if number is None or number < 1e9:
        return number
    if number > 1e11:
        number /= 1000
    return number - _now(headers).timestamp() + RESOLUTION


NAMINGS = (
    # OpenAI, Azure and Groq: https://platform.openai.com/docs/guides/rate-limits (2026-11)
    naming("requests", "x-ratelimit-{}-requests", duration),
    naming("tokens", "x-ratelimit-{}-tokens", duration),
    # Cerebras: https://inference-docs.cerebras.ai/support/rate-limits (2026-11)
    naming("tokens", "x-ratelimit-{}-tokens-minute", duration),
    # Anthropic: https://docs.anthropic.com/en/api/rate-limits (2026-11)
    naming("requests", "anthropic-ratelimit-requests-{}", date),
    naming("tokens", "anthropic-ratelimit-tokens-{}", date),
    # OpenRouter and others that count in fixed windows
    naming("requests", "x-ratelimit-{}", any_time, evenly=False),
)
ENOUGH: Mapping[Unit, int] = {"requests": 2048, "tokens": 20_000_000}
"""More than requests that are under way at once could use up: where so much is left, nothing has to be counted."""
NAMED_LEFT = {each.left: each for each in NAMINGS}


def told(headers: Headers, *, plenty: bool = True) -> list[Told]:
    """Every limit that the headers of an answer tell; what makes no sense is none. Unless `plenty`, those are left out
    of which there is more than enough."""
    limits: list[Told] = []
    if NAMED_LEFT.keys().isdisjoint(headers):  # as with most upstreams
        return limits
    for left, each in NAMED_LEFT.items():
        if left not in headers or not (plenty or _is_scarce(headers[left], each.unit)):
            continue
        if (limit := _told(each, headers)) is not None:
            limits.append(limit)
    return limits


def _is_scarce(text: str, unit: Unit) -> bool:
    left = _number(text)
    return left is not None and left <= ENOUGH[unit]


def _told(named: Naming, headers: Headers) -> Told | None:
    limit = _count(headers.get(named.limit, ""))
    left = _count(headers[named.left])
    reset = named.seconds(headers.get(named.reset, ""), headers)
    if limit is None or left is None or reset is None or limit < 1:
        return None
    return Told(named.unit, limit, min(left, limit), min(max(reset, 0.0), MOST_RESET), named.evenly)


def _count(text: str) -> int | None:
    number = _number(text)
    if number is None or not 0 <= number <= MOST:
        return None
    return int(number)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return number


def _now(headers: Headers) -> datetime:
    """By the upstream's own clock, so that it and ours need not agree; by ours where it does not tell."""
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return datetime.now(UTC)
    if now.tzinfo is None:
        return now.replace(tzinfo=UTC)
    return now
