"""new-api's database (github.com/QuantumNous/new-api, commit e2c7aa7 of 2026-08-15, and older ones)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

import attrs

from aihub_lite.domain.channel import BY_OPERATOR, Channel, ChannelKey, keys_of
from aihub_lite.domain.money import Rates, nano_usd
from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.way_out import WayOut, checked_way_out
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.move import MOST_CALLS, Move, MovedCall, MovedPrice
from aihub_lite.moving.opening import opened_relay
from aihub_lite.moving.peer import Row, entries, json_object, whole
from aihub_lite.moving.places import table
from aihub_lite.moving.ratios import ONE, Ratio, Ratios, rule_for
from aihub_lite.moving.relay import CONSUMED, DISABLED, Deal, Relay, call_source
from aihub_lite.moving.relay_move import move_of
from aihub_lite.moving.sending import sending_of

AZURE = 3
FAILED = 5
"""The type of a failed try's row in the log."""
DOTS_STAY_SINCE = datetime(2025, 5, 10, tzinfo=UTC).timestamp()
"""Deployments of channels at Azure that are older have no dots in their names."""
AUTO = "auto"
CACHE_WRITE = Decimal("1.25")
"""Of Claude's models that the table does not have."""
SELF_USE = Decimal("37.5")
"""The ratio of a model without one, where its operator is its only user."""
THINKING = ("gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro")
GIZMO = ("gpt-4o-gizmo", "gpt-4-gizmo")


def read(database: str, most_calls: int = MOST_CALLS, log_database: str = "") -> Move:
    """Everything that a database holds, of its log the newest calls, which may lie in another one; raises
    Unreadable."""
    with opened_relay(database, log_database) as (peer, log):
        return move_of(NewApi(peer, log), most_calls)


class NewApi(Relay):
    """It bills, and logs, by the name that the client sent."""

    program: ClassVar[Literal["one-api", "new-api"]] = "new-api"
    own_column = "model_limits_enabled"
    weighs = True
    log_types: ClassVar[Mapping[int, str]] = {
        1: "money that was added",
        3: "what its admins did",
        4: "what it said of itself",
        6: "money that was given back",
        7: "who signed in",
    }

    def is_deleted(self, user: Row) -> bool:
        """Marked with the time."""
        return bool(user["deleted_at"])

    def group_of(self, token: Row) -> str:
        """Its own, or that of its user."""
        own = str(token["group"] or "")
        if own in ("", AUTO):
            return str(self.users[whole(token["user_id"])]["group"] or "default")
        return own

    def models_of(self, token: Row) -> tuple[bool, list[str]]:
        """The list counts only where it is switched on."""
        return bool(token["model_limits_enabled"]), entries(token["model_limits"])

    def networks_of(self, token: Row) -> list[str]:
        """Addresses and networks, one a line."""
        return entries(token["allow_ips"], "\n")

    def upstream_model(self, channel: Row, model: str) -> str:
        """Mapped over and over; one that leads round in a circle is not mapped at all."""
        mapping = json_object(channel["model_mapping"])
        name, seen = model, [model]
        while (after := str(mapping.get(name) or name)) != name:
            if after in seen:
                name = model
                break
            seen.append(after)
            name = after
        if whole(channel["type"]) == AZURE and whole(channel["created_time"]) < DOTS_STAY_SINCE:
            return name.replace(".", "")
        return name

    def keys(self, channel: Row) -> tuple[ChannelKey, ...]:
        """One, or several in a row, each with a state of its own."""
        info = json_object(channel.get("channel_info"))
        text = str(channel["key"] or "").strip()
        if not info.get("is_multi_key"):
            return keys_of([text])
        refs = _several(text)
        states = info.get("multi_key_status_list") or {}
        why = {DISABLED: BY_OPERATOR}
        out = {
            ref: why.get(whole(states[str(number)]), "new-api had disabled it by itself")
            for number, ref in enumerate(refs)
            if whole(states.get(str(number))) > 1
        }
        return tuple(attrs.evolve(key, disabled=out.get(key.ref.value, "")) for key in keys_of(refs))

    def adorned(self, row: Row, channel: Channel, notes: list[str]) -> Channel:
        """What it sends beside, and its proxy."""
        setting = json_object(row["setting"])
        overrides = sending_of(row, setting, notes)
        channel = attrs.evolve(channel, overrides=overrides)
        if json_object(row["status_code_mapping"]):
            notes.append("statuses are not mapped here: what an upstream answers is judged as it is")
        if row.get("auto_ban") == 0:
            notes.append("was never disabled by itself there: here a key that is refused is taken out of use")
        notes += [f"{name} there: {row[name]}" for name in ("tag", "remark") if row.get(name)]
        return _proxied(channel, str(setting.get("proxy") or ""), notes)

    def is_enabled(self, row: Row, notes: list[str]) -> bool:
        """Also says what of the group is otherwise here."""
        if row["group"] == AUTO:
            notes.append("its group was picked at each call there: here it is in that of its user")
        return super().is_enabled(row, notes)

    def prices(self) -> Iterator[MovedPrice]:
        """One for each name that clients ask for."""
        for deal in {deal.model: deal for deal in self.deals}.values():
            yield from self.price(deal)

    def price(self, deal: Deal) -> Iterator[MovedPrice]:
        """By the request, or by the token; for what has neither none."""
        model, name = deal.model, _billed_as(deal.model)
        share = self.group_ratio("default")
        if (fixed := self._ratios("ModelPrice", "request").find(name)) is not None:
            nano = int(nano_usd("1") * fixed.value * share)
            yield MovedPrice(model=model, rates=Rates(0, 0), per_request_nano=nano, notes=(f"from {fixed.source}",))
            return
        ratio = self._ratios("ModelRatio", "model").find(name)
        if ratio is None and self.options.get("SelfUseModeEnabled") == "true":
            ratio = Ratio(SELF_USE, "the program")
        if ratio is None:
            self.leave("price", model, model, "had none there, and was refused: here the price table's counts, if any")
            return
        completion = self.completion(name)
        price = ratio.value * share
        rates = Rates(
            self.money.rate(price),
            self.money.rate(price * completion.value),
            cache_read=self._cached("CacheRatio", "cache_read", name, price),
            cache_write=self._cached("CreateCacheRatio", "cache_write", name, price),
        )
        note = f"ratio {ratio.value:f} of {ratio.source}, completion {completion.value:f} of {completion.source}"
        yield MovedPrice(model=model, rates=rates, notes=(note,))

    def completion(self, name: str) -> Ratio:
        """What completion costs over prompt: of many models the program says it, whatever the option does."""
        saved = self._ratios("CompletionRatio", "completion").find(name)
        rule, is_fixed = rule_for("new_api", name)
        if saved is not None and ("/" in name or not is_fixed):
            return saved
        return Ratio(rule, "the program")

    def _cached(self, option: str, kind: str, name: str, price: Decimal) -> int | None:
        ratio = self._ratios(option, kind).find(name)
        if ratio is None and kind == "cache_write" and "claude" in name:
            ratio = Ratio(CACHE_WRITE, "the program")
        if ratio is None or ratio.value == ONE:
            return None
        return self.money.rate(price * ratio.value)

    def _ratios(self, option: str, kind: str) -> Ratios:
        return Ratios(self.saved(option), table("new_api")[kind])

    def leave_groups(self) -> None:
        """Also what some groups pay for using others."""
        super().leave_groups()
        for group, others in json_object(self.options.get("GroupGroupRatio")).items():
            if isinstance(others, dict) and group in self.groups:
                told = ", ".join(f"{ratio} for group {other}" for other, ratio in others.items())
                self.leave("group", group, group, f"paid {told}: here all pay the same")

    def calls(self) -> Iterator[MovedCall]:
        """Calls that were billed, and of those that failed one for all tries."""
        tokens = {whole(row["id"]): self.token_source(row) for row in self.tokens}
        answered = {row["request_id"] for row in self._log("type = ?", CONSUMED) if row.get("request_id")}
        failed: set[str] = set()
        for row in self._log("type IN (?, ?)", CONSUMED, FAILED):
            request_id = str(row.get("request_id") or "")
            if row["type"] == FAILED and request_id:
                if request_id in answered or request_id in failed:
                    continue
                failed.add(request_id)
            yield self.call(row, tokens)

    def _log(self, where: str, *values: int) -> Iterator[Row]:
        return self.log.query(f"SELECT * FROM logs WHERE {where} ORDER BY created_at DESC, id DESC", values)  # noqa: S608

    def call(self, row: Row, tokens: Mapping[int, str]) -> MovedCall:
        """One of them."""
        other = json_object(row["other"])
        person, _ = self.caller(row)
        channel, channel_name = self.channel_of_call(row, str(row["group"] or "default"))
        read, written = whole(other.get("cache_tokens")), whole(other.get("cache_creation_tokens"))
        prompt = whole(row["prompt_tokens"])
        if other.get("usage_semantic") == "anthropic" or other.get("claude"):
            prompt += read + written
        duration = whole(row["use_time"]) * 1000
        went_wrong: dict[str, Any] = {}
        if row["type"] == FAILED:
            status = whole(other.get("status_code")) or 500
            went_wrong = {"status": status, "error_code": str(other.get("error_code") or "upstream_error")}
        return MovedCall(
            source=call_source(row),
            started_ms=whole(row["created_at"]) * 1000 - duration,
            model=str(row["model_name"]),
            token=tokens.get(whole(row["token_id"]), ""),
            token_name=str(row["token_name"] or ""),
            person=person,
            upstream_model=str(other.get("upstream_model_name") or ""),
            prompt_tokens=prompt,
            completion_tokens=whole(row["completion_tokens"]),
            cache_read_tokens=read,
            cache_write_tokens=written,
            cost_nano=self.money.nano(whole(row["quota"])),
            duration_ms=duration,
            first_byte_ms=max(whole(other.get("frt")), 0),
            streamed=bool(row["is_stream"]),
            **went_wrong,
            channel=channel,
            channel_name=channel_name,
        )


def _several(text: str) -> list[str]:
    """Keys one a line, or a JSON list."""
    if text.startswith("["):
        try:
            values = json.loads(text)
        except ValueError:
            return entries(text, "\n")
        return [value if isinstance(value, str) else json.dumps(value) for value in values]
    return entries(text, "\n")


def _billed_as(name: str) -> str:
    """The names of some models stand for many."""
    for prefix in THINKING:
        if name.startswith(prefix) and "-thinking-" in name:
            return f"{prefix}-thinking-*"
        if name.startswith(prefix):
            return name
    for prefix in GIZMO:
        if name.startswith(prefix):
            return f"{prefix}-*"
    return name


def _proxied(channel: Channel, proxy: str, notes: list[str]) -> Channel:
    """Its requests go through its proxy; without one that can be, it does not go out at all."""
    if not proxy:
        return channel
    way_out = WayOut(proxy=Secret(proxy))
    try:
        return attrs.evolve(channel, way_out=checked_way_out(way_out))
    except InvalidRequest as error:
        notes.append(f"{error.message}: disabled, for it must not go out without its proxy")
        return attrs.evolve(channel, enabled=False, disabled="its proxy did not come along")
