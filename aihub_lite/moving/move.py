"""What an import brings, neutral of the program that it comes from.

Everything is told in our own facts (`Channel`, `Person`, `Token`…), with empty ids: the gateway gives those. A `source`
is what the other program knows a thing by; it is remembered, so that a second import of the same thing changes nothing.
Money in nano-USD. `notes` say in plain sentences what is not as it was.
"""

from __future__ import annotations

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import Rates
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.token import Token


class Unreadable(Exception):
    """A database that no move can be read from; the text says why."""


@attrs.frozen(kw_only=True)
class Remark:
    """What becomes of one row of the other program's; `becomes` is empty for what cannot be taken."""

    noun: str
    source: str
    name: str
    becomes: str = ""
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedChannel:
    """One channel of ours, made of one row of theirs or of several with a key each."""

    sources: tuple[str, ...]
    channel: Channel
    """A `base_url` that is empty stands for the provider's own."""
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedTeam:
    """A team with its pot."""

    source: str
    team: Team
    granted_nano: int | None = None
    """What it may spend in all, what it has spent included; None: no end."""
    used_nano: int = 0
    budgets: tuple[str, ...] = ()
    """As `budget set` takes them: `5/day`, `20/30d`."""
    window_nano: int = 0
    """What their running windows have seen."""
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedPerson:
    """A person with their pot."""

    source: str
    person: Person
    team: str = ""
    """The source of their team; empty for none."""
    granted_nano: int | None = None
    used_nano: int = 0
    budgets: tuple[str, ...] = ()
    window_nano: int = 0
    """All four as of a team."""
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedToken:
    """A token whose key goes on working: its `digest` is that of the key as clients send it.

    Its quota is what was granted in all, `used_nano` included.
    """

    source: str
    token: Token
    person: str = ""
    team: str = ""
    """The sources of whose it is; both empty: the gateway's own."""
    used_nano: int = 0
    budgets: tuple[str, ...] = ()
    """Those beside the one that a token has in itself."""
    window_nano: int = 0
    """What their running windows have seen."""
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedPrice:
    """What a model cost there."""

    model: str
    """Its public id here."""
    rates: Rates
    per_request_nano: int = 0
    """For each request, beside its tokens."""
    notes: tuple[str, ...] = ()
    """Where the figures are from, among others."""


@attrs.frozen(kw_only=True)
class MovedAlias:
    """Another name of a model."""

    alias: str
    model: str
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedRoute:
    """A name that models are tried for."""

    route: NamedRoute
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class MovedCall:
    """One finished call out of the other program's log: it becomes history, and is charged to nobody again."""

    source: str
    """Different for any two calls, whatever database they are from: the import makes a request id of it."""
    started_ms: int
    model: str
    token: str = ""
    """The source of its token; empty where that is gone."""
    token_name: str = ""
    """As the log has it."""
    person: str = ""
    team: str = ""
    """Sources; empty where nobody knows."""
    channel: str = ""
    """One of the sources of its channel."""
    channel_name: str = ""
    """What it was called, for one that did not come along."""
    upstream_model: str = ""
    prompt_tokens: int = 0
    """With what was read from and written to caches."""
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_nano: int = 0
    duration_ms: int = 0
    first_byte_ms: int = 0
    streamed: bool = False
    status: int = 200
    error_code: str = ""
    """Empty for a call that went well."""


@attrs.frozen(kw_only=True)
class Move:
    """All that one database brings. Sources are unique within each list."""

    program: str
    """`one-api`, `new-api`, `litellm`, `gpt-load`."""
    channels: tuple[MovedChannel, ...] = ()
    teams: tuple[MovedTeam, ...] = ()
    people: tuple[MovedPerson, ...] = ()
    tokens: tuple[MovedToken, ...] = ()
    prices: tuple[MovedPrice, ...] = ()
    aliases: tuple[MovedAlias, ...] = ()
    routes: tuple[MovedRoute, ...] = ()
    calls: tuple[MovedCall, ...] = ()
    left: tuple[Remark, ...] = ()
    """What cannot be taken, and why."""


MOST_CALLS = 50_000
"""Of a log: the newest are taken. All are written in one commit, for which every other write waits: 85 µs of CPU each,
measured at 100,000."""
