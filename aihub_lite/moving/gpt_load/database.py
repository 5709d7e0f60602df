"""A gpt-load's database as plain facts, with its keys in plain text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import attrs

from aihub_lite.moving.move import MOST_CALLS, Unreadable
from aihub_lite.moving.opening import opened, place_of_database
from aihub_lite.moving.peer import OpenedPeer
from aihub_lite.moving.sealed import GptLoadBox, NotOpened

TABLES = frozenset({"groups", "api_keys", "system_settings", "group_sub_groups", "request_logs"})
NEEDED = ("groups", "api_keys", "system_settings")
DEFAULTS: Mapping[str, str] = {"max_retries": "3", "blacklist_threshold": "3"}
"""Settings of all groups that mean something here, as they are where nobody changed them."""
CALL_COLUMNS = (
    "id",
    "timestamp",
    "group_id",
    "group_name",
    "model",
    "is_success",
    "status_code",
    "duration",
    "request_type",
    "is_stream",
)
"""Of its log: what was asked and answered is not read."""
MOST_KEYS = 200_000


@attrs.frozen
class Key:
    """A key of an upstream."""

    value: str = attrs.field(repr=False)
    active: bool
    notes: str
    requests: int
    failures: int


@attrs.frozen
class PoolUpstream:
    """Where a group's requests go."""

    url: str
    weight: int

    @property
    def host(self) -> str:
        """Its host's name."""
        return urlsplit(self.url).hostname or self.url


@attrs.frozen(kw_only=True)
class Group:
    """A group of keys for the same upstreams, or an aggregate of such groups."""

    id: int
    name: str
    title: str
    description: str
    kind: str
    """`standard` or `aggregate`."""
    channel_type: str
    upstreams: tuple[PoolUpstream, ...]
    keys: tuple[Key, ...]
    proxy_keys: tuple[str, ...] = attrs.field(repr=False)
    param_overrides: Mapping[str, Any]
    header_rules: Sequence[Mapping[str, Any]]
    redirects: Mapping[str, Any]
    strict: bool
    config: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Call:
    """A row of its log."""

    id: str
    at_ms: int
    group_id: int
    group_name: str
    model: str
    succeeded: bool
    status: int
    duration_ms: int
    kind: str
    """`final`, or `retry` for a try that another one followed."""
    streamed: bool


@attrs.frozen(kw_only=True)
class Pool:
    """All of it."""

    groups: tuple[Group, ...]
    members: Mapping[int, Mapping[int, int]]
    """Weights of an aggregate's members, by their ids."""
    global_keys: tuple[str, ...] = attrs.field(repr=False)
    settings: Mapping[str, str]
    calls: tuple[Call, ...]

    @property
    def changed_settings(self) -> Mapping[str, str]:
        """Those of `DEFAULTS` that somebody changed."""
        return {
            name: self.settings[name] for name, usual in DEFAULTS.items() if self.settings.get(name, usual) != usual
        }


def read_pool(database: str, encryption_key: str) -> Pool:
    """What a file or a server holds; `encryption_key` is empty where there is none. Raises Unreadable."""
    with opened(database) as peer:
        return _PoolReading(peer, place_of_database(database), encryption_key).pool()


@attrs.define(eq=False)
class _PoolReading:
    peer: OpenedPeer
    name: str
    encryption_key: str
    _box: GptLoadBox | None = None

    def pool(self) -> Pool:
        tables = self.peer.tables()
        if missing := [table for table in NEEDED if table not in tables]:
            raise Unreadable(f"{self.name}: is no database of gpt-load's: it has no table {missing[0]}")
        settings = {
            str(row["setting_key"]): str(row["setting_value"] or "") for row in self.rows("system_settings", "id")
        }
        keys: dict[int, list[Key]] = {}
        for number, row in enumerate(self.rows("api_keys", "id")):
            if number >= MOST_KEYS:
                raise Unreadable(f"{self.name}: has more than {MOST_KEYS:,} keys")
            keys.setdefault(int(row["group_id"]), []).append(self.key(row))
        members: dict[int, dict[int, int]] = {}
        if "group_sub_groups" in tables:
            for row in self.rows("group_sub_groups", "id"):
                members.setdefault(int(row["group_id"]), {})[int(row["sub_group_id"])] = int(row["weight"] or 0)
        groups = tuple(self.group(row, keys) for row in self.rows("groups", "sort", "id"))
        calls: tuple[Call, ...] = ()
        if "request_logs" in tables:
            calls = tuple(self.calls())
        global_keys = _list(settings.get("proxy_keys", ""))
        return Pool(groups=groups, members=members, global_keys=global_keys, settings=settings, calls=calls)

    def rows(self, table: str, *order: str) -> Sequence[Mapping[str, Any]]:
        """All of a table, every column by its name; older releases have fewer."""
        return [_Row(row) for row in self.peer.rows(table, *order)]

    def key(self, row: Mapping[str, Any]) -> Key:
        return Key(
            value=self.opened(str(row["key_value"]), str(row["key_hash"] or "")),
            active=row["status"] == "active",
            notes=str(row["notes"] or ""),
            requests=int(row["request_count"] or 0),
            failures=int(row["failure_count"] or 0),
        )

    def opened(self, value: str, digest: str) -> str:
        """A key in plain text. Nothing but its hash tells whether it is encrypted."""
        if not digest or hashlib.sha256(value.encode()).hexdigest() == digest:
            return value
        if not self.encryption_key:
            raise Unreadable(f"{self.name}: its keys are encrypted: give --encryption-key, gpt-load's ENCRYPTION_KEY")
        if self._box is None:
            self._box = GptLoadBox.of(self.encryption_key)
        try:
            return self._box.open(value)
        except NotOpened:
            raise Unreadable(f"{self.name}: the encryption key is another one: it does not open its keys") from None

    def group(self, row: Mapping[str, Any], keys: Mapping[int, Sequence[Key]]) -> Group:
        name = str(row["name"])
        upstreams = [
            PoolUpstream(str(each.get("url") or ""), int(each.get("weight") or 0))
            for each in self.json_in(row, "upstreams", list)
            if isinstance(each, dict)
        ]
        return Group(
            id=int(row["id"]),
            name=name,
            title=str(row["display_name"] or "") or name,
            description=str(row["description"] or ""),
            kind=str(row["group_type"] or "standard"),
            channel_type=str(row["channel_type"]),
            upstreams=tuple(upstreams),
            keys=tuple(keys.get(int(row["id"]), ())),
            proxy_keys=_list(str(row["proxy_keys"] or "")),
            param_overrides=self.json_in(row, "param_overrides", dict),
            header_rules=[rule for rule in self.json_in(row, "header_rules", list) if isinstance(rule, dict)],
            redirects=self.json_in(row, "model_redirect_rules", dict),
            strict=bool(row["model_redirect_strict"]),
            config=self.json_in(row, "config", dict),
        )

    def json_in(self, row: Mapping[str, Any], column: str, kind: type) -> Any:
        """A column of JSON; what is empty there is `null` or of another kind."""
        text = row[column]
        if not text:
            return kind()
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise Unreadable(f"{self.name}: {column} of group {row['name']} is not JSON") from None
        return value if isinstance(value, kind) else kind()

    def calls(self) -> list[Call]:
        """The newest rows of the log, oldest first."""
        there = self.peer.columns("request_logs")
        columns = ", ".join(self.peer.quoted(name) for name in CALL_COLUMNS if name in there)
        at = self.peer.quoted("timestamp")
        query = f"SELECT {columns} FROM request_logs ORDER BY {at} DESC LIMIT {MOST_CALLS}"  # noqa: S608
        found = [_Row(row) for row in self.peer.query(query)]
        return [
            Call(
                id=str(row["id"]),
                at_ms=_milliseconds(str(row["timestamp"])),
                group_id=int(row["group_id"]),
                group_name=str(row["group_name"] or ""),
                model=str(row["model"] or ""),
                succeeded=bool(row["is_success"]),
                status=int(row["status_code"] or 0),
                duration_ms=int(row["duration"] or 0),
                kind=str(row["request_type"] or "final"),
                streamed=bool(row["is_stream"]),
            )
            for row in reversed(found)
        ]


class _Row(dict[str, Any]):
    """A row in which a column that an older release has not is empty."""

    def __missing__(self, _: str) -> None:
        return None


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))


def _milliseconds(text: str) -> int:
    """`2026-11-26 12:59:43.491197759+00:00`; the fractions of a second have nine digits."""
    date, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        text = f"{date}.{rest[:digits][:6]}{rest[digits:]}"
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        raise Unreadable(f"{text[:40]!r} is no time") from None
