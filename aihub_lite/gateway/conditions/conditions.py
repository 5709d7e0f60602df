"""Everything that an operator should look at now: the overview lists it, and alerts are sent of some of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

from aihub_lite.domain.alerts.condition import Condition
from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.channel import BY_OPERATOR, Channel
from aihub_lite.domain.clock import moment_text
from aihub_lite.domain.money import plain, usd
from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.domain.safety.pause import PauseHolder, figure, why
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import MOST_DRIFT
from aihub_lite.gateway.conditions.standing import channel_state, failing_text, key_hint, out_of_use, out_text, rest_end
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.steps import in_steps
from aihub_lite.gateway.upkeep.model_refresh import pointers
from aihub_lite.storage.drifts import Drifts
from aihub_lite.upstream.providers import PROVIDERS, is_unpriced

NEAR = 0.2
"""The share of a limit that is left when it is nearly used up."""
NOTHING_LEFT = 0.005
"""The share that is as good as nothing: requests are refused before the last of it is used."""
NEARLY = 80
SPENT = 100
"""Of a limit: what is used, in percent, when it is said."""
RUNAWAYS: Mapping[PauseHolder, str] = {"token": "runaway", "person": "runaway_person"}
"""Kinds of what the gateway has paused by itself."""
DAY = 86_400
"""Seconds for which a leap of the clock is shown."""
MOST_NAMES = 10
"""What is said to point at one model that is gone."""
SOON = 7 * 86_400
"""Seconds before its expiry from which a token is said to expire soon."""


async def conditions_of(gateway: Gateway) -> list[Condition]:
    """All that holds at this moment, the gateway's own first."""
    found = [*_of_gateway(gateway), *gateway.alerts.notices.all]
    backups = await gateway.backups.news()
    if gateway.settings.backup_keep and backups.error:
        found.append(Condition("backup_failed", moment_text(int(backups.failed_at)), "", backups.error))
    for request in await gateway.credits.requests():
        person = gateway.people.persons[request.person_id]
        found.append(Condition("credit_asked", person.name, person.id, plain(usd(request.nano))))
    found += _of_pauses(gateway)
    found += _of_pots(gateway)
    drifts = await Drifts(gateway.database).of_channels()
    for channel in gateway.registry.channels.all:
        found += _of_channel(gateway, channel, drifts.get(channel.id))
    found += [condition async for condition in _of_models(gateway)]
    found += [condition async for condition in _of_tokens(gateway)]
    return found


def _of_gateway(gateway: Gateway) -> Iterator[Condition]:
    if gateway.ledger.behind:
        yield Condition("unbooked", str(gateway.ledger.unbooked), "", "")
    if gateway.ledger.lost:
        yield Condition("lost_settlements", str(gateway.ledger.lost), "", "")
    leap = gateway.ledger.leaps.last
    if leap is not None and gateway.clock.monotonic() - leap.noticed < DAY:
        yield Condition("clock_leapt", f"{leap.seconds / 3600:+.1f} h", "", moment_text(leap.at))


def _of_pauses(gateway: Gateway) -> Iterator[Condition]:
    """What is paused for safety: by the gateway itself, of which each is news, or by hand."""
    names = {token.id: token.name for token in gateway.registry.tokens.by_digest.values()}
    names |= {person.id: person.name for person in gateway.people.persons.values()}
    for pause in gateway.pauses.all:
        kind = RUNAWAYS[pause.holder]
        if pause.by_hand:
            kind = "paused"
        name = names.get(pause.id, pause.id)
        yield Condition(kind, name, pause.id, why(pause), part=str(pause.since), figure=figure(pause))


def _of_pots(gateway: Gateway) -> Iterator[Condition]:
    """Pots in which little is left of a limit that is there, of all requests or of some: `15 %`, `15 % (gpt-*)`.

    A token's are those that it has beside its own quota and budget, which `_of_tokens` tells of.
    """
    wall = gateway.clock.wall()
    for pot in gateway.ledger.pots.values():
        scarcest = pot.scarcest(wall)
        if scarcest is None or scarcest[0] > NEAR or not _is_used(gateway, pot.key, wall):
            continue
        share, scope = scarcest
        left = f"{max(0, 100 * share):.0f} %"
        if scope:
            left = f"{left} ({scope})"
        holder = pot.key.holder or pot.key.kind
        yield Condition("pot_near_limit", pot.name or pot.key.kind, holder, left, _used(share), pot.key.kind)


def _is_used(gateway: Gateway, key: PotKey, wall: float) -> bool:
    """Whether anything may be drawn from it: nothing is by a token that is disabled or has expired."""
    if key.kind != "token":
        return True
    balance = gateway.ledger.balances.get(key.holder)
    return balance is not None and balance.token.live(wall)


def _used(share_left: float) -> int:
    if share_left < NOTHING_LEFT:
        return SPENT
    return NEARLY


async def _of_models(gateway: Gateway) -> AsyncIterator[Condition]:
    async for model in in_steps(sorted(gateway.registry.catalog.models.values(), key=lambda model: model.id)):
        unpriced = [candidate.channel.name for candidate in model.candidates if is_unpriced(candidate)]
        if unpriced:
            yield Condition("unpriced", model.id, model.id, ", ".join(unpriced))


def _of_channel(gateway: Gateway, channel: Channel, drift: float | None) -> Iterator[Condition]:
    if not channel.enabled:
        # What an operator has disabled is meant to be so.
        if channel.disabled not in ("", BY_OPERATOR):
            yield Condition("channel_disabled", channel.name, channel.id, channel.disabled)
        return
    yield from _of_keys(gateway, channel)
    yield from _of_health(gateway, channel)
    yield from _of_list(gateway, channel)
    if drift is not None and drift > MOST_DRIFT:
        yield Condition("drift", channel.name, channel.id, f"{drift:.2f}", figure=f"{drift:.2f}")


def _of_keys(gateway: Gateway, channel: Channel) -> Iterator[Condition]:
    for key in channel.keys:
        why = out_of_use(gateway, key, PROVIDERS[channel.provider])
        if why and why != BY_OPERATOR:
            until = rest_end(key)
            kind = "key_disabled"
            if until is not None:
                kind = "key_rests"
            text = out_text(key_hint(key), why, until)
            yield Condition(kind, channel.name, channel.id, text, part=key.id, figure=until or "")


def _of_health(gateway: Gateway, channel: Channel) -> Iterator[Condition]:
    health = gateway.health.of(channel.id)
    state = channel_state(gateway, channel)
    if not gateway.health.was_seen_well(channel.id):
        yield Condition("cooling_down", channel.name, channel.id, "", shown=False, sure=False)
    if health.faults >= gateway.health.policy.fault_threshold:
        cooling = state == "cooling down"
        yield Condition("cooling_down", channel.name, channel.id, health.last_fault, shown=cooling)
    failing = failing_text(gateway, channel)
    list_error = gateway.registry.channels.list_errors.get(channel.id, "")
    if state == "failing" and failing != list_error:
        yield Condition("failing", channel.name, channel.id, failing)
    elif failing:
        # Something else is said of it at the moment, which makes it no better.
        yield Condition("failing", channel.name, channel.id, failing, shown=False, sure=False)
    if list_error:
        yield Condition("list_error", channel.name, channel.id, list_error)


def _of_list(gateway: Gateway, channel: Channel) -> Iterator[Condition]:
    gone = [offer.model for offer in channel.offers if offer.gone_since]
    if gone:
        found = pointers(gateway.registry)
        for model in gone:
            if names := found.get(canonical(model)):
                text = f"{channel.name}: {', '.join(names[:MOST_NAMES])}"
                yield Condition("model_gone", model, channel.id, text)


async def _of_tokens(gateway: Gateway) -> AsyncIterator[Condition]:
    now = gateway.clock.wall()
    async for token in in_steps(gateway.registry.tokens.all):
        balance = gateway.ledger.balances.get(token.id)
        if balance is None or not token.live(now):  # it may have been deleted since the last step
            continue
        left = balance.left(now)
        if left is not None and left <= _lowest_limit(token) * NEAR:
            used = _used(left / max(_lowest_limit(token), 1))
            yield Condition("near_limit", token.name, token.id, plain(usd(max(left, 0))), used)
        if token.expires_at is not None and expires_soon(token, now):
            yield Condition("expires_soon", token.name, token.id, moment_text(token.expires_at))


def expires_soon(token: Token, now: float) -> bool:
    """Whether a token that is live at Unix time `now` will not be for long."""
    return token.expires_at is not None and token.expires_at - now < SOON


def _lowest_limit(token: Token) -> int:
    limits = []
    if token.quota_nano is not None:
        limits.append(token.quota_nano)
    if token.budget is not None:
        limits.append(token.budget.nano)
    return min(limits)
