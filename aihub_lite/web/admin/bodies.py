"""Bodies of the admin API: from JSON to our input classes, with a refusal that names the field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NewType, TypeVar, cast, get_args, get_origin

import attrs
import cattrs
import msgspec
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.token import Budget, Period
from aihub_lite.errors import GatewayError, InvalidRequest

Nano = NewType("Nano", int)
"""Nano-USD; in JSON a number or a text (`1.50`, `$1.50`), in USD."""
SignedNano = NewType("SignedNano", int)
"""The same, above zero or below it."""
T = TypeVar("T")

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
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


def structure(fields: Mapping[str, Any], kind: type[T]) -> T:
    """The input class from decoded JSON; unknown fields are refused, null or not: a misspelt limit is no limit."""
    known = {field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", kind))}
    given = {field: value for field, value in fields.items() if value is not None or field not in known}
    try:
        return _converter.structure(given, kind)
    except BaseValidationError as group:
        raise InvalidRequest(_reason(group)) from None


def _reason(error: Exception, path: str = "") -> str:
    """`field: what is wrong`, of the first fault that cattrs found."""
    if isinstance(error, BaseValidationError):
        first = error.exceptions[0]
        return _reason(first, ".".join(part for part in (path, _step(first)) if part))
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = ", ".join(sorted(str(field)[:64] for field in error.extra_fields))
        if path:
            return f"{path}: unknown field {unknown}"
        return f"unknown field {unknown}"
    if isinstance(error, KeyError):
        return f"{path or error.args[0]}: is missing"
    return f"{path}: {error}"


def _step(error: Exception) -> str:
    """The field or index where cattrs was, which it notes on the exception; nothing where it noted neither."""
    notes = getattr(error, "__notes__", ())
    for attribute in ("name", "index"):
        for note in notes:
            if hasattr(note, attribute):
                return str(getattr(note, attribute))
    return ""


def _whole(value: object, _: object) -> int:
    # In Python true and false are numbers; in JSON they are not.
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


def _signed_usd(value: object, kind: object) -> SignedNano:
    text = str(value).strip()
    if isinstance(value, str | int | Decimal) and text.startswith("-"):
        return SignedNano(-_usd(text.removeprefix("-"), kind))
    return SignedNano(_usd(value, kind))


def _texts(value: object, _: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError("must be a list of strings")
    return tuple(value)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("must be an object")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("must be a list")
    return value


def _budget(value: object, _: object) -> Budget:
    """From text such as `5/day`, as the command line takes it."""
    amount, slash, period = _text(value, None).partition("/")
    if not slash or period not in get_args(Period):
        raise ValueError("must be USD/day, USD/week or USD/month, like 5/day")
    return Budget(nano=nano_usd(amount.strip()), period=period)  # type: ignore[arg-type]


def _are_objects(kind: Any) -> bool:
    return get_origin(kind) is tuple and attrs.has(get_args(kind)[0])


def _read_object(kind: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """For one of our own classes; anything but an object is refused."""
    read_fields = make_dict_structure_fn(kind, converter)
    return lambda value, _: read_fields(_object(value), kind)


def _read_objects(kind: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """For a list of them."""
    read_list = converter.get_structure_hook(list[get_args(kind)[0]])  # type: ignore[misc]
    return lambda value, _: tuple(read_list(_list(value), list))


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    hooks: Mapping[Any, Callable[[Any, Any], Any]] = {
        int: _whole,
        float: _seconds,
        str: _text,
        bool: _yes_or_no,
        Nano: _usd,
        SignedNano: _signed_usd,
        Budget: _budget,
    }
    for kind, hook in hooks.items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_factory(attrs.has, lambda kind: _read_object(kind, converter))
    converter.register_structure_hook_factory(_are_objects, lambda kind: _read_objects(kind, converter))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    return converter


_converter = _make_converter()


def moment(text: str, now: float, field: str, *, ahead: bool) -> int:
    """Unix seconds of a span before or after now (`30d`, `12h`), a UTC date (its start) or a time in RFC 3339.

    Raises InvalidRequest, which names the field.
    """
    span = _span(text, field)
    try:
        if span is None:
            then = _date(text, field)
        elif ahead:
            then = datetime.fromtimestamp(now, UTC) + span
        else:
            then = datetime.fromtimestamp(now, UTC) - span
    except OverflowError:
        raise InvalidRequest(f"{field}: {text[:64]!r} is too far away") from None
    return int(then.timestamp())


def _date(text: str, field: str) -> datetime:
    """In UTC; raises OverflowError for one that is beyond the calendar there."""
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{field}: {text[:64]!r} is neither a span like 30d nor a date like 2027-01-31") from None
    if then.tzinfo is None:
        return then.replace(tzinfo=UTC)
    return then.astimezone(UTC)


def _span(text: str, field: str) -> timedelta | None:
    number = text[:-1]
    unit = text[-1:]
    if unit not in UNITS or not number.isascii() or not number.isdigit():
        return None
    try:
        return timedelta(**{UNITS[unit]: int(number)})
    except (OverflowError, ValueError):  # Python makes no number of thousands of digits
        raise InvalidRequest(f"{field}: {text[:64]!r} is too long") from None


ACTIONS = ("enable", "disable", "group", "delete")
"""What can be done to many rows of a list at once."""
MOST_AT_ONCE = 1000
"""Rows of one such change."""


@attrs.frozen(kw_only=True)
class ManyInput:
    """Body of a change of many rows, each by name or id; `group` is the one that `do: group` moves them to."""

    refs: tuple[str, ...]
    do: str
    group: str | None = None


def read_many(body: bytes, more: tuple[str, ...] = ()) -> ManyInput:
    """From the body, where `more` can be done to what it is about; raises InvalidRequest."""
    request = read(body, ManyInput)
    if request.do not in ACTIONS + more:
        raise InvalidRequest(f"do: must be one of {', '.join(ACTIONS + more)}")
    if not request.refs:
        raise InvalidRequest("refs: must not be empty")
    if len(request.refs) > MOST_AT_ONCE:
        raise InvalidRequest(f"refs: must hold at most {MOST_AT_ONCE} entries")
    if request.do == "group" and not request.group:
        raise InvalidRequest("group: is missing")
    if request.do != "group" and request.group is not None:
        raise InvalidRequest("group: is for do: group alone")
    return request


async def done_to_each(request: ManyInput, change: Callable[[str], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """One after the other; `failed` says of which it was refused, and why: the others are `done` all the same."""
    done = []
    failed = []
    for ref in dict.fromkeys(request.refs):
        try:
            done.append(await change(ref))
        except GatewayError as error:
            failed.append({"ref": ref, "message": error.message})
    return {"done": done, "failed": failed}
