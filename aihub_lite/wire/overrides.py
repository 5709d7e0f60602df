"""A channel's parameters in one upstream's body: what is dropped, given by default and set, by dotted paths."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import attrs

from aihub_lite.domain.overrides import Overrides, Param, place_of
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.foreign_json import decode_strict
from aihub_lite.wire.json_types import JsonObject

Path = tuple[str, ...]
MOST_CHANNELS = 1024
"""Channels with overrides whose paths are remembered taken apart, times their endpoints."""
TWINS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""Two spellings of one field of chat's, of which an upstream takes one."""
OPTIONS = "stream_options"
"""Refused by OpenAI in a request that is not streamed."""


@attrs.frozen
class BodyEdits:
    """What one channel changes in the bodies of one endpoint."""

    drops: tuple[Path, ...]
    defaults: tuple[tuple[Path, bytes], ...]
    sets: tuple[tuple[Path, bytes], ...]

    def __bool__(self) -> bool:
        return bool(self.drops or self.defaults or self.sets)

    def apply(self, body: JsonObject, assumed: tuple[str, ...] = ()) -> None:
        """Change a body that nobody else has. `assumed`: fields at its top that are there for want of the client's."""
        for path in self.drops:
            _drop(body, path)
        for path, value in self.defaults:
            spelt = _spelt(body, path)
            if _is_wanted(body, path) and (_value_at(body, spelt) is None or spelt[0] in assumed):
                _put(body, spelt, value)
        for path, value in self.sets:
            if _is_wanted(body, path):
                _put(body, _spelt(body, path), value)


@lru_cache(maxsize=MOST_CHANNELS)
def edits_of(overrides: Overrides, endpoint: str) -> BodyEdits:
    """What a channel changes in the bodies of an endpoint."""
    drops = (place_of(path) for path in overrides.drop_params)
    return BodyEdits(
        tuple(place.parts for place in drops if place.endpoint in ("", endpoint)),
        _values(overrides.default_params, endpoint),
        _values(overrides.set_params, endpoint),
    )


def _values(params: tuple[Param, ...], endpoint: str) -> tuple[tuple[Path, bytes], ...]:
    """Kept as JSON: what is decoded anew for each body can be changed in it."""
    placed = ((place_of(param.path), param.value.encode()) for param in params)
    return tuple((place.parts, value) for place, value in placed if place.endpoint in ("", endpoint))


def _is_wanted(body: JsonObject, path: Path) -> bool:
    return path[0] != OPTIONS or bool(body.get("stream"))


def _spelt(body: JsonObject, path: Path) -> Path:
    """The same by the spelling that the body has already, for this model."""
    twin = TWINS.get(path[0])
    if twin is None or len(path) > 1 or twin not in body or path[0] in body:
        return path
    return (twin,)


def _value_at(body: JsonObject, path: Path) -> Any:
    """None where there is none; what is no object has no fields."""
    value: Any = body
    for name in path:
        if not isinstance(value, dict):
            return value
        value = value.get(name)
    return value


def _drop(body: JsonObject, path: Path) -> None:
    holder: Any = body
    for name in path[:-1]:
        holder = holder.get(name)
        if not isinstance(holder, dict):
            return
    holder.pop(path[-1], None)


def _put(body: JsonObject, path: Path, value: bytes) -> None:
    holder = body
    for name in path[:-1]:
        inner = holder.get(name)
        if not isinstance(inner, dict):
            inner = holder[name] = {}
        holder = inner
    holder[path[-1]] = decode_strict(value)


CONVERSATIONS = frozenset({"chat", "messages", "responses"})
"""Surfaces whose requests have a system prompt."""
READ_BY_MODELS = frozenset({"tools", "functions", "response_format", "text", "generationConfig", "output_config"})
"""Fields of bodies that a model reads beside the conversation."""


def added_tokens(overrides: Overrides, surface: str) -> int:
    """Tokens of a prompt that are the operator's, by our own count."""
    if surface not in CONVERSATIONS:
        return 0
    params = (*overrides.default_params, *overrides.set_params)
    read = [param.value for param in params if place_of(param.path).parts[0] in READ_BY_MODELS]
    return sum(tokens_in(text) for text in (overrides.system_prefix, *read))
