"""What stands in a configuration or a row, as values of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from aihub_lite.domain.money import nano_usd
from aihub_lite.errors import InvalidRequest

MILLION = 1_000_000


def text_in(values: Mapping[str, Any], name: str) -> str:
    """A text by its name; empty where it is absent or something else."""
    value = values.get(name)
    if isinstance(value, str):
        return value.strip()
    return ""


def number_in(values: Mapping[str, Any], name: str) -> Decimal | None:
    """A number by its name, however it was written; None where it is absent. Raises InvalidRequest."""
    value = values.get(name)
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise InvalidRequest(f"{name}: {str(value)[:40]!r} is no number") from None
    if not number.is_finite():
        raise InvalidRequest(f"{name}: {str(value)[:40]!r} is no number")
    return number


def whole_in(values: Mapping[str, Any], name: str) -> int | None:
    """The same as an integer."""
    number = number_in(values, name)
    return None if number is None else int(number)


def usd_in(values: Mapping[str, Any], name: str) -> int | None:
    """An amount of USD in nano-USD; None where it is absent. Raises InvalidRequest."""
    number = number_in(values, name)
    if number is None:
        return None
    try:
        return nano_usd(number)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None


def per_million_in(values: Mapping[str, Any], name: str) -> int | None:
    """USD per token as nano-USD per million tokens, exactly; None where it is absent. Raises InvalidRequest."""
    number = number_in(values, name)
    if number is None:
        return None
    try:
        return nano_usd(number * MILLION)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {error}") from None


def json_in(values: Mapping[str, Any], name: str) -> Any:
    """What a column of JSON holds, its numbers as they are written; None where it is absent. Raises InvalidRequest."""
    text = values.get(name)
    if not isinstance(text, str) or not text:
        return text or None
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        raise InvalidRequest(f"{name}: is not JSON") from None


def mapping_in(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The same where it is an object, or was one already; empty for anything else."""
    return dict_of(json_in(values, name))


def dict_of(value: Any) -> dict[str, Any]:
    """A mapping; empty for anything else."""
    if isinstance(value, dict):
        return value
    return {}


def list_of(value: Any) -> list[Any]:
    """A list; empty for anything else."""
    if isinstance(value, list):
        return value
    return []


def moment_in(values: Mapping[str, Any], name: str) -> int | None:
    """A time in UTC that was written without a zone, in whole Unix seconds; None where it is absent."""
    text = values.get(name)
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{name}: {text[:40]!r} is no time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() // 1)


def truth_in(values: Mapping[str, Any], name: str) -> bool:
    """Whether a column says yes, however PostgreSQL wrote that; an absent one says no."""
    return values.get(name) in (True, "true", "t", "True")
