"""`/api/admin/overview`: the last day, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from functools import reduce

from litestar import Router, get

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Statistics, Sums
from aihub_lite.web.admin.channels import BY_OPERATOR, channel_json
from aihub_lite.web.admin.prices import is_free
from aihub_lite.web.admin.spans import edges_of
from aihub_lite.web.admin.tokens import token_json
from aihub_lite.web.admin.views import Json, TheGateway, moment_text, money

NEAR = Decimal("0.2")
"""The share of a limit that is left when a token is near it."""
SOON = 7 * 86_400


def sums_json(sums: Sums) -> Json:
    """What requests came to; `first_byte_ms` is a mean, null when none had one."""
    return {
        "requests": sums.requests,
        "errors": sums.errors,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "cost_usd": money(sums.cost_nano),
        "first_byte_ms": sums.first_byte_mean,
    }


async def overview(gateway: Gateway) -> Json:
    """The last 24 hours, the one that runs included, each and together, and what needs attention."""
    edges = edges_of("24h", gateway.clock.wall(), UTC)
    found = await Statistics(gateway.database).steps(edges)
    hours = [{"start": moment_text(start), **sums_json(sums)} for start, sums in zip(edges, found, strict=False)]
    return {"day": sums_json(reduce(Sums.__add__, found)), "hours": hours, "attention": list(attention(gateway))}


def attention(gateway: Gateway) -> Iterator[Json]:
    """What does not mend itself: `kind` says what, `subject` whose, `detail` why."""
    for channel in gateway.registry.channels.values():
        yield from _of_channel(gateway, channel)
    for model in sorted(gateway.registry.catalog.models.values(), key=lambda each: each.id):
        unpriced = [way for way in model.candidates if way.price == UNPRICED and not is_free(way.channel)]
        if unpriced:
            yield _item("unpriced", model.id, model.id, ", ".join(way.channel.name for way in unpriced))
    yield from _of_tokens(gateway)


def _of_channel(gateway: Gateway, channel: Channel) -> Iterator[Json]:
    shown = channel_json(gateway, channel)
    if not channel.enabled:
        if channel.disabled not in ("", BY_OPERATOR):
            yield _item("channel_disabled", channel.name, channel.id, channel.disabled)
        return
    for key in shown["keys"]:
        if key["disabled"]:
            yield _item("key_disabled", channel.name, channel.id, f"{key['hint']}: {key['disabled']}")
    if shown["state"] == "cooling down":
        yield _item("cooling_down", channel.name, channel.id, gateway.health.of(channel.id).last_fault)
    if shown["list_error"]:
        yield _item("list_error", channel.name, channel.id, shown["list_error"])


def _of_tokens(gateway: Gateway) -> Iterator[Json]:
    now = gateway.clock.wall()
    for token in gateway.registry.tokens:
        if not token.live(now):
            continue
        shown = token_json(gateway, token)
        limits = [Decimal(limit) for limit in (shown["quota"], (shown["budget"] or "").partition("/")[0]) if limit]
        if limits and Decimal(shown["left_usd"]) <= min(limits) * NEAR:
            yield _item("near_limit", token.name, token.id, shown["left_usd"])
        if token.expires_at is not None and token.expires_at - now < SOON:
            yield _item("expires_soon", token.name, token.id, shown["expires"])


def _item(kind: str, subject: str, subject_id: str, detail: str) -> Json:
    return {"kind": kind, "subject": subject, "id": subject_id, "detail": detail}


@get("/")
async def show_overview(gateway: TheGateway) -> Json:
    """At this moment."""
    return await overview(gateway)


overview_router = Router("/overview", route_handlers=[show_overview])
