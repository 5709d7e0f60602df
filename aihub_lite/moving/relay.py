"""What one-api and its descendant new-api keep in the same way: people, tokens, channels, groups, the log.

Each program's own module says what differs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

import attrs

from aihub_lite.domain.channel import Channel, ChannelKey, keys_of
from aihub_lite.domain.people.person import Person, Role
from aihub_lite.domain.token import Token, digest_of
from aihub_lite.domain.validation import check_model, check_network
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.move import (
    MovedCall,
    MovedPerson,
    MovedPrice,
    MovedToken,
    Remark,
    Unreadable,
)
from aihub_lite.moving.peer import OpenedPeer, Row, json_object, whole
from aihub_lite.moving.ratios import Money, money_of

ENABLED, DISABLED, EXPIRED, EXHAUSTED = 1, 2, 3, 4
DISABLED_BY_ITSELF = 3
"""Of channels and keys; of tokens it says that they are expired."""
ROLES: Mapping[int, Role] = {100: "owner", 10: "admin", 1: "member"}
CONSUMED = 2
"""The type of a call's row in the log."""
GLOB = re.compile(r"([*?\[])")
SETTING = {"QuotaForNewUser": "settings set starting_credit {usd}"}


@attrs.frozen
class Deal:
    """One way a model is offered: at a channel, and billed by a name."""

    channel: str
    type_number: int
    model: str
    billed: str
    priority: int


@attrs.define(eq=False)
class Relay:
    """Reads one database."""

    program: ClassVar[Literal["one-api", "new-api"]]
    own_column: ClassVar[str]
    """A column of its tokens that the other program has not."""
    log_types: ClassVar[Mapping[int, str]]
    weighs: ClassVar[bool] = False
    """Whether it goes by the weights of channels."""

    peer: OpenedPeer
    log: OpenedPeer
    """The database that its log is in: the same one, unless that program was told of another."""
    options: Mapping[str, str] = attrs.field(init=False)
    money: Money = attrs.field(init=False)
    users: Mapping[int, Row] = attrs.field(init=False)
    """Those that were not deleted, by id."""
    gone: Mapping[int, Row] = attrs.field(init=False)
    tokens: Sequence[Row] = attrs.field(init=False)
    channels: Sequence[Row] = attrs.field(init=False)
    groups: frozenset[str] = attrs.field(init=False)
    """Those that anybody is in."""
    deals: list[Deal] = attrs.field(factory=list)
    left: list[Remark] = attrs.field(factory=list)
    served: dict[int, dict[str, str]] = attrs.field(factory=dict)
    """Sources of channels of ours, by their id there and their group."""

    def __attrs_post_init__(self) -> None:
        self._check_program()
        self.options = {str(row["key"]): str(row["value"] or "") for row in self.peer.rows("options")}
        self.money = money_of(self.options)
        users = {whole(row["id"]): row for row in self.peer.rows("users")}
        self.gone = {number: row for number, row in users.items() if self.is_deleted(row)}
        self.users = {number: row for number, row in users.items() if number not in self.gone}
        self.tokens = self.peer.rows("tokens")
        self.channels = self.peer.rows("channels")
        kept = [row for row in self.tokens if whole(row["user_id"]) in self.users and not row.get("deleted_at")]
        self.groups = frozenset(
            [str(row["group"] or "default") for row in self.users.values()] + [self.group_of(row) for row in kept]
        )

    def _check_program(self) -> None:
        missing = {"channels", "users", "tokens", "options"} - self.peer.tables()
        if self.log is self.peer:
            missing |= {"logs"} - self.peer.tables()
        if missing:
            raise Unreadable(f"this is no database of {self.program}: it has no table {', '.join(sorted(missing))}")
        if "logs" not in self.log.tables():
            raise Unreadable(f"there is no log of {self.program} in the log database: it has no table logs")
        if self.own_column not in self.peer.columns("tokens"):
            other = {"one-api": "new-api", "new-api": "one-api"}[self.program]
            raise Unreadable(f"this is no database of {self.program}: for one of {other}, say `import {other}`")

    # What differs from program to program.

    def is_deleted(self, user: Row) -> bool:
        """Whether a user is deleted, though their row is there."""
        raise NotImplementedError

    def group_of(self, token: Row) -> str:
        """The group whose channels a token may use."""
        raise NotImplementedError

    def models_of(self, token: Row) -> tuple[bool, list[str]]:
        """Whether a token may use some models alone, and which."""
        raise NotImplementedError

    def networks_of(self, token: Row) -> list[str]:
        """Where a token may be used from; empty for anywhere."""
        raise NotImplementedError

    def upstream_model(self, channel: Row, model: str) -> str:
        """A model's name at its channel's upstream."""
        raise NotImplementedError

    def billed(self, channel: Row, model: str) -> str:
        """The name that a call is billed by."""
        return model

    def keys(self, channel: Row) -> tuple[ChannelKey, ...]:
        """A channel's keys, each with its state."""
        return keys_of([str(channel["key"] or "").strip()])

    def adorned(self, row: Row, channel: Channel, notes: list[str]) -> Channel:
        """The channel with what else that program sends or does; `notes` takes what it cannot have here."""
        raise NotImplementedError

    def prices(self) -> Iterator[MovedPrice]:
        """What it bills for each model that is offered."""
        raise NotImplementedError

    def calls(self) -> Iterator[MovedCall]:
        """Its log, newest first; `left` takes what is no call."""
        raise NotImplementedError

    # What does not.

    def leave(self, noun: str, source: object, name: object, *why: str) -> None:
        """Say that a row stays behind."""
        self.left.append(Remark(noun=noun, source=str(source), name=str(name), notes=why))

    def person(self, row: Row) -> MovedPerson:
        """A user who may sign in; what is left of their quota is what they may spend here."""
        used = self.money.nano(whole(row["used_quota"]))
        notes: list[str] = []
        if row["display_name"] and str(row["display_name"]).casefold() != str(row["username"]).casefold():
            notes.append(f"shown there as {row['display_name']!r}")
        if row.get("remark"):
            notes.append(f"remark there: {row['remark']}")
        return MovedPerson(
            source=self.user_source(row),
            person=Person(
                id="",
                name=str(row["username"]),
                created_at=whole(row.get("created_at")),
                role=ROLES.get(whole(row["role"]), "member"),
                email=str(row["email"] or "") or None,
                enabled=whole(row["status"]) == ENABLED,
                token_group=str(row["group"] or "default"),
            ),
            granted_nano=self.money.nano(whole(row["quota"])) + used,
            used_nano=used,
            notes=tuple(notes),
        )

    def user_source(self, row: Row) -> str:
        """Ids are the same in every installation: beside it stands what is not."""
        return f"{row['id']}.{row['aff_code'] or row['username']}"

    def token_source(self, row: Row) -> str:
        """As `user_source`."""
        return f"{row['id']}.{row['created_time']}"

    def channel_source(self, row: Row, group: str) -> str:
        """As `user_source`; a channel comes once for each group."""
        return f"{row['id']}.{row['created_time']}@{group}"

    def token(self, row: Row) -> MovedToken | None:
        """A token, unless it opens nothing any more."""
        if row.get("deleted_at"):
            self.leave("token", row["id"], row["name"], "was deleted there")
            return None
        if whole(row["user_id"]) not in self.users:
            self.leave("token", row["id"], row["name"], "its user was deleted there")
            return None
        notes: list[str] = []
        key = f"sk-{str(row['key']).strip()}"
        used, remaining = self.money.nano(self.used(row)), self.money.nano(whole(row["remain_quota"]))
        quota = None
        if not whole(row["unlimited_quota"]):
            quota = max(remaining + used, 0)
        expires = None
        if whole(row["expired_time"]) > 0:
            expires = whole(row["expired_time"])
        enabled = self.is_enabled(row, notes)
        models, networks = self.allowed_models(row, notes), self.allowed_networks(row, notes)
        token = Token(
            id="",
            name=str(row["name"] or ""),
            digest=digest_of(key),
            hint=key[-4:],
            created_at=whole(row["created_time"]),
            group=self.group_of(row),
            enabled=enabled and models is not None and networks is not None,
            quota_nano=quota,
            expires_at=expires,
            models=models or (),
            allow_ips=networks or (),
        )
        owner = self.users[whole(row["user_id"])]
        return MovedToken(
            source=self.token_source(row),
            token=token,
            person=self.user_source(owner),
            used_nano=used,
            notes=tuple(notes),
        )

    def used(self, row: Row) -> int:
        """Units of quota that a token used."""
        return whole(row["used_quota"])

    def is_enabled(self, row: Row, notes: list[str]) -> bool:
        """Whether a person switched it off. An expiry, or a quota that is spent, speaks for itself here."""
        status = whole(row["status"])
        if status == EXPIRED:
            notes.append("expired there")
            return whole(row["expired_time"]) > 0
        if status == EXHAUSTED:
            notes.append("its quota was spent there")
            return whole(row["remain_quota"]) <= 0 and not whole(row["unlimited_quota"])
        return status == ENABLED

    def allowed_models(self, row: Row, notes: list[str]) -> tuple[str, ...] | None:
        """Names as patterns of ours; None where some are allowed and none of them can be asked for."""
        limited, names = self.models_of(row)
        if not limited:
            return ()
        allowed = [GLOB.sub(r"[\1]", name) for name in names if is_model(name)]
        notes += [f"model {name!r} cannot be asked for here" for name in names if not is_model(name)]
        if not allowed:
            notes.append("may use no model: disabled, for an empty list would allow all of them here")
            return None
        return tuple(dict.fromkeys(allowed))

    def allowed_networks(self, row: Row, notes: list[str]) -> tuple[str, ...] | None:
        """None where one cannot be read: the token may then be used from nowhere."""
        try:
            return tuple(check_network(text) for text in self.networks_of(row))
        except InvalidRequest as error:
            notes.append(f"{error.message}: disabled, for without the list it could be used from anywhere")
            return None

    def channel_of_call(self, row: Row, group: str) -> tuple[str, str]:
        """The source of a call's channel; without one, what to call it."""
        number = whole(row["channel_id"])
        sources = self.served.get(number)
        if sources is None:
            return "", f"channel {number}"
        return sources.get(group) or next(iter(sources.values())), ""

    def caller(self, row: Row) -> tuple[str, str]:
        """The source of who made a call, empty for nobody who comes along, and their group."""
        user = self.users.get(whole(row["user_id"]))
        if user is None:
            return "", "default"
        return self.user_source(user), str(user["group"] or "default")

    def saved(self, option: str) -> dict[str, Any] | None:
        """An option that is a JSON object; None where nobody ever saved it."""
        if option not in self.options:
            return None
        return json_object(self.options[option])

    def group_ratio(self, group: str) -> Decimal:
        """How often the price a group pays."""
        return Decimal(json_object(self.options.get("GroupRatio")).get(group, 1))

    def leave_groups(self) -> None:
        """What groups paid: here a model has one price for everybody."""
        of_default = self.group_ratio("default")
        for group in sorted(self.groups):
            ratio = self.group_ratio(group)
            if ratio != of_default:
                why = f"paid {ratio} times the price there, group default {of_default}: here all pay that of default"
                self.leave("group", group, group, why)


def is_model(name: str) -> bool:
    """Whether a model may have that name here."""
    try:
        check_model(name, "model")
    except InvalidRequest:
        return False
    return True


def call_source(row: Row) -> str:
    """Different for any two calls, of whatever database; begins with the time, so that they lie together."""
    what = "|".join(str(row.get(name)) for name in ("request_id", "username", "token_name", "model_name", "quota"))
    return f"{row['created_at']}-{row['id']}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"
