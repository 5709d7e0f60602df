"""Tokens, channels, aliases, prices and strategies: in memory for the line to read, in storage to last.

Memory is the authority while the process runs. Every change is checked, written to storage once, and then seen by
all requests at once; changes run one after the other, and a change once begun is finished even if its caller goes
away, so storage and memory never part.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from aihub_lite.domain.builtin_aliases import BUILTIN_ALIASES
from aihub_lite.domain.catalog import Catalog, build_catalog, canonical
from aihub_lite.domain.channel import Channel, Offer, brought_back, with_key
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import Price
from aihub_lite.domain.rules import check_model, checked_channel, checked_token
from aihub_lite.domain.strategy import EVERY_MODEL, Strategy
from aihub_lite.domain.token import Token, digest_of, new_key
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.alone import alone
from aihub_lite.storage.aliases import Aliases
from aihub_lite.storage.channels import Channels
from aihub_lite.storage.database import Database
from aihub_lite.storage.prices import Prices
from aihub_lite.storage.strategies import Strategies
from aihub_lite.storage.tokens import Tokens

T = TypeVar("T")
PriceKey = tuple[str, str]
"""Provider and upstream model."""
LookUp = Callable[[Sequence[PriceKey]], Awaitable[Mapping[PriceKey, Price | None]]]
"""Default prices of models, None where the table has none; what could not be found out is left out. Never raises."""
TokenChanged = Callable[[Token | None, Token | None], Awaitable[None]]
"""Takes the token before (None: made) and after (None: deleted)."""


def random_id(prefix: str) -> str:
    """`tok_…` or `chn_…`: 80 random bits, so ids of deleted things never return."""
    return prefix + secrets.token_hex(10)


def same(thing: T) -> T:
    """The change that changes nothing."""
    return thing


@attrs.define(kw_only=True)
class Registry:
    """All that an operator administers. Read its attributes freely; change it by its methods only."""

    database: Database
    clock: Clock
    look_up: LookUp
    new_id: Callable[[str], str] = random_id
    tokens_by_digest: dict[str, Token] = attrs.field(factory=dict)
    channels: dict[str, Channel] = attrs.field(factory=dict)
    """By id."""
    aliases: dict[str, str] = attrs.field(factory=dict)
    """The operator's; the built-in ones are data."""
    prices: dict[str, Price] = attrs.field(factory=dict)
    """The operator's, by public model id."""
    default_prices: dict[PriceKey, Price | None] = attrs.field(factory=dict)
    """None where the price table knows no price."""
    strategies: dict[str, Strategy] = attrs.field(factory=dict)
    """By public model id; under `EVERY_MODEL`, that of all the others."""
    descriptions: dict[str, Mapping[str, bytes]] = attrs.field(factory=dict)
    """By channel id and upstream model: what the upstream itself says of the model, as JSON."""
    list_errors: dict[str, str] = attrs.field(factory=dict)
    """By channel id: why its upstream's own list could not be read last time."""
    catalog: Catalog = attrs.field(factory=lambda: Catalog({}, {}, {}))
    on_token: list[TokenChanged] = attrs.field(factory=list)
    """Called before a request can see a token that was made or changed, and after none can see a deleted one."""
    on_channel: list[Callable[[str], None]] = attrs.field(factory=list)
    """Called with a channel's id after it was made, or a person changed, enabled or deleted it."""
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, repr=False)
    """Of the change that runs."""
    changes: set[asyncio.Future[Any]] = attrs.field(factory=set, repr=False)

    async def load(self) -> list[tuple[Token, int]]:
        """Read everything from storage, once, before the first request. Returns each token with its nano-USD spent."""
        tokens = await Tokens(self.database).load()
        self.tokens_by_digest = {token.digest: token for token, _ in tokens}
        self.channels = {channel.id: channel for channel in await Channels(self.database).load()}
        self.aliases = await Aliases(self.database).load()
        self.prices = await Prices(self.database).load()
        self.strategies = await Strategies(self.database).load()
        await self._know_prices(key for channel in self.channels.values() for key in _price_keys(channel))
        self._publish()
        return tokens

    # Tokens

    @property
    def tokens(self) -> list[Token]:
        """All tokens, oldest first."""
        return sorted(self.tokens_by_digest.values(), key=lambda token: (token.created_at, token.name))

    def token(self, ref: str) -> Token:
        """A token by name or id; raises NotFound."""
        for token in self.tokens_by_digest.values():
            if ref in (token.name, token.id):
                return token
        raise NotFound(f"There is no token {ref[:64]!r}.")

    @alone
    async def create_token(self, name: str, change: Callable[[Token], Token] = same) -> tuple[Token, str]:
        """A new token and its key, which is shown this once. `change` sets what differs from the defaults."""
        key = new_key()
        made = Token(
            id=self.new_id("tok_"),
            name=name,
            digest=digest_of(key),
            hint=key[-4:],
            created_at=int(self.clock.wall()),
        )
        return await self._put_token(change(made)), key

    @alone
    async def edit_token(self, ref: str, change: Callable[[Token], Token]) -> Token:
        """Change a token's configuration; what it has spent is the ledger's and is not touched."""
        return await self._put_token(change(self.token(ref)))

    @alone
    async def rotate_token(self, ref: str) -> tuple[Token, str]:
        """A new key for a token; the old one opens nothing from now on."""
        key = new_key()
        return await self._put_token(attrs.evolve(self.token(ref), digest=digest_of(key), hint=key[-4:])), key

    @alone
    async def delete_token(self, ref: str) -> Token:
        """Its usage records stay."""
        token = self.token(ref)
        await Tokens(self.database).delete(token.id)
        del self.tokens_by_digest[token.digest]
        await self._tell_token(token, None)
        return token

    async def _put_token(self, token: Token) -> Token:
        token = checked_token(token)
        before = next((each for each in self.tokens_by_digest.values() if each.id == token.id), None)
        _refuse_taken("token", token.name, (each.name for each in self.tokens if each.id != token.id))
        if before is None:
            await Tokens(self.database).insert(token)
        else:
            await Tokens(self.database).update(token)
        await self._tell_token(before, token)
        if before is not None:
            del self.tokens_by_digest[before.digest]
        self.tokens_by_digest[token.digest] = token
        return token

    async def _tell_token(self, before: Token | None, after: Token | None) -> None:
        for heard in self.on_token:
            await heard(before, after)

    # Channels

    def channel(self, ref: str) -> Channel:
        """A channel by id or name; raises NotFound."""
        for channel in self.channels.values():
            if ref in (channel.id, channel.name):
                return channel
        raise NotFound(f"There is no channel {ref[:64]!r}.")

    def free_channel_name(self, wanted: str) -> str:
        """The name wanted, or with a number where a channel has it already."""
        taken = {channel.name.casefold() for channel in self.channels.values()}
        names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
        return next(name for name in names if name.casefold() not in taken)

    async def create_channel(
        self, name: str, provider: str, base_url: str, change: Callable[[Channel], Channel] = same
    ) -> Channel:
        """A new channel; its models are served as soon as this returns, with their prices known."""
        made = Channel(
            id=self.new_id("chn_"),
            name=name,
            provider=provider,
            base_url=base_url,
            created_at=int(self.clock.wall()),
        )
        channel = change(made)
        await self._know_prices(_price_keys(channel))
        return await self._add_channel(channel)

    async def edit_channel(self, ref: str, change: Callable[[Channel], Channel]) -> Channel:
        """Change a channel's configuration; requests that run keep what they started with."""
        preview = change(self.channel(ref))
        await self._know_prices(_price_keys(preview))
        return await self._change_channel(ref, change)

    async def set_offers(self, channel_id: str, offers: tuple[Offer, ...]) -> None:
        """The upstream's own list changed; nothing happens to a channel whose models a person has chosen."""
        await self._know_prices(_price_keys(attrs.evolve(self.channel(channel_id), offers=offers)))
        await self._refresh_offers(channel_id, offers)

    def describe(self, channel_id: str, found: Mapping[str, bytes]) -> None:
        """What a channel's upstream says of its models, by upstream model; kept until the process ends."""
        self.descriptions[channel_id] = found
        self._publish()

    async def enable_channel(self, ref: str) -> Channel:
        """Bring back a channel and all its keys, whatever took them out."""
        return await self._change_channel(ref, brought_back)

    async def disable_channel(self, ref: str, reason: str) -> Channel:
        """Take a channel out until it is enabled."""
        return await self._change_channel(ref, lambda each: attrs.evolve(each, enabled=False, disabled=reason))

    async def disable_key(self, channel_id: str, key_id: str, reason: str) -> bool:
        """Take one key out until it is enabled; False if that was done before or the key is gone."""
        return await self._switch_key(channel_id, key_id, reason)

    async def enable_key(self, channel_id: str, key_id: str) -> bool:
        """Bring back one key that was seen to work; False if it was in use or is gone."""
        return await self._switch_key(channel_id, key_id, "")

    @alone
    async def _switch_key(self, channel_id: str, key_id: str, reason: str) -> bool:
        channel = self.channels.get(channel_id)
        key = next((key for key in channel.keys if key.id == key_id), None) if channel else None
        if channel is None or key is None or bool(key.disabled) == bool(reason):
            return False
        await self._put_channel(attrs.evolve(channel, keys=with_key(channel, attrs.evolve(key, disabled=reason))))
        return True

    @alone
    async def delete_channel(self, ref: str) -> Channel:
        """Its usage records stay."""
        channel = self.channel(ref)
        await Channels(self.database).delete(channel.id)
        del self.channels[channel.id]
        self.list_errors.pop(channel.id, None)
        self.descriptions.pop(channel.id, None)
        self._publish()
        self._tell_channel(channel.id)
        return channel

    @alone
    async def _add_channel(self, channel: Channel) -> Channel:
        channel = await self._put_channel(channel)
        self._tell_channel(channel.id)
        return channel

    @alone
    async def _change_channel(self, ref: str, change: Callable[[Channel], Channel]) -> Channel:
        before = self.channel(ref)
        channel = await self._put_channel(change(before))
        if (before.provider, before.base_url) != (channel.provider, channel.base_url):
            self.describe(channel.id, {})
        self._tell_channel(channel.id)
        return channel

    @alone
    async def _refresh_offers(self, channel_id: str, offers: tuple[Offer, ...]) -> None:
        channel = self.channels.get(channel_id)
        if channel is not None and channel.discovered and channel.offers != offers:
            await self._put_channel(attrs.evolve(channel, offers=offers))

    async def _put_channel(self, channel: Channel) -> Channel:
        channel = checked_channel(channel)
        others = (each.name for each in self.channels.values() if each.id != channel.id)
        _refuse_taken("channel", channel.name, others)
        if channel.id in self.channels:
            await Channels(self.database).update(channel)
        else:
            await Channels(self.database).insert(channel)
        self.channels[channel.id] = channel
        self._publish()
        return channel

    def _tell_channel(self, channel_id: str) -> None:
        for heard in self.on_channel:
            heard(channel_id)

    # Aliases

    @alone
    async def set_alias(self, alias: str, target: str) -> None:
        """Another public name of a model, which may come later; raises InvalidRequest for a loop."""
        check_model(alias, "alias")
        check_model(target, "model")
        if self._loops(alias, target):
            raise InvalidRequest(f"model: {target!r} leads back to {alias!r}")
        if alias in self.catalog.by_name:
            raise Conflict(f"{alias!r} is the id of a model that a channel offers, and an exact id always wins.")
        await Aliases(self.database).put(alias, target)
        self.aliases[alias] = target
        self._publish()

    @alone
    async def delete_alias(self, alias: str) -> None:
        """Remove an operator's alias; a built-in one of the same name applies again."""
        if alias not in self.aliases:
            raise NotFound(f"There is no alias {alias[:64]!r}.")
        await Aliases(self.database).delete(alias)
        del self.aliases[alias]
        self._publish()

    def _loops(self, alias: str, target: str) -> bool:
        proposed = {**self.aliases, alias: target}
        trail = [target]
        for name in trail:
            if alias in (name, canonical(name)):
                return True
            after = proposed.get(name) or proposed.get(canonical(name))
            if after is not None and after not in trail:
                trail.append(after)
        return False

    # Prices

    @alone
    async def set_price(self, model: str, price: Price) -> None:
        """The operator's price of a model at every channel; requests that run keep theirs."""
        check_model(model, "model")
        await Prices(self.database).put(model, price)
        self.prices[model] = price
        self._publish()

    @alone
    async def delete_price(self, model: str) -> None:
        """Back to the default price."""
        if model not in self.prices:
            raise NotFound(f"There is no price for {model[:64]!r}.")
        await Prices(self.database).delete(model)
        del self.prices[model]
        self._publish()

    # Strategies

    @alone
    async def set_strategy(self, model: str, strategy: Strategy) -> str:
        """How a model's channels are ordered, or those of all (`EVERY_MODEL`); the id it counts for from now on."""
        if model != EVERY_MODEL:
            check_model(model, "model")
        model = self._public_id(model)
        await Strategies(self.database).put(model, strategy)
        self.strategies[model] = strategy
        self._publish()
        return model

    @alone
    async def delete_strategy(self, model: str) -> str:
        """Back to the strategy of all models, and that one to the default; the id that it counted for."""
        model = model if model in self.strategies else self._public_id(model)
        if model not in self.strategies:
            raise NotFound(f"There is no strategy for {model[:64]!r}." if model else "There is no strategy for all.")
        await Strategies(self.database).delete(model)
        del self.strategies[model]
        self._publish()
        return model

    def _public_id(self, name: str) -> str:
        found = self.catalog.resolve(name)
        return found[0].id if found else canonical(name)

    async def _know_prices(self, keys: Iterable[PriceKey]) -> None:
        """Look up default prices that are not known yet: a model is priced before anybody can ask for it."""
        unknown = [key for key in dict.fromkeys(keys) if key not in self.default_prices]
        if unknown:
            self.default_prices.update(await self.look_up(unknown))

    def _publish(self) -> None:
        self.catalog = self.catalog_of(self.channels.values())

    def catalog_of(self, channels: Iterable[Channel]) -> Catalog:
        """A catalog of these channels, with the aliases, prices and strategies of now."""
        return build_catalog(
            channels,
            {**BUILTIN_ALIASES, **{alias: (target,) for alias, target in self.aliases.items()}},
            self.prices,
            {key: price for key, price in self.default_prices.items() if price is not None},
            self.strategies,
            self.descriptions,
        )


def _refuse_taken(kind: str, name: str, others: Iterable[str]) -> None:
    # Names that differ by case only would be told apart by no reader.
    if name.casefold() in {other.casefold() for other in others}:
        raise Conflict(f"name: there is already a {kind} {name!r}")


def _price_keys(channel: Channel) -> list[PriceKey]:
    return [(channel.provider, offer.upstream_model) for offer in channel.offers]
