"""What becomes of a LiteLLM proxy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aihub_lite.moving.litellm.deployments import Deployment, channels_of
from aihub_lite.moving.litellm.log import calls_of
from aihub_lite.moving.litellm.people import KEYS, Household
from aihub_lite.moving.litellm.prices import prices_of
from aihub_lite.moving.litellm.routing import aliases_of, routes_of
from aihub_lite.moving.litellm.source import LitellmSource
from aihub_lite.moving.litellm.values import list_of, mapping_in
from aihub_lite.moving.move import Move, MovedAlias, Remark

OWN_WAY = "the gateway has its own way: settings set max_attempts, and cooldowns that follow faults"
NOT_TAKEN: Mapping[str, str] = {
    "num_retries": OWN_WAY,
    "allowed_fails": OWN_WAY,
    "cooldown_time": OWN_WAY,
    "retry_after": OWN_WAY,
    "retry_policy": OWN_WAY,
    "model_group_retry_policy": OWN_WAY,
    "timeout": "settings set has limits of its own for the first byte, pauses and whole answers",
    "request_timeout": "settings set has limits of its own for the first byte, pauses and whole answers",
    "callbacks": "nothing is sent to other programs",
    "success_callback": "nothing is sent to other programs",
    "failure_callback": "nothing is sent to other programs",
    "cache": "answers are not cached",
    "guardrails": "texts are not looked at",
}
STRATEGIES: Mapping[str, str] = {
    "latency-based-routing": "route set fastest",
    "cost-based-routing": "route set cheapest",
    "least-busy": "there is none like it",
    "usage-based-routing": "there is none like it",
    "usage-based-routing-v2": "there is none like it",
}


def move_of(source: LitellmSource, environ: Mapping[str, str], now: int) -> Move:
    """Everything, as facts of ours. Raises Unreadable."""
    deployments = [*source.deployments()]
    routing = source.routing
    channels, no_channels = channels_of(deployments, environ, now)
    taken = {each for channel in channels for each in channel.sources}
    deployments = [each for each in deployments if each.source in taken]
    prices, no_prices = prices_of(deployments)
    aliases, no_aliases = aliases_of(routing, deployments)
    aliases += tuple(_of_keys(source, aliases, deployments))
    names = {alias.alias for alias in aliases}
    routes, no_routes = routes_of(routing, deployments, names)
    household = Household(tables=source.tables, now=now, groups=_access_groups(deployments))
    tokens, no_tokens = household.tokens(source.master_key)
    calls, no_calls = calls_of(source.log, deployments, tokens, source.master_key)
    left = (*source.left, *no_channels, *no_prices, *no_aliases, *no_routes, *no_tokens, *no_calls, *_settings(source))
    return Move(
        program="litellm",
        channels=channels,
        teams=household.teams(),
        people=household.people(),
        tokens=tokens,
        prices=prices,
        aliases=aliases,
        routes=routes,
        calls=calls,
        left=left,
    )


def _of_keys(
    source: LitellmSource, before: Sequence[MovedAlias], deployments: Sequence[Deployment]
) -> Iterator[MovedAlias]:
    """Aliases of single keys, the first of each name: here they are everybody's."""
    taken = {alias.alias for alias in before} | {each.model_name for each in deployments}
    for row in source.tables.get(KEYS, []):
        for alias, model in mapping_in(row, "aliases").items():
            if alias not in taken and isinstance(model, str):
                taken.add(alias)
                note = (
                    f"was an alias of key {row.get('key_alias') or row.get('key_name')} alone: here it is everybody's"
                )
                yield MovedAlias(alias=alias, model=model, notes=(note,))


def _access_groups(deployments: Sequence[Deployment]) -> Mapping[str, Sequence[str]]:
    """Models by the groups that their deployments name."""
    groups: dict[str, list[str]] = {}
    for deployment in deployments:
        for group in list_of(deployment.info.get("access_groups")):
            groups.setdefault(str(group), []).append(deployment.model_name)
    return groups


def _settings(source: LitellmSource) -> Iterator[Remark]:
    """Settings that have no counterpart."""
    routing = source.routing
    for name, why in NOT_TAKEN.items():
        if routing.get(name):
            yield Remark(noun="setting", source=name, name=name, notes=(why,))
    strategy = routing.get("routing_strategy")
    if isinstance(strategy, str) and strategy in STRATEGIES:
        note = f"{strategy}: {STRATEGIES[strategy]}"
        yield Remark(noun="setting", source="routing_strategy", name="routing_strategy", notes=(note,))
    if source.config.get("include"):
        why = "the files that it names are not read: import each"
        yield Remark(noun="setting", source="include", name="include", notes=(why,))
