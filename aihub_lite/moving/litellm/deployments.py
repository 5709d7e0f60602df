"""Deployments: entries of `model_list`, and models that were added in LiteLLM's own console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import msgspec

from aihub_lite.domain.channel import Channel, Clocks, Offer, keys_of
from aihub_lite.domain.limits import Limits
from aihub_lite.domain.overrides import NONE, Header, Overrides, Param, Secret
from aihub_lite.domain.patterns import STAR
from aihub_lite.domain.validation import check_model
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.litellm.kinds import ENV, Upstream, upstream_of
from aihub_lite.moving.litellm.values import dict_of, list_of, number_in, text_in, whole_in
from aihub_lite.moving.move import MovedChannel, Remark

DEFAULTS = frozenset(
    {"max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty"}
    | {"seed", "stop", "response_format", "tool_choice", "parallel_tool_calls", "reasoning_effort", "thinking", "user"}
    | {"dimensions", "logit_bias", "service_tier", "verbosity"}
)
"""Fields of a deployment that are sent along with a request that lacks them."""
KNOWN = DEFAULTS | frozenset(
    {"model", "custom_llm_provider", "api_base", "base_url", "api_key", "api_version", "organization", "extra_headers"}
    | {"headers", "extra_body", "rpm", "tpm", "max_parallel_requests", "weight", "order", "timeout", "stream_timeout"}
    | {"drop_params", "additional_drop_params"}
)
HARMLESS = frozenset({"use_in_pass_through", "use_litellm_proxy", "merge_reasoning_content_in_choices", "max_retries"})
"""Fields without an effect here, or with one that is the gateway's own."""
METRICS = ("weight", "rpm", "tpm")
"""By what LiteLLM's simple-shuffle chooses: the first of them that any deployment of a model has."""
SHARE = 1000
"""What the weights of a model's deployments add up to at most, where they are fractions."""


@attrs.frozen(kw_only=True)
class Deployment:
    """One way to one model, in plain text: nothing in it is encrypted any more."""

    source: str
    """Stays the same from one import to the next."""
    model_name: str
    params: Mapping[str, Any] = attrs.field(repr=False)
    info: Mapping[str, Any]
    blocked: bool = False


@attrs.frozen(kw_only=True)
class _Account:
    deployment: Deployment
    channel: Channel
    shared: bool
    """Whether others of the same account may stand in its channel."""
    notes: tuple[str, ...]


def channels_of(
    deployments: Sequence[Deployment], environ: Mapping[str, str], now: int
) -> tuple[tuple[MovedChannel, ...], tuple[Remark, ...]]:
    """Channels, one for each account, and what cannot be one.

    Deployments of one account share a channel, unless one has limits or a weight of its own.
    """
    planned: list[_Account] = []
    left: list[Remark] = []
    for deployment in deployments:
        try:
            planned.append(_planned(deployment, deployments, environ, now))
        except InvalidRequest as error:
            left.append(
                Remark(noun="channel", source=deployment.source, name=deployment.model_name, notes=(error.message,))
            )
    together: list[list[_Account]] = []
    for each in planned:
        home = next((others for others in together if _may_join(each, others)), None)
        if home is None:
            together.append([each])
        else:
            home.append(each)
    names: set[str] = set()
    return tuple(_joined(group, names) for group in together), tuple(left)


def _may_join(each: _Account, others: Sequence[_Account]) -> bool:
    first = others[0]
    if not (each.shared and first.shared) or _account(each.channel) != _account(first.channel):
        return False
    taken = {offer.model for other in others for offer in (*other.channel.offers, *other.channel.patterns)}
    return each.deployment.model_name not in taken


def _account(channel: Channel) -> Channel:
    return attrs.evolve(channel, name="", offers=(), patterns=())


def _joined(group: Sequence[_Account], names: set[str]) -> MovedChannel:
    first = group[0].channel
    name = _free_name(first.name, names)
    channel = attrs.evolve(
        first,
        name=name,
        offers=tuple(offer for each in group for offer in each.channel.offers),
        patterns=tuple(pattern for each in group for pattern in each.channel.patterns),
    )
    notes = tuple(dict.fromkeys(note for each in group for note in each.notes))
    return MovedChannel(sources=tuple(each.deployment.source for each in group), channel=channel, notes=notes)


def _free_name(wanted: str, names: set[str]) -> str:
    name, number = wanted, 1
    while name in names:
        number += 1
        name = f"{wanted} {number}"
    names.add(name)
    return name


def _planned(
    deployment: Deployment, all_of_them: Sequence[Deployment], environ: Mapping[str, str], now: int
) -> _Account:
    """A deployment as a channel with one model. Raises InvalidRequest with the reason where it cannot be one."""
    params = deployment.params
    base = _resolved(text_in(params, "api_base") or text_in(params, "base_url"), "api_base", environ)
    upstream, upstream_model = upstream_of(text_in(params, "model"), text_in(params, "custom_llm_provider"), base)
    offer = _offer(deployment.model_name, upstream_model)
    notes: list[str] = []
    limits = Limits(
        rpm=whole_in(params, "rpm"), tpm=whole_in(params, "tpm"), concurrency=whole_in(params, "max_parallel_requests")
    )
    priority, weight = _preference(deployment, all_of_them, notes)
    if base:
        base = upstream.address(base, text_in(params, "api_version"))
    offers: tuple[Offer, ...] = (offer,)
    patterns: tuple[Offer, ...] = ()
    if STAR in offer.model:
        offers, patterns = patterns, offers
    disabled = ""
    if deployment.blocked:
        disabled = "blocked in LiteLLM"
    channel = Channel(
        id="",
        name=upstream.provider,
        provider=upstream.provider,
        base_url=base,
        created_at=now,
        keys=keys_of(_keys(params, upstream)),
        offers=offers,
        patterns=patterns,
        priority=priority,
        weight=weight,
        clocks=Clocks(answer=_seconds(params, "timeout"), first_byte=_seconds(params, "stream_timeout")),
        limits=limits,
        overrides=_overrides(params, notes),
        enabled=not deployment.blocked,
        disabled=disabled,
    )
    notes += _not_taken(params)
    shared = limits == Limits() and (priority, weight) == (0, 1) and not deployment.blocked
    return _Account(deployment=deployment, channel=channel, shared=shared, notes=tuple(notes))


def _offer(model: str, upstream_model: str) -> Offer:
    check_model(model, "model_name")
    check_model(upstream_model, "model")
    stars = (model.count(STAR), upstream_model.count(STAR))
    if stars not in ((0, 0), (1, 1)):
        raise InvalidRequest(f"{model}: a pattern must have one * in its own name and one in that of its model")
    return Offer(model, upstream_model)


def _resolved(text: str, field: str, environ: Mapping[str, str]) -> str:
    """An address as it is now: one cannot be a reference."""
    if not text.startswith(ENV):
        return text
    name = text.removeprefix(ENV)
    value = environ.get(name, "").strip()
    if not value:
        raise InvalidRequest(f"{field}: is in {name}, which is not set here: set it and import again")
    return value


def _keys(params: Mapping[str, Any], upstream: Upstream) -> tuple[str, ...]:
    key = text_in(params, "api_key")
    if key:
        return (reference_of(key),)
    if upstream.env:
        return (f"env:{upstream.env}",)
    return ()


def reference_of(text: str) -> str:
    """A key, or `env:NAME` for one that is in the environment."""
    if text.startswith(ENV):
        return f"env:{text.removeprefix(ENV)}"
    return text


def _seconds(params: Mapping[str, Any], name: str) -> float | None:
    seconds = number_in(params, name)
    if seconds is None:
        return None
    return float(seconds)


def _preference(deployment: Deployment, all_of_them: Sequence[Deployment], notes: list[str]) -> tuple[int, int]:
    """Priority and weight: as simple-shuffle chooses among the deployments of one name.

    A deployment without the metric that others have is asked only when those are down.
    """
    siblings = [each for each in all_of_them if each.model_name == deployment.model_name]
    orders = [whole_in(each.params, "order") or 0 for each in siblings]
    priority = 2 * (max(orders) - (whole_in(deployment.params, "order") or 0))
    if len(siblings) == 1:
        return 0, 1
    for metric in METRICS:
        weights = [number_in(each.params, metric) or Decimal(0) for each in siblings]
        if not any(weights):
            continue
        own = number_in(deployment.params, metric) or Decimal(0)
        if not all(weights):
            if not own:
                notes.append(f"asked when those with a {metric} are down, as LiteLLM did")
                return priority, 1
            priority += 1
        return priority, _whole_weight(own, weights)
    return priority, 1


def _whole_weight(own: Decimal, weights: Sequence[Decimal]) -> int:
    if all(weight == int(weight) for weight in weights):
        return max(int(own), 1)
    return max(int(own * SHARE / sum(weights)), 1)


def _overrides(params: Mapping[str, Any], notes: list[str]) -> Overrides | None:
    headers: dict[str, Header] = {}
    if organization := text_in(params, "organization"):
        headers["openai-organization"] = Header("openai-organization", Secret(reference_of(organization)))
    for field in ("headers", "extra_headers"):
        for name, value in dict_of(params.get(field)).items():
            headers[str(name).lower()] = Header(str(name).lower(), Secret(reference_of(str(value))))
    defaults = {name: params[name] for name in sorted(DEFAULTS & params.keys()) if params[name] is not None}
    defaults |= dict_of(params.get("extra_body"))
    overrides = Overrides(
        headers=tuple(headers.values()),
        default_params=tuple(Param(name, _json_text(value)) for name, value in defaults.items()),
        drop_params=tuple(str(path) for path in list_of(params.get("additional_drop_params"))),
    )
    if "drop_params" in params:
        notes.append("drop_params: what an upstream does not know is always left out here")
    return None if overrides == NONE else overrides


def _json_text(value: Any) -> str:
    """A value as JSON; numbers came as they were written."""
    if isinstance(value, str):
        try:
            number = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return msgspec.json.encode(value).decode()
        if isinstance(number, int | float) and not isinstance(number, bool):
            return value
    return msgspec.json.encode(value).decode()


def _not_taken(params: Mapping[str, Any]) -> list[str]:
    """A note about fields that have no place here; prices have one of their own."""
    others = sorted(
        name
        for name, value in params.items()
        if name not in KNOWN | HARMLESS and "cost" not in name and value not in (None, "", False, [], {})
    )
    if not others:
        return []
    return [f"not taken: {', '.join(others)}"]
