"""The plan of one import while it is made: what arrives, and what is said of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from aihub_lite.errors import GatewayError
from aihub_lite.gateway.core import Gateway
from aihub_lite.moving.move import Move, Remark
from aihub_lite.storage.moving.arrivals import Arrivals, Source

KNOWN = "moved before"
Said = tuple[str, str, Sequence[str]]
"""Our id of what a row becomes, what that is in words, and the notes."""


@attrs.define(eq=False)
class Planning:
    """Everything here stays as it is: what arrives gives way where the two collide. Nothing is written."""

    gateway: Gateway
    move: Move
    known: Mapping[Source, str]
    """What was moved in before."""
    arrivals: Arrivals = attrs.field(factory=Arrivals)
    rows: list[Remark] = attrs.field(factory=list)
    now: int = attrs.field(init=False, default=attrs.Factory(lambda self: int(self.gateway.clock.wall()), True))

    def our_id(self, noun: str, source: str) -> str:
        """Of something that came now or before; empty where it did not."""
        return self.arrivals.sources.get((noun, source)) or self.known.get((noun, source), "")

    def say(self, noun: str, source: str, name: str, becomes: str, notes: Sequence[str] = ()) -> None:
        """What becomes of a row."""
        self.rows.append(Remark(noun=noun, source=source, name=name, becomes=becomes, notes=tuple(notes)))

    def add(self, noun: str, name: str, sources: Sequence[str], make: Callable[[], Said]) -> None:
        """One thing: known already, made, or left where a check refuses it."""
        shown = ", ".join(sources)
        if known := [source for source in sources if (noun, source) in self.known]:
            later = [source for source in sources if source not in known]
            self.say(noun, shown, name, KNOWN, [f"{', '.join(later)} came there since, and stays behind"] * bool(later))
            return
        try:
            our_id, becomes, notes = make()
        except GatewayError as error:
            self.say(noun, shown, name, "", [error.message])
            return
        self.arrivals.sources.update({(noun, source): our_id for source in sources})
        self.say(noun, shown, name, becomes, notes)


def renamed(before: str, after: str) -> list[str]:
    """The note of a thing that has another name here."""
    if before == after:
        return []
    return [f"was called {before!r}"]
