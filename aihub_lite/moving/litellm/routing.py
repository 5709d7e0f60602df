"""Other names of models, and what is tried where one fails."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from aihub_lite.domain.patterns import STAR
from aihub_lite.domain.route import NamedRoute, Reason, RouteStep
from aihub_lite.moving.litellm.deployments import Deployment
from aihub_lite.moving.litellm.values import dict_of, list_of
from aihub_lite.moving.move import MovedAlias, MovedRoute, Remark

LISTS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
GENERAL: tuple[Reason, ...] = ("down", "rate", "quota")
EVERY = "*"
"""Of `fallbacks`: any model that has none of its own. As an alias: any name that nobody offers."""
NO_CHAT = frozenset(
    {"embedding", "image_generation", "image_edit", "audio_speech", "audio_transcription", "rerank", "moderation"}
)
"""Modes of models that no other model stands in for by default."""


@attrs.frozen
class _Fallbacks:
    """The three lists, each by model, and what is tried for all that have none."""

    by_list: Mapping[str, Mapping[str, Sequence[str]]]
    default: Sequence[str]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> _Fallbacks:
        by_list = {name: _by_model(settings.get(name)) for name in LISTS}
        default = _names(settings.get("default_fallbacks"))
        return cls(by_list, default)

    def general(self, model: str) -> Sequence[str]:
        """What is tried for a model that fails for any reason without a list of its own."""
        own = self.by_list["fallbacks"]
        return own.get(model) or own.get(EVERY) or self.default

    def reasons(self) -> tuple[Reason, ...]:
        """For what the general list counts: also for what no other list is there for."""
        reasons = GENERAL
        if not self.by_list["context_window_fallbacks"]:
            reasons += ("context",)
        if not self.by_list["content_policy_fallbacks"]:
            reasons += ("content",)
        return reasons


def _by_model(entries: Any) -> dict[str, list[str]]:
    """From `[{model: [fallback, …]}, …]`."""
    found: dict[str, list[str]] = {}
    for entry in list_of(entries):
        if isinstance(entry, dict):
            for model, names in entry.items():
                found.setdefault(str(model), []).extend(_names(names))
    return found


def _names(entries: Any) -> list[str]:
    """Models of a list, each by its name or as an object with one."""
    names = []
    for entry in list_of(entries):
        if isinstance(entry, str):
            names.append(entry)
        elif isinstance(entry, dict) and isinstance(entry.get("model"), str):
            names.append(entry["model"])
    return names


def aliases_of(
    settings: Mapping[str, Any], deployments: Sequence[Deployment]
) -> tuple[tuple[MovedAlias, ...], tuple[Remark, ...]]:
    """`model_group_alias`, and the first of `default_fallbacks` for names that nobody offers."""
    offered = {deployment.model_name for deployment in deployments}
    aliases: list[MovedAlias] = []
    left: list[Remark] = []
    for alias, value in dict_of(settings.get("model_group_alias")).items():
        target = dict_of(value).get("model") or value
        notes: tuple[str, ...] = ()
        if isinstance(value, dict) and value.get("hidden"):
            notes = ("LiteLLM hid it from /v1/models: here every alias is listed",)
        if not isinstance(target, str):
            left.append(Remark(noun="alias", source=str(alias), name=str(alias), notes=("names no model",)))
        elif alias in offered:
            why = "a model has this name, and an exact id always wins"
            left.append(Remark(noun="alias", source=str(alias), name=str(alias), notes=(why,)))
        else:
            aliases.append(MovedAlias(alias=str(alias), model=target, notes=notes))
    default = _names(settings.get("default_fallbacks"))
    if default and EVERY not in offered:
        aliases.append(
            MovedAlias(
                alias=EVERY,
                model=default[0],
                notes=("default_fallbacks: what nobody offers is answered by this model, as LiteLLM did",),
            )
        )
    return tuple(aliases), tuple(left)


def routes_of(
    settings: Mapping[str, Any], deployments: Sequence[Deployment], aliases: Collection[str]
) -> tuple[tuple[MovedRoute, ...], tuple[Remark, ...]]:
    """A route for every model that has fallbacks: of its own name, with the model itself as its first step."""
    fallbacks = _Fallbacks.of(settings)
    models = {each.model_name: str(each.info.get("mode") or "") for each in deployments}
    known = {*models, *aliases}
    left = [
        Remark(noun="route", source=f"{name}: {model}", name=model, notes=("no model has this name",))
        for name in LISTS
        for model in fallbacks.by_list[name]
        if model not in models and model != EVERY
    ]
    routes = []
    for model, mode in models.items():
        if STAR in model:
            continue
        default_only = not any(model in fallbacks.by_list[name] for name in LISTS)
        if default_only and mode in NO_CHAT:
            continue
        if (route := _route(model, fallbacks, known)) is not None:
            routes.append(route)
    return tuple(routes), tuple(left)


def _route(model: str, fallbacks: _Fallbacks, known: Collection[str]) -> MovedRoute | None:
    lists: list[tuple[tuple[Reason, ...], list[str]]] = []
    named = (
        (fallbacks.reasons(), fallbacks.general(model)),
        (("context",), fallbacks.by_list["context_window_fallbacks"].get(model, ())),
        (("content",), fallbacks.by_list["content_policy_fallbacks"].get(model, ())),
    )
    unknown: dict[str, None] = {}
    for reasons, names in named:
        unknown |= dict.fromkeys(name for name in names if name not in known)
        taken = [name for name in dict.fromkeys(names) if name != model and name in known]
        if taken:
            lists.append((reasons, taken))  # type: ignore[arg-type]
    if not lists:
        return None
    steps = dict.fromkeys([model, *(name for _, names in lists for name in names)])
    on = tuple(dict.fromkeys(reason for reasons, _ in lists for reason in reasons))
    notes = [f"no model is called {name}: left out" for name in unknown]
    if len({tuple(names) for _, names in lists}) > 1:
        notes.append(
            "LiteLLM had other models for prompts that are too long or refused than for faults: here all are tried in"
            " this order, whatever the reason"
        )
    route = NamedRoute(name=model, steps=tuple(RouteStep(model=name) for name in steps), on=on)
    return MovedRoute(route=route, notes=tuple(notes))
