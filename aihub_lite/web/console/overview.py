"""`/console`: the front page, with the last day, the requests under way and what needs attention."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.usage import Usages
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.admin.channel_views import channel_rows
from aihub_lite.web.admin.dependencies import TheGateway
from aihub_lite.web.admin.flights import flights_json
from aihub_lite.web.admin.overview import overview
from aihub_lite.web.admin.paging import LIMIT, Asked
from aihub_lite.web.admin.tokens import OWN
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest

DEMOS = {provider.name for provider in PROVIDERS.values() if provider.demo}
"""What their channels are called, until somebody calls them otherwise."""
STEPS = ("provider", "token", "call")
MOST_NAMES = 10
"""Models of each kind that a piece of news names on the page."""


async def first_steps(gateway: Gateway) -> dict[str, bool]:
    """What a new gateway is set up by, in order, and whether each is done: what comes with it by itself is no step.

    A call that a channel of one's own has answered to a token of one's own took all three: whatever is deleted after
    it, nobody who has come so far is a beginner again. What the demo answered is none, nor what the console asked.
    """
    registry = gateway.registry
    builtin = {channel.name for channel in registry.channels.all if channel.origin == "builtin"}
    if await Usages(gateway.database).ever(but_token=OWN, but_channels=builtin | DEMOS):
        return dict.fromkeys(STEPS, True)
    return {
        "provider": any(channel.origin != "builtin" for channel in registry.channels.all),
        "token": any(token.name != OWN for token in registry.tokens.by_digest.values()),
        "call": False,
    }


@get("/")
async def show_overview(request: AnyRequest, gateway: TheGateway) -> Template:
    """The front page, which its script keeps up to date."""
    channels = [row for _, row in await channel_rows(gateway, Asked())]
    steps = await first_steps(gateway)
    return page(
        request,
        "pages/overview.html",
        flights=flights_json(gateway),
        channels=channels[:LIMIT],
        more_channels=len(channels) > LIMIT,
        steps=steps,
        next_step=next((step for step, done in steps.items() if not done), ""),
        newest=next((token.id for token in reversed(gateway.registry.tokens.all) if token.name != OWN), "new"),
        most_names=MOST_NAMES,
        **await overview(gateway),
    )
