"""What a translator makes of a chat request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest


@attrs.frozen
class Translated:
    """A request in another wire's words, and what could not be said in them."""

    body: dict[str, Any]
    dropped: tuple[str, ...] = ()
    """Names of the client's fields that were left out, for `x-aihub-dropped-params`."""
    names: Mapping[str, str] = attrs.field(factory=dict)
    """The client's names of functions by the names they have upstream, of those only that had to be changed."""


def check_strict(missing: Collection[str], *, strict: bool) -> None:
    """Raises InvalidRequest, when `strict`, for what would be left out."""
    if strict and missing:
        raise InvalidRequest(f"This model has no equivalent of: {', '.join(sorted(set(missing)))}.")
