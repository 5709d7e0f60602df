"""one-api's database (github.com/songquanpeng/one-api, commit 8df4a26 of 2025-02-21)."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar, Literal

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import Rates, exact_dollars, usd
from aihub_lite.domain.overrides import Overrides, check_overrides
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.move import MOST_CALLS, Move, MovedCall, MovedPrice
from aihub_lite.moving.opening import opened_relay
from aihub_lite.moving.peer import Row, entries, json_object, text_of, whole
from aihub_lite.moving.places import table
from aihub_lite.moving.ratios import Ratio, Ratios, rule_for
from aihub_lite.moving.relay import CONSUMED, Deal, Relay, call_source
from aihub_lite.moving.relay_move import move_of

USER_DELETED = 3
AZURE = 3
UNKNOWN = 30
"""The ratio of a model that no table has: 60 USD per million tokens."""


def read(database: str, most_calls: int = MOST_CALLS, log_database: str = "") -> Move:
    """Everything that a database holds, of its log the newest calls, which may lie in another one; raises
    Unreadable."""
    with opened_relay(database, log_database) as (peer, log):
        return move_of(OneApi(peer, log), most_calls)


@attrs.frozen
class Bill:
    """What one name is billed at."""

    rates: Rates
    note: str


class OneApi(Relay):
    """It bills, and logs, by the name after its mapping."""

    program: ClassVar[Literal["one-api", "new-api"]] = "one-api"
    own_column = "subnet"
    log_types: ClassVar[Mapping[int, str]] = {
        1: "money that was added",
        3: "what its admins did",
        4: "what it said of itself",
        5: "tests of channels",
    }

    def is_deleted(self, user: Row) -> bool:
        """Their row stays, under another name."""
        return whole(user["status"]) == USER_DELETED

    def group_of(self, token: Row) -> str:
        """That of its user: tokens have none."""
        return str(self.users[whole(token["user_id"])]["group"] or "default")

    def models_of(self, token: Row) -> tuple[bool, list[str]]:
        """An empty list is all of them."""
        names = entries(token["models"])
        return bool(names), names

    def networks_of(self, token: Row) -> list[str]:
        """In CIDR form."""
        return entries(token["subnet"])

    def upstream_model(self, channel: Row, model: str) -> str:
        """Mapped once; a deployment at Azure has no dots in its name."""
        name = self.billed(channel, model)
        if whole(channel["type"]) == AZURE:
            return name.replace(".", "")
        return name

    def billed(self, channel: Row, model: str) -> str:
        """The name that a call is billed by."""
        return str(json_object(channel["model_mapping"]).get(model) or model)

    def adorned(self, row: Row, channel: Channel, notes: list[str]) -> Channel:
        """Its system prompt."""
        prompt = str(row["system_prompt"] or "").strip()
        if not prompt:
            return channel
        overrides = Overrides(system_prefix=prompt)
        try:
            check_overrides(overrides)
        except InvalidRequest as error:
            notes.append(error.message)
            return channel
        notes.append("its system prompt, which took the place of the client's there, stands before it here")
        return attrs.evolve(channel, overrides=overrides)

    def used(self, row: Row) -> int:
        """Of an unlimited token it counts nothing but in the log, which knows tokens by their names."""
        if not whole(row["unlimited_quota"]):
            return whole(row["used_quota"])
        of_user = [token for token in self.tokens if token["user_id"] == row["user_id"]]
        if sum(token["name"] == row["name"] for token in of_user) > 1:
            return 0
        return self.logged.get((whole(row["user_id"]), str(row["name"])), 0)

    @functools.cached_property
    def logged(self) -> Mapping[tuple[int, str], int]:
        """Units of quota in the log, by user and name of token."""
        name = self.log.exact("token_name")
        sql = f"SELECT user_id, {name} AS name, sum(quota) AS quota FROM logs WHERE type = ? GROUP BY user_id, {name}"  # noqa: S608
        rows = self.log.query(sql, (CONSUMED,))
        return {(whole(row["user_id"]), text_of(row["name"])): whole(row["quota"]) for row in rows}

    def prices(self) -> Iterator[MovedPrice]:
        """One for each name that clients ask for: here a model has one price, at all its channels."""
        by_model: defaultdict[str, list[Deal]] = defaultdict(list)
        for deal in sorted(self.deals, key=lambda deal: -deal.priority):
            by_model[deal.model].append(deal)
        for model, deals in by_model.items():
            first, *others = ((deal, self.bill(deal)) for deal in deals)
            rates = first[1].rates
            notes = [first[1].note, *(_otherwise(deal, bill, first[0]) for deal, bill in others if bill.rates != rates)]
            yield MovedPrice(model=model, rates=rates, notes=tuple(dict.fromkeys(notes)))

    def bill(self, deal: Deal) -> Bill:
        """What a call of a model at a channel is billed."""
        ratio = self._ratios("ModelRatio", "model").first(*_names(deal)) or Ratio(Decimal(UNKNOWN), "the program")
        completion = self._ratios("CompletionRatio", "completion").first(*_names(deal))
        if completion is None:
            completion = Ratio(rule_for("one_api", _offline(deal.billed))[0], "the program")
        price = ratio.value * self.group_ratio("default")
        rates = Rates(self.money.rate(price), self.money.rate(price * completion.value))
        note = f"as {deal.billed}: ratio {ratio.value:f} of {ratio.source}, completion {completion.value:f} of"
        return Bill(rates, f"billed {note} {completion.source}")

    def _ratios(self, option: str, name: str) -> Ratios:
        return Ratios(self.saved(option), table("one_api")[name])

    def calls(self) -> Iterator[MovedCall]:
        """Calls that were billed; no other is logged."""
        tokens = self._tokens_by_name()
        sql = "SELECT * FROM logs WHERE type = ? ORDER BY created_at DESC, id DESC"
        for row in self.log.query(sql, (CONSUMED,)):
            person, group = self.caller(row)
            channel, channel_name = self.channel_of_call(row, group)
            duration = whole(row["elapsed_time"])
            yield MovedCall(
                source=call_source(row),
                started_ms=whole(row["created_at"]) * 1000 - duration,
                model=str(row["model_name"]),
                token=tokens.get((whole(row["user_id"]), str(row["token_name"])), ""),
                token_name=str(row["token_name"] or ""),
                person=person,
                prompt_tokens=whole(row["prompt_tokens"]),
                completion_tokens=whole(row["completion_tokens"]),
                cost_nano=self.money.nano(whole(row["quota"])),
                duration_ms=duration,
                streamed=bool(row["is_stream"]),
                channel=channel,
                channel_name=channel_name,
            )

    def _tokens_by_name(self) -> Mapping[tuple[int, str], str]:
        """Sources of the tokens whose name is theirs alone among those of their user."""
        names = [(whole(row["user_id"]), str(row["name"])) for row in self.tokens]
        single = {name for name, count in Counter(names).items() if count == 1}
        return {name: self.token_source(row) for name, row in zip(names, self.tokens, strict=True) if name in single}


def _names(deal: Deal) -> tuple[str, str]:
    """Under which a ratio may stand: for channels of a type, or for all."""
    name = _offline(deal.billed)
    return f"{name}({deal.type_number})", name


def _offline(name: str) -> str:
    """Without what asks these models to search: they are billed as the others."""
    if name.startswith(("qwen-", "command-")):
        return name.removesuffix("-internet")
    return name


def _otherwise(deal: Deal, bill: Bill, first: Deal) -> str:
    price = f"{exact_dollars(usd(bill.rates.input))} in, {exact_dollars(usd(bill.rates.output))} out"
    here = f"here a model has one price, that of {first.channel}, which came first"
    return f"at {deal.channel} it was billed as {deal.billed}, {price}: {here}"
