"""The credential `sk-…` a client presents, and what it may do."""

from __future__ import annotations

import hashlib
import secrets
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Collection

Period = Literal["day", "week", "month"]
EVERY_GROUP = "*"
"""The group of tokens that may use the channels of all groups, or of the one that their base URL names."""


@attrs.frozen(kw_only=True)
class Budget:
    """A quota that refills at the start of each UTC day, week (Monday) or month. Nano-USD."""

    nano: int
    period: Period


@attrs.frozen(kw_only=True)
class Ceiling:
    """What a token may at most that a person has made for themselves, as it is said of that person."""

    group: str
    models: tuple[str, ...] = ()
    """Glob patterns; none means all."""
    rpm: int | None = None


@attrs.frozen(kw_only=True)
class Token:
    """One token as configured; what it has spent lives in the ledger. Times in Unix seconds."""

    id: str
    name: str
    digest: str
    """SHA-256 of the key in hex: the key itself is never kept."""
    hint: str
    """The key's last four characters, to tell keys apart."""
    created_at: int
    group: str = "default"
    enabled: bool = True
    quota_nano: int | None = None
    """What it may spend in total; None is unlimited."""
    budget: Budget | None = None
    models: tuple[str, ...] = ()
    """Glob patterns of allowed models; none means all."""
    expires_at: int | None = None
    rpm: int | None = None
    """Requests per minute; None takes the gateway's default, 0 is no limit."""
    tpm: int | None = None
    """Tokens (of both directions) per minute; None or 0 is no limit."""
    concurrency: int | None = None
    allow_ips: tuple[str, ...] = ()
    """Addresses in CIDR form; none means all."""
    person_id: str = ""
    """Whose it is; empty for a team's or the gateway's own."""
    team_id: str = ""
    """The team whose pot it draws from: its own, or that of its person."""
    person_enabled: bool = True
    """Whether the person that it belongs to is enabled; follows the person, and is stored with them alone."""

    self_made: bool = False
    """Whether its person has made it for themselves; never true of one without a person."""
    ceiling: Ceiling | None = None
    """What it may at most, where its person has made it; follows the person, and is stored with them alone."""

    @property
    def in_force(self) -> Token:
        """The token in the group that holds, which is its ceiling's where it has one. What is stored is never this."""
        if self.ceiling is None or self.ceiling.group == self.group:
            return self
        return attrs.evolve(self, group=self.ceiling.group)

    def rpm_in_force(self, default: int) -> int:
        """Requests per minute, where the gateway's setting is `default`: the smaller of its own and its ceiling's; 0 is
        no limit."""
        rpm = self.rpm
        if rpm is None:
            rpm = default
        if self.ceiling is None or self.ceiling.rpm is None:
            return rpm
        return min(rpm or self.ceiling.rpm, self.ceiling.rpm)

    def reaches(self, group: str) -> bool:
        """Whether it may use the channels of a group."""
        return self.group in (group, EVERY_GROUP)

    def live(self, now: float) -> bool:
        """Whether the key opens anything at Unix time `now`."""
        return self.enabled and self.person_enabled and (self.expires_at is None or now < self.expires_at)

    @property
    def limited(self) -> bool:
        """Whether what it may spend has an end."""
        return self.quota_nano is not None or self.budget is not None

    def may_use(self, names: Collection[str]) -> bool:
        """Whether any of a model's public names is allowed, by its own list and by its person's."""
        return _allows(self.models, names) and (self.ceiling is None or _allows(self.ceiling.models, names))


def _allows(globs: Collection[str], names: Collection[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for name in names for glob in globs)


def new_key() -> str:
    """A fresh key: 256 random bits, in the `sk-` form every client accepts."""
    return "sk-" + secrets.token_urlsafe(32).replace("-", "A").replace("_", "z")


def digest_of(key: str) -> str:
    """SHA-256 in hex. Keys hold 256 random bits, so a plain fast hash is enough and costs a look-up nothing."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
