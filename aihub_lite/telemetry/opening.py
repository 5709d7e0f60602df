"""What of telemetry the settings want, around a gateway that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import attrs

from aihub_lite.config import BadSetting, Settings
from aihub_lite.domain.channel import Secret
from aihub_lite.gateway.core import Gateway
from aihub_lite.upstream.credentials import resolve
from aihub_lite.web.gate import App
from aihub_lite.web.relay.endpoint import Endpoint, endpoint

LEAST_KEY = 16
"""Characters."""
PATH = "/metrics"


def unwatched(app: App) -> App:
    """The application itself: nobody wants to see its requests."""
    return app


@attrs.frozen(kw_only=True)
class Telemetry:
    """What is told, and where."""

    public: Mapping[str, Endpoint] = attrs.field(factory=dict)
    """By path: what the gateway's own address answers besides."""
    private: Mapping[str, Endpoint] = attrs.field(factory=dict)
    """The same, of `metrics_listen`."""
    around: Callable[[App], App] = unwatched
    """The application, with somebody who sees its requests where that is wanted."""


@asynccontextmanager
async def telemetry_of(gateway: Gateway) -> AsyncIterator[Telemetry]:
    """Whatever the settings want, inside the block; nothing is imported that they do not. Raises BadSetting."""
    settings = gateway.settings
    key = metrics_key(gateway)
    telemetry = Telemetry()
    async with AsyncExitStack() as stack:
        if settings.metrics_listen or key:
            from aihub_lite.telemetry.counting import counting  # noqa: PLC0415
            from aihub_lite.telemetry.page import MetricsPage  # noqa: PLC0415

            text = await stack.enter_async_context(counting(gateway))
            page = {PATH: endpoint("GET", MetricsPage(text, gateway.limits, key).serve, None)}
            telemetry = _on_metrics(telemetry, page, settings, key)
        if settings.log_requests or settings.pass_traceparent or settings.otlp_endpoint:
            from aihub_lite.telemetry.watching import watching  # noqa: PLC0415

            watch = await stack.enter_async_context(watching(gateway))
            telemetry = attrs.evolve(telemetry, around=watch.around)
        yield telemetry


def _on_metrics(telemetry: Telemetry, page: Mapping[str, Endpoint], settings: Settings, key: str) -> Telemetry:
    if key:
        telemetry = attrs.evolve(telemetry, public=page)
    if settings.metrics_listen:
        telemetry = attrs.evolve(telemetry, private=page)
    return telemetry


def metrics_key(gateway: Gateway) -> str:
    """The key of `/metrics`, empty where none is wanted. Raises BadSetting for one that is missing or easy to guess."""
    name = gateway.settings.metrics_key
    if not name:
        return ""
    key = resolve(Secret(name), gateway.environ) or ""
    if len(key) < LEAST_KEY:
        raise BadSetting(f"metrics_key: {name.removeprefix('env:')} has to hold at least {LEAST_KEY} characters")
    return key
