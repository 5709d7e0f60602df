"""`/console/channels`: the upstream accounts, how they do, and what they offer."""

from __future__ import annotations

from collections.abc import Container, Mapping

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from aihub_lite.domain.channel import BY_OPERATOR, Channel
from aihub_lite.domain.token import EVERY_GROUP
from aihub_lite.domain.usage import MOST_DRIFT
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.drifts import Drifts
from aihub_lite.storage.requests.filters import ANY_FAILED, RecordFilter
from aihub_lite.storage.statistics import Part, Statistics, Sums
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.channel_views import HIGHEST_FIRST, channel_rows, channel_with_warnings
from aihub_lite.web.admin.channels import comes_back
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.paging import Order, read_asked
from aihub_lite.web.admin.records import entry_json
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.requests.listing import requests_page
from aihub_lite.web.sums import sums_json
from aihub_lite.web.views import Json

DAY = 86_400
FAILURES = 5
"""The latest requests of a day that failed at a channel, on its page."""


async def last_day(gateway: Gateway, by: Part = "channel") -> dict[str, Sums]:
    """What each channel, by its name, or each token, by its id, served in the last 24 hours, counted by the quarter of
    an hour."""
    now = int(gateway.clock.wall())
    # The end lies ahead, so that the running quarter is counted.
    parts = await Statistics(gateway.database).parts(by, [now - DAY, now + DAY])
    return {part.id: part.sums for part in parts}


def presets(gateway: Gateway) -> list[Json]:
    """The providers to choose from; `at_hand` says whether the environment has a key for one."""
    return [
        {
            "name": provider.name,
            "title": provider.title,
            "base_url": provider.address(gateway.environ) or provider.base_url,
            "env": provider.env or "",
            "at_hand": provider.at_hand(gateway.environ),
            "local": provider.local,
            "of_project": provider.cloud == "vertex",
            "of_region": provider.cloud == "bedrock",
        }
        for provider in PROVIDERS.values()
        if not provider.demo
    ]


def groups(gateway: Gateway) -> list[str]:
    """The groups that any token or channel is in, and `default`."""
    of_tokens = {token.group for token in gateway.registry.tokens.by_digest.values()}
    of_channels = {channel.group for channel in gateway.registry.channels.all}
    return sorted((of_tokens | of_channels | {"default"}) - {EVERY_GROUP})


SORTS = ("name", "requests", "cost", "first_byte", "errors", "drift", "priority")
"""What channels can be ordered by; falling with a `-` before it."""


def known_sort(sort: str, sorts: Container[str]) -> str:
    """The order that an address asks for; empty where there is none of that name."""
    if sort.removeprefix("-") in sorts:
        return sort
    return ""


def figure_of(sums: Sums, key: str) -> float:
    """One of the figures of a channel's last day. A share of errors is one of no requests, too."""
    if key == "requests":
        return sums.requests
    if key == "cost":
        return sums.cost_nano
    if key == "first_byte":
        return sums.first_byte_mean or 0
    return sums.errors / max(sums.requests, 1)


async def order_by(gateway: Gateway, sort: str, served: Mapping[str, Sums]) -> Order[Channel]:
    """The order that an address asks for; by priority where it asks for none that there is."""
    key = known_sort(sort, SORTS).removeprefix("-")
    if not key:
        return HIGHEST_FIRST
    figures: dict[str, float] = {}
    if key == "drift":
        figures = {**await Drifts(gateway.database).of_channels()}
    elif key == "priority":
        figures = {channel.id: channel.priority for channel in gateway.registry.channels.all}
    elif key != "name":
        channels = gateway.registry.channels.all
        figures = {channel.id: figure_of(served.get(channel.name, Sums()), key) for channel in channels}
    return Order(
        place=lambda channel: (figures.get(channel.id, 0), channel.name.casefold(), channel.id),
        kind=tuple[float, str, str],
        falling=sort.startswith("-"),
    )


DEFAULTS: Mapping[str, object] = {
    "priority": 0,
    "weight": 1,
    "group": "default",
    "cost": "auto",
    "learn": "on",
    "proxy": "env",
}
"""What the fields of a channel's form that most leave alone are at first; the others are empty."""
EMPTY_AT_FIRST = (
    *("rpm", "tpm", "concurrency", "budget", "ca", "client_cert", "bind"),
    *("headers", "default_params", "set_params", "drop_params", "system_prefix"),
)


def is_tuned(channel: Json) -> bool:
    """Whether any of the fields is set that most channels leave alone."""
    if any(channel[name] != value for name, value in DEFAULTS.items()):
        return True
    return any(channel[name] not in (None, "", [], ()) for name in EMPTY_AT_FIRST)


@get("/channels")
async def show_channels(
    request: AnyRequest,
    gateway: TheGateway,
    q: FromQuery[str] = "",
    after: FromQuery[str] = "",
    sort: FromQuery[str] = "",
) -> Template:
    """A page of the channels that match the search, highest priority first unless another order is asked for, with what
    each served in the last day."""
    asked = read_asked(q, after)
    served = await last_day(gateway)
    order = await order_by(gateway, sort, served)
    rows = [*await channel_rows(gateway, asked, order)]
    return page(
        request,
        "pages/channels.html",
        channels=[{**row, "day": sums_json(served.get(row["name"], Sums()))} for _, row in rows[: asked.limit]],
        total=len(gateway.registry.channels.all),
        q=q.strip(),
        sort=known_sort(sort, SORTS),
        after=order.further([channel for channel, _ in rows], asked),
        groups=groups(gateway),
        by_operator=BY_OPERATOR,
        most_drift=MOST_DRIFT,
    )


@get("/channels/new")
async def show_new_channel(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form for a new channel."""
    return page(request, "pages/channel_new.html", channel=None, presets=presets(gateway), groups=groups(gateway))


@get("/channels/{ref:str}")
async def show_channel_page(
    request: AnyRequest, gateway: TheGateway, ref: FromPath[str], key: FromQuery[str] = ""
) -> Template:
    """One channel: its state, its last day, what failed in it, and the form that changes it.

    With the id of a key, what changes that.
    """
    channel = gateway.registry.channels.get(ref)
    served = await last_day(gateway)
    shown = await channel_with_warnings(gateway, channel)
    since_ms = int(gateway.clock.wall() - DAY) * 1000
    lately = RecordFilter(channel=channel.name, outcome=ANY_FAILED, since_ms=since_ms)
    failed = await requests_page(gateway, lately, "", FAILURES)
    return page(
        request,
        "pages/channel.html",
        channel=shown,
        tuned=is_tuned(shown),
        chosen=next((each for each in shown["keys"] if each["id"] == key), None),
        keys_off={each.id for each in channel.keys if each.disabled},
        refreshable=channel.discovered or bool(channel.patterns),
        day=sums_json(served.get(channel.name, Sums())),
        provider=PROVIDERS[channel.provider],
        failed=[entry_json(entry) for entry in failed.entries],
        last_fault=gateway.health.of(channel.id).last_fault,
        stays=comes_back(channel, gateway),
        by_operator=BY_OPERATOR,
        groups=groups(gateway),
        most_drift=MOST_DRIFT,
    )


CHANNELS = [show_channels, show_new_channel, show_channel_page]
