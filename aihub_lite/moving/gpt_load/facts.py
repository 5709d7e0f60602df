"""What becomes of a gpt-load: a channel for each upstream of a group, in a group of its name; a token for each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import gcd
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.channel import Channel, ChannelKey, Clocks, Offer
from aihub_lite.domain.overrides import NONE, Header, Overrides, Param, Secret, check_overrides
from aihub_lite.domain.patterns import STAR
from aihub_lite.domain.token import EVERY_GROUP, Token, digest_of
from aihub_lite.domain.way_out import WayOut, checked_way_out
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.gpt_load.database import Group, Key, Pool, PoolUpstream
from aihub_lite.moving.gpt_load.kinds import kind_of
from aihub_lite.moving.move import MOST_CALLS, Move, MovedCall, MovedChannel, MovedToken, Remark

INVALID = "found invalid by gpt-load"
NO_LIMIT = 0
"""gpt-load had none: the default of a gateway must not refuse who was served."""
MOST_WEIGHT = 1_000_000


def move_of(pool: Pool, now: int) -> Move:
    """Everything, as facts of ours."""
    return _Facts(pool, now).move()


@attrs.frozen
class _Place:
    """A standard group's upstream, with its share of what its own group or an aggregate is asked."""

    group: Group
    upstream: PoolUpstream
    weight: int


@attrs.define(eq=False)
class _Facts:
    pool: Pool
    now: int
    left: list[Remark] = attrs.field(factory=list)

    def move(self) -> Move:
        channels = [*self._standard(), *self._aggregates()]
        tokens = self._tokens()
        calls = self._calls()
        self._settings()
        return Move(
            program="gpt-load",
            channels=tuple(channels),
            tokens=tuple(tokens),
            calls=tuple(calls),
            left=tuple(self.left),
        )

    def _standard(self) -> Iterator[MovedChannel]:
        for group in self.pool.groups:
            if group.kind != "standard":
                continue
            for place in self._places(group):
                source, name = group.name, group.title
                if len(group.upstreams) > 1:
                    source += f" {place.upstream.url}"
                    name += f" ({place.upstream.host})"
                yield from self._channel(place, source, name, group.name, ())

    def _aggregates(self) -> Iterator[MovedChannel]:
        """A copy of each member's channels: a channel serves one group."""
        for aggregate in self.pool.groups:
            if aggregate.kind != "aggregate":
                continue
            shares = self.pool.members.get(aggregate.id, {})
            places = [
                _Place(place.group, place.upstream, place.weight * share * 1000 // sum_of(place.group))
                for group in self.pool.groups
                if (share := shares.get(group.id, 0)) > 0 and group.kind == "standard"
                for place in self._places(group)
            ]
            common = gcd(*(place.weight for place in places))
            for place in places:
                source = f"{aggregate.name}/{place.group.name} {place.upstream.url}"
                name = f"{aggregate.title}: {place.group.title}"
                if len(place.group.upstreams) > 1:
                    name += f" ({place.upstream.host})"
                note = f"for the aggregate {aggregate.name}: the same keys as the channel of {place.group.name}"
                weight = max(min(place.weight // max(common, 1), MOST_WEIGHT), 1)
                yield from self._channel(attrs.evolve(place, weight=weight), source, name, aggregate.name, (note,))

    def _places(self, group: Group) -> list[_Place]:
        """A group's upstreams that are asked at all."""
        return [_Place(group, upstream, upstream.weight) for upstream in group.upstreams if upstream.weight > 0]

    def _channel(
        self, place: _Place, source: str, name: str, serves: str, more: Sequence[str]
    ) -> Iterator[MovedChannel]:
        group = place.group
        notes = [*more]
        try:
            provider, base_url = kind_of(group.channel_type, place.upstream.url)
        except InvalidRequest as error:
            self.left.append(Remark(noun="channel", source=source, name=name, notes=(error.message,)))
            return
        redirects = {model: target for model, target in group.redirects.items() if isinstance(target, str)}
        every: tuple[Offer, ...] = (Offer(STAR, STAR),)
        if group.strict:
            every = ()
        settings = group.config
        timeout = _positive(settings.get("request_timeout"))
        way_out = self._way_out(settings, notes)
        channel = Channel(
            id="",
            name=name,
            provider=provider,
            base_url=base_url,
            created_at=self.now,
            keys=tuple(_key(number, key) for number, key in enumerate(group.keys, 1)),
            offers=tuple(Offer(model, target) for model, target in redirects.items()),
            patterns=every,
            weight=max(min(place.weight, MOST_WEIGHT), 1),
            group=serves,
            clocks=Clocks(connect=_positive(settings.get("connect_timeout")), answer=timeout, total=timeout),
            overrides=_overrides(group, notes),
            way_out=way_out,
        )
        notes += _group_notes(group)
        yield MovedChannel(sources=(source,), channel=channel, notes=tuple(notes))

    def _way_out(self, settings: Mapping[str, Any], notes: list[str]) -> WayOut | None:
        proxy = str(settings.get("proxy_url") or self.pool.settings.get("proxy_url") or "")
        try:
            return checked_way_out(WayOut(proxy=Secret(proxy)))
        except InvalidRequest as error:
            notes.append(f"left out: {error.message}")
            return None

    def _tokens(self) -> list[MovedToken]:
        """The keys of clients: those of all groups first, which win where a key is in both."""
        tokens: dict[str, MovedToken] = {}
        for number, key in enumerate(self.pool.global_keys, 1):
            notes = ("opens every group, as before",)
            self._add(tokens, key, f"gpt-load {number}", EVERY_GROUP, notes)
        for group in self.pool.groups:
            for number, key in enumerate(group.proxy_keys, 1):
                self._add(tokens, key, f"{group.title} {number}", group.name, ())
        return list(tokens.values())

    def _add(self, tokens: dict[str, MovedToken], key: str, name: str, group: str, notes: tuple[str, ...]) -> None:
        digest = digest_of(key)
        if digest in tokens:
            if tokens[digest].token.group not in (group, EVERY_GROUP):
                why = f"is a key of group {tokens[digest].token.group} too: a token has one group here, that one"
                self.left.append(Remark(noun="token", source=digest, name=name, notes=(why,)))
            return
        token = Token(
            id="",
            name=name,
            digest=digest,
            hint=key[-4:],
            created_at=self.now,
            group=group,
            rpm=NO_LIMIT,
        )
        tokens[digest] = MovedToken(source=digest, token=token, notes=notes)

    def _calls(self) -> Iterator[MovedCall]:
        titles = {group.id: group for group in self.pool.groups}
        final = [call for call in self.pool.calls if call.kind == "final"]
        tries = len(self.pool.calls) - len(final)
        if tries:
            why = f"{tries} rows of single tries: a request is one row here"
            self.left.append(Remark(noun="log", source="retry", name="request_logs", notes=(why,)))
        for call in final[-MOST_CALLS:]:
            group = titles.get(call.group_id)
            channel, name = "", call.group_name
            if group is not None:
                name = group.title
                if len(group.upstreams) == 1:
                    channel = group.name
            error = ""
            if not call.succeeded:
                error = "upstream_error"
            yield MovedCall(
                source=call.id,
                started_ms=call.at_ms - call.duration_ms,
                model=call.model or "unknown",
                token_name=f"/proxy/{call.group_name}",
                channel=channel,
                channel_name=name,
                streamed=call.streamed,
                status=call.status,
                error_code=error,
                duration_ms=call.duration_ms,
            )

    def _settings(self) -> None:
        for name, value in self.pool.changed_settings.items():
            why = f"was {value}: how often is tried again, and when a key is given up, is the gateway's own here"
            self.left.append(Remark(noun="setting", source=name, name=name, notes=(why,)))


def sum_of(group: Group) -> int:
    """What the weights of a group's upstreams come to."""
    return sum(upstream.weight for upstream in group.upstreams if upstream.weight > 0) or 1


def _key(number: int, key: Key) -> ChannelKey:
    disabled = "" if key.active else INVALID
    return ChannelKey(id=f"k{number}", ref=Secret(key.value), disabled=disabled)


def _positive(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    return None


def _overrides(group: Group, notes: list[str]) -> Overrides | None:
    headers = []
    for rule in group.header_rules:
        name, value = str(rule.get("key") or "").lower(), str(rule.get("value") or "")
        if rule.get("action") == "remove":
            notes.append(f"header {name}: what clients send is not passed on here in any case")
        elif "${" in value:
            notes.append(f"header {name}: {value} is made for each request, as none is here: left out")
        else:
            headers.append(Header(name, Secret(value)))
    params = [Param(name, msgspec.json.encode(value).decode()) for name, value in group.param_overrides.items()]
    kept = NONE
    for header in headers:
        kept = _with(kept, attrs.evolve(kept, headers=(*kept.headers, header)), notes)
    for param in params:
        kept = _with(kept, attrs.evolve(kept, set_params=(*kept.set_params, param)), notes)
    return None if kept == NONE else kept


def _with(before: Overrides, after: Overrides, notes: list[str]) -> Overrides:
    """The overrides with one more, unless it is one that must not be."""
    try:
        check_overrides(after)
    except InvalidRequest as error:
        notes.append(f"left out: {error.message}")
        return before
    return after


def _group_notes(group: Group) -> list[str]:
    notes = []
    if told := [key.notes for key in group.keys if key.notes]:
        notes.append(f"notes of {len(told)} keys are not taken")
    if group.description:
        notes.append(f"its description is not taken: {group.description}")
    if group.channel_type == "gemini":
        notes.append(
            "clients of Gemini's own API (:generateContent) are not served: those of OpenAI's are, "
            f"at /proxy/{group.name}/v1beta/openai as there, and at /proxy/{group.name}/v1"
        )
    others = sorted(set(group.config) & {"max_retries", "blacklist_threshold"})
    if others:
        notes.append(f"{', '.join(others)}: the gateway's own count here")
    if not group.keys:
        notes.append("has no key")
    return notes
