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
from collections.abc import Mapping
from typing import Any

import attrs

STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")
MAX_INDEX = 10_000
"""A longer list is nonsense, and filling it up would eat the memory."""


@attrs.define
class OpenCall:
    """A call that is not complete yet."""

    call: dict[str, Any]
    """`functionCall` as it will be when it is."""
    part: dict[str, Any]
    """What stood beside it: the signature."""
    _texts: set[str] = attrs.field(factory=set)
    """Paths of the texts that go on."""

    def add(self, function_call: Mapping[str, Any]) -> None:
        """One more piece."""
        pieces = function_call.get("partialArgs")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, Mapping) and isinstance(path := piece.get("jsonPath"), str):
                self._put(path, piece)

    def _put(self, path: str, piece: Mapping[str, Any]) -> None:
        steps = _steps(path)
        if not steps:
            return
        value = _value(piece)
        holder: Any = self.call.setdefault("args", {})
        for step, following in itertools.pairwise(steps):
            holder = _inside(holder, step, following)
        if path in self._texts and isinstance(value, str):
            known = _at(holder, steps[-1])
            value = known + value if isinstance(known, str) else value
        _set(holder, steps[-1], value)
        if piece.get("willContinue") is True:
            self._texts.add(path)
        else:
            self._texts.discard(path)


def _steps(path: str) -> list[str | int]:
    """Names and positions of a JSON path."""
    found: list[str | int] = []
    for name, position, quoted in STEP.findall(path.removeprefix("$")):
        found.append(min(int(position), MAX_INDEX) if position else name or quoted)
    return found


def _value(piece: Mapping[str, Any]) -> Any:
    for name in ("stringValue", "numberValue", "boolValue"):
        if name in piece:
            return piece[name]
    return None


def _at(holder: Any, step: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        return holder[step]
    return None


def _set(holder: Any, step: str | int, value: Any) -> None:
    if isinstance(holder, dict):
        holder[str(step)] = value
    elif isinstance(holder, list) and isinstance(step, int):
        holder.extend([None] * (step + 1 - len(holder)))
        holder[step] = value


def _inside(holder: Any, step: str | int, following: str | int) -> Any:
    """The list or object at a step, made if it is not there."""
    known = _at(holder, step)
    if not isinstance(known, dict | list):
        known = [] if isinstance(following, int) else {}
        _set(holder, step, known)
    return known
