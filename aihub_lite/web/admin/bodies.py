"""What a body of the admin API may hold, and how its texts become values; every refusal names the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NewType, TypeVar, get_args

import cattrs
import msgspec
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

from aihub_lite.domain.channel import Clocks
from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.token import Budget, Period
from aihub_lite.errors import InvalidRequest

Nano = NewType("Nano", int)
"""Nano-USD; in JSON a decimal string or a number, in USD."""
T = TypeVar("T")

SPANS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def read(body: bytes, kind: type[T]) -> T:
    """The body as one of our input classes; raises InvalidRequest. `null` puts a field back to its default."""
    return structure(read_object(body), kind)


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object; numbers with a fraction become Decimal, so that no amount of money passes through a float."""
    try:
        value = _decode(body) if body else {}
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return value


def structure(given: Mapping[str, Any], kind: type[T]) -> T:
    """The input class from decoded JSON; unknown fields are refused, since a misspelt limit is no limit."""
    try:
        return _converter.structure({field: value for field, value in given.items() if value is not None}, kind)
    except BaseValidationError as group:
        raise InvalidRequest(_reason(group)) from None


def _reason(error: Exception, path: str = "") -> str:
    """`field: what is wrong`, of the first thing that is."""
    if isinstance(error, BaseValidationError):
        first = error.exceptions[0]
        note = next((note for note in getattr(first, "__notes__", ()) if hasattr(note, "name")), None)
        index = next((note.index for note in getattr(first, "__notes__", ()) if hasattr(note, "index")), None)
        step = str(note.name) if note is not None else "" if index is None else str(index)
        return _reason(first, ".".join(part for part in (path, step) if part))
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = ", ".join(sorted(str(field)[:64] for field in error.extra_fields))
        return f"{path + ': ' if path else ''}unknown field {unknown}"
    if isinstance(error, KeyError):
        return f"{path or error.args[0]}: is missing"
    return f"{path}: {error}"


def _whole(value: object, _: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("must be a whole number")
    return value


def _seconds(value: object, _: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError("must be a number of seconds")
    return float(value)


def _text(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise TypeError("must be a string")
    return value


def _yes_or_no(value: object, _: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("must be true or false")
    return value


def _usd(value: object, _: object) -> Nano:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise TypeError('must be an amount in USD, like "1.50"')
    return Nano(nano_usd(str(value)))


def _texts(value: object, _: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError("must be a list of strings")
    return tuple(value)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("must be an object")
    return value


def _budget(value: object, _: object) -> Budget:
    """`5/day` as on the command line."""
    amount, slash, period = _text(value, None).partition("/")
    if not slash or period not in get_args(Period):
        raise ValueError("must be USD/day, USD/week or USD/month, like 5/day")
    return Budget(nano=nano_usd(amount.strip()), period=period)  # type: ignore[arg-type]


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    hooks: Mapping[Any, Callable[[Any, Any], Any]] = {
        int: _whole,
        float: _seconds,
        str: _text,
        bool: _yes_or_no,
        Nano: _usd,
        Budget: _budget,
    }
    for kind, hook in hooks.items():
        converter.register_structure_hook(kind, hook)
    clocks = make_dict_structure_fn(Clocks, converter)
    converter.register_structure_hook(Clocks, lambda value, kind: clocks(_object(value), kind))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    return converter


_converter = _make_converter()


def moment(text: str, now: float, field: str, *, ahead: bool) -> int:
    """Unix seconds of a span from now (`30d`, `12h`) or a UTC date (`2027-01-31`, its start) or time (RFC 3339)."""
    if span := _span(text, field):
        try:
            then = datetime.fromtimestamp(now, UTC) + (span if ahead else -span)
        except OverflowError:
            raise InvalidRequest(f"{field}: {text[:64]!r} is too far away") from None
        return int(then.timestamp())
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{field}: {text[:64]!r} is neither a span like 30d nor a date like 2027-01-31") from None
    return int((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp())


def _span(text: str, field: str) -> timedelta | None:
    number, unit = text[:-1], text[-1:]
    if unit not in SPANS or not number.isascii() or not number.isdigit():
        return None
    try:
        return timedelta(**{SPANS[unit]: int(number)})
    except OverflowError:
        raise InvalidRequest(f"{field}: {text[:64]!r} is too long") from None
