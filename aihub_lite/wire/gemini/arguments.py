"""Arguments of function calls that Vertex streams piece by piece.

It does so only when asked (`streamFunctionCallArguments`), which we never do; but an answer that was asked for
otherwise, by a base URL's own settings, must not lose its calls::

    {"name": "f", "willContinue": true}
    {"partialArgs": [{"jsonPath": "$.a[0].b", "stringValue": "x", "willContinue": true}], "willContinue": true}
    {}
"""

from __future__ import annotations

import itertools
import re

import attrs

from aihub_lite.wire.json_types import JsonObject, JsonView, dicts_in

STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")
MAX_INDEX = 10_000
"""A longer list is nonsense, and filling it up would eat the memory."""


@attrs.define
class OpenCall:
    """A call that is not complete yet."""

    call: JsonObject
    """`functionCall` as it will be when it is."""
    part: JsonView
    """What stood beside it: the signature."""
    _open_texts: set[str] = attrs.field(factory=set)
    """Paths of the texts that go on."""

    def add(self, function_call: JsonView) -> None:
        """Puts each argument of one more piece where its path says."""
        for piece in dicts_in(function_call.get("partialArgs")):
            if isinstance(path := piece.get("jsonPath"), str):
                self._put(path, piece)

    def _put(self, path: str, piece: JsonView) -> None:
        steps = _steps(path)
        if not steps:
            return
        value = _value(piece)
        holder: object = self.call.setdefault("args", {})
        for step, following in itertools.pairwise(steps):
            holder = _inside(holder, step, following)
        if path in self._open_texts and isinstance(value, str):
            begun = _at(holder, steps[-1])
            if isinstance(begun, str):
                value = begun + value
        _set(holder, steps[-1], value)
        if piece.get("willContinue") is True:
            self._open_texts.add(path)
        else:
            self._open_texts.discard(path)


def _steps(path: str) -> list[str | int]:
    """Names and positions of a JSON path."""
    steps: list[str | int] = []
    for name, position, quoted in STEP.findall(path.removeprefix("$")):
        if position:
            steps.append(min(int(position), MAX_INDEX))
        else:
            steps.append(name or quoted)
    return steps


def _value(piece: JsonView) -> object:
    """None also where it is said to be (`nullValue`)."""
    for name in ("stringValue", "numberValue", "boolValue"):
        if name in piece:
            return piece[name]
    return None


def _at(holder: object, step: str | int) -> object:
    """What is at a step; None where nothing is, or where no such step can be taken."""
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        return holder[step]
    return None


def _set(holder: object, step: str | int, value: object) -> None:
    if isinstance(holder, dict):
        holder[str(step)] = value
    elif isinstance(holder, list) and isinstance(step, int):
        holder.extend([None] * (step + 1 - len(holder)))
        holder[step] = value


def _inside(holder: object, step: str | int, following: str | int) -> object:
    """The list or object at a step, put there if there is none."""
    inner = _at(holder, step)
    if isinstance(inner, dict | list):
        return inner
    inner = [] if isinstance(following, int) else {}
    _set(holder, step, inner)
    return inner
