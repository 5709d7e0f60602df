"""Facts as the audit log shows them: flat, short, and without anything that opens something.

Whatever is a `Secret`, and every field whose name sounds like one, is shown as `HIDDEN`: a field that is added later is
hidden sooner than told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from aihub_lite.domain.channel import ChannelKey, Offer
from aihub_lite.domain.hours import HourSpan
from aihub_lite.domain.money import plain, usd
from aihub_lite.domain.overrides import Header, Param, Secret
from aihub_lite.domain.people.audit import Values
from aihub_lite.domain.route import DayHours, RouteStep
from aihub_lite.domain.token import Budget

HIDDEN = "…"
SECRET = re.compile(r"secret|password|passwd|token_?$|key(?:file)?$|digest|hash|credential|proxy|cookie")
"""Names of fields whose values are not told."""
LONGEST = 200
"""Characters of a text."""
MOST = 20
"""Entries of a list."""
USER_INFO = re.compile(r"//[^/@\s]*@")
"""Of a URL."""
LEFT_OUT = frozenset({"id", "created_at", "person_enabled", "ceiling", "origin", "hint"})
"""What is never changed, or follows from what is."""
NAMES = {"digest": "key"}
"""What a field is called here where it is called otherwise."""
HIDDEN_FIELDS = frozenset({"system_prefix"})
"""What may hold text of conversations."""
Facts = dict[str, object]


def _key_text(key: ChannelKey) -> str:
    state = ""
    if key.disabled:
        state = " (out of use)"
    return f"{key.id}{state}"


def _offer_text(offer: Offer) -> str:
    if offer.model == offer.upstream_model:
        return offer.model
    return f"{offer.model}={offer.upstream_model}"


def _step_text(step: RouteStep) -> str:
    told = {field: value for field, value in facts_of(step.when).items() if value not in (None, "")}
    if not told:
        return step.model
    return f"{step.model} ({', '.join(f'{field} {value}' for field, value in told.items())})"


TEXTS: Mapping[type, Callable[[Any], str]] = {
    Secret: lambda _: HIDDEN,
    Budget: lambda budget: f"{plain(usd(budget.nano))}/{budget.period}",
    ChannelKey: _key_text,
    Offer: _offer_text,
    Header: lambda header: header.name,
    Param: lambda param: param.path,
    RouteStep: _step_text,
    DayHours: lambda hours: hours.text,
    HourSpan: lambda span: span.text,
}
"""How a fact is told in one word. Of a key its id alone, of a header its name, of a parameter its path."""


def facts_of(thing: object) -> Facts:
    """What is told of a fact, by field; of nothing nothing, and a plain value as `value`."""
    if thing is None:
        return {}
    if not attrs.has(type(thing)):
        return {"value": _shown("value", thing)}
    return {name: told for field in _told_fields(thing) for name, told in _facts_in(thing, field).items()}


def differences(old: object, new: object) -> dict[str, Values]:
    """Before and after of what is otherwise, by field; both are `HIDDEN` where what is told of them is the same."""
    if old is None or new is None or not attrs.has(type(new)):
        return _unlike(facts_of(old), facts_of(new))
    fields: dict[str, Values] = {}
    for field in _told_fields(new):
        was, now = getattr(old, field), getattr(new, field)
        if was == now:
            continue
        if type(was) is type(now) and _has_fields(now):
            fields.update({f"{field}.{name}": values for name, values in differences(was, now).items()})
        else:
            fields.update(_unlike(_facts_in(old, field), _facts_in(new, field)) or {_named(field): (HIDDEN, HIDDEN)})
    return fields


def _has_fields(value: object) -> bool:
    """Whether it is a fact that is told field by field."""
    return attrs.has(type(value)) and type(value) not in TEXTS


def _unlike(was: Facts, now: Facts) -> dict[str, Values]:
    names = [*was, *(name for name in now if name not in was)]
    return {name: _shortened(was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)}


def _shortened(was: object, now: object) -> Values:
    """Of two long lists what only one of them has, and of any list no more than anybody reads."""
    if isinstance(was, list) and isinstance(now, list) and max(len(was), len(now)) > MOST:
        gone = [item for item in was if item not in now]
        new = [item for item in now if item not in was]
        return _cut_list(gone), _cut_list(new)
    return _cut_list(was), _cut_list(now)


def _cut_list(value: object) -> object:
    if not isinstance(value, list) or len(value) <= MOST:
        return value
    return [*value[:MOST], f"… {len(value) - MOST} more"]


def _told_fields(thing: object) -> list[str]:
    fields = attrs.fields(type(thing))  # type: ignore[arg-type]
    return [field.name for field in fields if field.name not in LEFT_OUT]


def _facts_in(thing: object, field: str) -> Facts:
    """What is told of one field, of a fact in it as `outer.inner`."""
    value = getattr(thing, field)
    if _has_fields(value):
        return {f"{field}.{name}": told for name, told in facts_of(value).items()}
    name, value = _in_usd(type(thing).__name__, field, value)
    return {_named(name): _shown(name, value)}


def _named(field: str) -> str:
    return NAMES.get(field, field)


def _in_usd(kind: str, name: str, value: object) -> tuple[str, object]:
    """Amounts in USD, and times as people write them, under the names that the admin API has for them."""
    if not isinstance(value, int) or isinstance(value, bool):
        return name.removesuffix("_nano"), value
    if name.endswith("_nano") or kind.endswith("Rates"):
        return name.removesuffix("_nano"), plain(usd(value))
    if name.endswith("_at"):
        return name, datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return name, value


def _shown(name: str, value: object) -> object:
    if value is None or value == () or value == "":
        return None
    if SECRET.search(name) or name in HIDDEN_FIELDS:
        return HIDDEN
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, tuple | list | frozenset):
        return [_shown("", item) for item in value]
    if type(value) in TEXTS:
        return TEXTS[type(value)](value)
    if attrs.has(type(value)):
        told = {field: inner for field, inner in facts_of(value).items() if inner is not None}
        return cut(", ".join(f"{field} {inner}" for field, inner in told.items()))
    return cut(str(value))


def cut(text: str) -> str:
    """A text without user names and passwords of URLs in it, and no longer than it is of use."""
    text = USER_INFO.sub(f"//{HIDDEN}@", text)
    if len(text) > LONGEST:
        return text[:LONGEST] + "…"
    return text
