"""Names of ours for things that were named elsewhere."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable

import attrs

from aihub_lite.domain.validation import MAX_NAME

PREFIXES = ("tok_", "chn_", "per_", "team_")
"""What our ids begin with, and no name may."""
ROOM = 8
"""Characters that stay free for a number."""


def clean(name: str, otherwise: str) -> str:
    """A name that ours may be: as it was, but for what none may hold; `otherwise` where nothing is left of it."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join("-" if char in "/\\" else char for char in text if char.isprintable()).strip()
    while text and not text[0].isalnum():
        text = text[1:]
    for prefix in PREFIXES:
        text = text.removeprefix(prefix)
    return text[:MAX_NAME].strip() or otherwise


@attrs.define
class Names:
    """Those that are taken, whatever their case."""

    _taken: set[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """With these taken."""
        return cls({name.casefold() for name in names})

    def take(self, *wanted: str) -> str:
        """The first of these that is free, else the last one with a number; it is taken from now on."""
        numbered = (f"{wanted[-1][: MAX_NAME - ROOM]}-{number}" for number in itertools.count(2))
        name = next(each for each in itertools.chain(wanted, numbered) if each.casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name
