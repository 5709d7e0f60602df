"""`/console/channels`: the upstream accounts, how they do, and what they offer."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.statistics import Statistics, Sums
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.channels import BY_OPERATOR, answer, comes_back, list_channels
from aihub_lite.web.admin.overview import sums_json
from aihub_lite.web.admin.views import Json, TheGateway
from aihub_lite.web.console.pages import AnyRequest, page

DAY = 86_400


async def last_day(gateway: Gateway) -> dict[str, Sums]:
    """What each channel, by its name, served in the last 24 hours, and the rest of the quarter they began in."""
    now = int(gateway.clock.wall())
    found = await Statistics(gateway.database).parts("channel", [now - DAY, now + DAY])
    return {part.name: part.sums for part in found}


def presets(gateway: Gateway) -> list[Json]:
    """The kinds of upstream there are, and whether their key is at hand."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "base_url": each.base_url,
            "env": each.env or "",
            "at_hand": bool(each.env and gateway.environ.get(each.env, "").strip()),
            "local": each.local,
        }
        for each in PROVIDERS.values()
        if each.name != "demo"
    ]


def groups(gateway: Gateway) -> list[str]:
    """Groups that exist."""
    of_tokens = {token.group for token in gateway.registry.tokens}
    return sorted(of_tokens | {channel.group for channel in gateway.registry.channels.values()} | {"default"})


@get("/channels")
async def show_channels(request: AnyRequest, gateway: TheGateway) -> Template:
    """All channels, those tried first at the top."""
    channels: list[Json] = await list_channels.fn(gateway)
    served = await last_day(gateway)
    shown = [{**each, "day": sums_json(served.get(each["name"], Sums()))} for each in channels]
    return page(request, "channels.html", channels=shown, by_operator=BY_OPERATOR)


@get("/channels/new")
async def show_new_channel(request: AnyRequest, gateway: TheGateway) -> Template:
    """The form."""
    return page(request, "channel_new.html", channel=None, presets=presets(gateway), groups=groups(gateway))


@get("/channels/{ref:str}")
async def show_channel_page(request: AnyRequest, gateway: TheGateway, ref: FromPath[str]) -> Template:
    """One channel."""
    channel = gateway.registry.channel(ref)
    served = await last_day(gateway)
    return page(
        request,
        "channel.html",
        channel=answer(gateway, channel),
        day=sums_json(served.get(channel.name, Sums())),
        provider=PROVIDERS[channel.provider],
        last_fault=gateway.health.of(channel.id).last_fault,
        stays=comes_back(channel, gateway),
        by_operator=BY_OPERATOR,
        groups=groups(gateway),
    )


CHANNELS = [show_channels, show_new_channel, show_channel_page]
