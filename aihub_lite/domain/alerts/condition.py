"""What an operator should look at, as the overview shows it and alerts tell it: there is no second set of rules."""

from __future__ import annotations

import attrs


@attrs.frozen
class Condition:
    """Something that holds at this moment."""

    kind: str
    """Of trouble: a key of the console's texts."""
    subject: str
    """The name of what has it."""
    id: str
    """Its id; empty for the gateway's own."""
    detail: str
    """For the operator at the console: may repeat what an upstream said."""
    used: int = 0
    """Of a limit: 100 where nothing is left of it, 80 where little is; else 0."""
    part: str = ""
    """The id of the key that it is about, or of another part of its subject."""
    figure: str = ""
    """A number of ours that says how bad it is: what alerts may repeat, unlike `detail`."""
    shown: bool = True
    """Whether it is worth a line at the console: a channel that has cooled down, and that nobody has asked since, is
    not known to be well, but is not in anybody's way either."""
    sure: bool = True
    """Whether it does hold. Where nobody can say yet, what was told of it is neither told again nor over."""
