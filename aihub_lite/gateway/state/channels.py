"""Channels: in memory for requests to be served by, in storage to last."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

import attrs

from aihub_lite.domain.channel import (
    UNCHANGED,
    Channel,
    ChannelKey,
    ListChange,
    ModelNews,
    Offer,
    brought_back,
    in_use,
    last_number,
    reenabled,
    relisted,
    shortened,
    with_key,
)
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import Price
from aihub_lite.domain.patterns import with_listed
from aihub_lite.domain.token import EVERY_GROUP
from aihub_lite.domain.validation import checked_channel
from aihub_lite.errors import NotFound
from aihub_lite.gateway.state.changes import Changes, serialized, unchanged
from aihub_lite.gateway.state.identity import check_name_free, new_id
from aihub_lite.gateway.state.live_catalog import LiveCatalog, PriceKey
from aihub_lite.storage.channels import Channels
from aihub_lite.storage.model_news import StoredNews

PASSING = ("the account is spent", "the upstream refused it with HTTP status 403")
"""Reasons for which versions before 0.2 took keys out until a person came."""
MOST_MATCHED = 1000
"""Models of patterns that are priced as they are asked for; beyond, they count as unpriced until the next start."""
MOST_NEWS = 50
"""News that are kept, whatever their age."""
NEWS_FOR = 7 * 86_400
"""Seconds for which a change of a list is news."""
LookUp = Callable[[Sequence[PriceKey]], Awaitable[Mapping[PriceKey, Price | None]]]
"""Default prices of models: None where the table has none, left out where the look-up failed."""


@attrs.define(eq=False)
class ChannelRegistry:
    """All channels; every change of one is published with the catalog."""

    store: Channels
    clock: Clock
    changes: Changes = attrs.field(repr=False)
    live_catalog: LiveCatalog
    look_up: LookUp
    list_errors: dict[str, str] = attrs.field(factory=dict)
    """By channel id: why its upstream's own list could not be read last time."""
    last_keys: dict[str, int] = attrs.field(factory=dict)
    """By channel id: the highest number in the id of a key that it has, or had since the process started, or that the
    book knows: what an old key has spent must not count for a new one."""
    _matched: int = 0
    """Models that were priced as somebody asked for them."""
    on_change: list[Callable[[str], None]] = attrs.field(factory=list)
    """Called with a channel's id after it was made, or a person changed, enabled or deleted it."""

    async def load(self) -> None:
        """Read everything from storage, once, before the first request; the catalog is published by the caller."""
        self.live_catalog.channels = {channel.id: _retried(channel) for channel in await self.store.load()}
        self.last_keys = {channel.id: last_number(channel.keys) for channel in self.all}
        await self._price(key for channel in self.all for key in _price_keys(channel))

    def reserve_key_ids(self, accounts: Iterable[str]) -> None:
        """No new key gets an id of these accounts: ids of a channel and a key, joined by a slash."""
        for account in accounts:
            channel_id, _, key_id = account.partition("/")
            number = key_id.removeprefix("k")
            if channel_id in self.last_keys and number.isdecimal():
                self.last_keys[channel_id] = max(self.last_keys[channel_id], int(number))

    @property
    def by_id(self) -> Mapping[str, Channel]:
        """Every channel by its id, disabled ones too; follows every change."""
        return self.live_catalog.channels

    @property
    def all(self) -> list[Channel]:
        """Every channel at this moment, oldest first."""
        return [*self.live_catalog.channels.values()]

    def get(self, ref: str) -> Channel:
        """A channel by id or name; raises NotFound."""
        for channel in self.by_id.values():
            if ref in (channel.id, channel.name):
                return channel
        raise NotFound(f"There is no channel {ref[:64]!r}.")

    def unlisted(self, group: str) -> bool:
        """Whether an enabled channel of the group was not asked yet what it offers, as at a first start."""
        return any(
            channel.discovered and channel.enabled and not channel.offers and group in (channel.group, EVERY_GROUP)
            for channel in self.by_id.values()
            if channel.id not in self.list_errors
        )

    def free_name(self, name: str) -> str:
        """The name itself, or with a number where a channel has it already."""
        names = {channel.name.casefold() for channel in self.by_id.values()}
        candidates = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        return next(candidate for candidate in candidates if candidate.casefold() not in names)

    async def create(
        self, name: str, provider: str, base_url: str, change: Callable[[Channel], Channel] = unchanged
    ) -> Channel:
        """A new channel; its models are served as soon as this returns, with their prices known."""
        channel = change(
            Channel(
                id=new_id("chn_"),
                name=name,
                provider=provider,
                base_url=base_url,
                created_at=int(self.clock.wall()),
            )
        )
        # Outside of the turn, as in `edit`: a look-up may take seconds, and other changes would wait for it.
        await self._price(_price_keys(channel))
        return await self._add(channel)

    async def price(self, channels: Iterable[Channel]) -> None:
        """Look up default prices of what channels offer, before they are let in."""
        await self._price(key for channel in channels for key in _price_keys(channel))

    def admit(self, channels: Sequence[Channel]) -> None:
        """Let in channels that storage has already, within the change that put them there; the caller publishes the
        catalog, and then has `admitted` told."""
        for channel in channels:
            self.last_keys[channel.id] = last_number(channel.keys)
            self.live_catalog.channels[channel.id] = channel

    def admitted(self, channels: Sequence[Channel]) -> None:
        """Tell whoever follows channels of new ones."""
        for channel in channels:
            self.notify(channel.id)

    async def edit(self, ref: str, change: Callable[[Channel], Channel]) -> Channel:
        """Change a channel's configuration; requests that run keep what they started with."""
        # The change is made twice: prices come from a preview, what is stored from the channel as it is by then.
        preview = change(self.get(ref))
        await self._price(_price_keys(preview))
        return await self._change(ref, change)

    async def enable(self, ref: str) -> Channel:
        """Bring back a channel, and all its keys but those that a person disabled one by one."""
        return await self._change(ref, reenabled)

    async def disable(self, ref: str, reason: str) -> Channel:
        """Take a channel out until it is enabled."""
        return await self._change(ref, lambda channel: attrs.evolve(channel, enabled=False, disabled=reason))

    @serialized
    async def delete(self, ref: str) -> Channel:
        """Its usage records stay."""
        channel = self.get(ref)
        await self.store.delete(channel.id)
        del self.live_catalog.channels[channel.id]
        self.list_errors.pop(channel.id, None)
        self.last_keys.pop(channel.id, None)
        self.live_catalog.descriptions.pop(channel.id, None)
        self.live_catalog.publish()
        self.notify(channel.id)
        return channel

    async def disable_key(self, channel_id: str, key_id: str, reason: str) -> bool:
        """Take one key out until it is enabled; False if that was done before or the key is gone."""

        def disabled(key: ChannelKey) -> ChannelKey:
            if key.refused:
                return key
            return attrs.evolve(in_use(key), disabled=reason)

        return await self._switch_key(channel_id, key_id, disabled)

    async def rest_key(self, channel_id: str, key_id: str, reason: str, until: int, rests: int) -> bool:
        """Take one key out until a time in Unix seconds; False if it waits for a person, or is gone."""

        def resting(key: ChannelKey) -> ChannelKey:
            if key.refused:
                return key
            return attrs.evolve(key, disabled=reason, rests_until=until, rests=rests)

        return await self._switch_key(channel_id, key_id, resting)

    async def enable_key(self, channel_id: str, key_id: str) -> bool:
        """Bring back one key that was seen to work; False if it was in use, waits for a person, or is gone."""
        return await self._switch_key(channel_id, key_id, brought_back)

    async def set_offers(
        self, channel_id: str, listed: tuple[Offer, ...], stays: Callable[[Offer], bool] = lambda _: False
    ) -> ListChange:
        """The upstream's own list was read; nothing happens to a channel whose models a person has chosen.

        What is listed no more goes, unless it `stays`. Returns what changed.
        """
        await self._price(_price_keys(with_listed(self.get(channel_id), listed)))
        return await self._relist(channel_id, listed, stays)

    async def price_matched(self, name: str, may_use: Callable[[frozenset[str]], bool]) -> None:
        """Have a model priced that only a pattern offers, before its first request goes on.

        Not for whoever `may_use` none of its names, and for a bounded number of names: clients make them up.
        """
        resolved = self.live_catalog.now.resolve(name)
        if resolved is None or not may_use(resolved[1]):
            return
        prices = self.live_catalog.default_prices
        keys = [(candidate.channel.provider, candidate.upstream_model) for candidate in resolved[0].candidates]
        unknown = [key for key in keys if key not in prices]
        if not unknown or self._matched >= MOST_MATCHED:
            return
        await self._price(unknown)
        self._matched += sum(key in prices for key in unknown)
        self.live_catalog.publish()

    def describe(self, channel_id: str, descriptions: Mapping[str, bytes]) -> None:
        """What a channel's upstream says of its models, by upstream model; kept until the process ends."""
        self.live_catalog.descriptions[channel_id] = descriptions
        self.live_catalog.publish()

    @serialized
    async def _add(self, channel: Channel) -> Channel:
        channel = await self._put(channel)
        self.notify(channel.id)
        return channel

    @serialized
    async def _change(self, ref: str, change: Callable[[Channel], Channel]) -> Channel:
        before = self.get(ref)
        channel = await self._put(change(before))
        if (before.provider, before.base_url) != (channel.provider, channel.base_url):
            self.describe(channel.id, {})  # what another upstream said of its models is void
        self.notify(channel.id)
        return channel

    @serialized
    async def _switch_key(self, channel_id: str, key_id: str, change: Callable[[ChannelKey], ChannelKey]) -> bool:
        channel = self.by_id.get(channel_id)
        if channel is None:
            return False
        key = next((key for key in channel.keys if key.id == key_id), None)
        if key is None or (changed := change(key)) == key:
            return False
        await self._put(attrs.evolve(channel, keys=with_key(channel, changed)))
        return True

    @serialized
    async def _relist(self, channel_id: str, listed: tuple[Offer, ...], stays: Callable[[Offer], bool]) -> ListChange:
        channel = self.by_id.get(channel_id)
        if channel is None:
            return UNCHANGED
        offers = with_listed(channel, listed).offers
        change = UNCHANGED
        if channel.discovered:
            offers, change = relisted(channel.offers, offers, stays, int(self.clock.wall()))
        if channel.offers != offers:
            await self._put(attrs.evolve(channel, offers=offers))
        return change

    async def _put(self, channel: Channel) -> Channel:
        channel = checked_channel(channel)
        check_name_free("channel", channel.name, (other.name for other in self.all if other.id != channel.id))
        if channel.id in self.by_id:
            await self.store.update(channel)
        else:
            await self.store.insert(channel)
        self.last_keys[channel.id] = max(self.last_keys.get(channel.id, 0), last_number(channel.keys))
        self.live_catalog.channels[channel.id] = channel
        self.live_catalog.publish()
        return channel

    def adopt(self, channels: Mapping[str, Channel], last_keys: Mapping[str, int]) -> list[str]:
        """Take over what is stored already, within a change; the caller publishes, and then notifies of the ids that
        are returned."""
        before = dict(self.by_id)
        for channel_id, old in before.items():
            new = channels.get(channel_id)
            if new is None or (new.provider, new.base_url) != (old.provider, old.base_url):
                self.live_catalog.descriptions.pop(channel_id, None)
                self.list_errors.pop(channel_id, None)
        self.live_catalog.channels = dict(channels)
        self.last_keys = dict(last_keys)
        return [each for each in {**before, **channels} if before.get(each) != channels.get(each)]

    def notify(self, channel_id: str) -> None:
        """Tell whoever follows channels that one was made, changed or deleted."""
        for listener in self.on_change:
            listener(channel_id)

    async def _price(self, keys: Iterable[PriceKey]) -> None:
        """Look up default prices that are not known yet: a model is priced before anybody can ask for it."""
        prices = self.live_catalog.default_prices
        unknown = [key for key in dict.fromkeys(keys) if key not in prices]
        if unknown:
            prices.update(await self.look_up(unknown))


@attrs.define(eq=False)
class KeySwitch:
    """Takes keys out of use, and brings them back, while the request that found it out goes on or is cancelled."""

    registry: ChannelRegistry
    _tasks: set[asyncio.Task[bool]] = attrs.field(factory=set)

    def disable(self, channel: Channel, key_id: str, reason: str) -> None:
        """Until a person brings it back."""
        self._run(self.registry.disable_key(channel.id, key_id, reason))

    def rest(self, channel: Channel, key_id: str, reason: str, until: int, rests: int) -> None:
        """Until a time in Unix seconds."""
        self._run(self.registry.rest_key(channel.id, key_id, reason, until, rests))

    def enable(self, channel: Channel, key_id: str) -> None:
        """It was answered."""
        self._run(self.registry.enable_key(channel.id, key_id))

    def _run(self, change: Coroutine[Any, Any, bool]) -> None:
        task = asyncio.create_task(change)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way: a key that was refused stays out after a restart."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


@attrs.define(eq=False)
class NewsBoard:
    """Which models came and went at upstreams lately: in memory to be shown, in storage to outlast a restart."""

    store: StoredNews
    clock: Clock
    changes: Changes = attrs.field(repr=False)
    _news: tuple[ModelNews, ...] = ()

    async def load(self) -> None:
        """Read everything from storage, once."""
        self._news = await self.store.load()

    @property
    def latest(self) -> list[ModelNews]:
        """The changes of the last days, newest first."""
        oldest = self.clock.wall() - NEWS_FOR
        return [news for news in reversed(self._news) if news.at > oldest]

    @serialized
    async def post(self, channel_id: str, channel: str, change: ListChange) -> None:
        """A channel's list has changed; one that has not is no news."""
        if change == UNCHANGED:
            return
        now = int(self.clock.wall())
        news = ModelNews(at=now, channel_id=channel_id, channel=channel, change=shortened(change))
        recent = [*(item for item in self._news if item.at > now - NEWS_FOR), news][-MOST_NEWS:]
        await self.store.put(tuple(recent))
        self._news = tuple(recent)


def _retried(channel: Channel) -> Channel:
    """The channel with a try for each key that an earlier version took out for a reason that may have passed."""
    keys = (
        attrs.evolve(key, rests_until=1) if key.disabled in PASSING and key.refused else key for key in channel.keys
    )
    return attrs.evolve(channel, keys=tuple(keys))


def _price_keys(channel: Channel) -> list[PriceKey]:
    return [(channel.provider, offer.upstream_model) for offer in channel.offers]
