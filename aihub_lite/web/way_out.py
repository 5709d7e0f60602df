"""The way to a channel's upstream in the bodies of the admin API: `proxy`, `ca`, `client_cert`, `bind`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs

from aihub_lite.domain.overrides import Secret
from aihub_lite.domain.way_out import WayOut, checked_way_out, shown_proxy
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.views import Json


@attrs.frozen(kw_only=True, slots=False)  # of several classes that another inherits, one may have slots
class WayInput:
    """The fields of a body; null and an empty text take back what was said. Files are the gateway machine's."""

    proxy: str = ""
    ca: str = ""
    client_cert: str = ""
    bind: str = ""


WAY = frozenset(field.name for field in attrs.fields(WayInput))


def way_out_of(
    gateway: Gateway, fields: Collection[str], request: WayInput, base_url: str, before: WayOut | None = None
) -> WayOut | None:
    """What is said of the way with what the `fields` of a body say; raises InvalidRequest, also for files of no use.

    A proxy that is sent as it was shown keeps its user name and password.
    """
    said = before or WayOut()
    changed: dict[str, Any] = {name: getattr(request, name) for name in WAY.intersection(fields)}
    if not changed:
        return before
    if "proxy" in changed:
        changed["proxy"] = Secret(request.proxy)
        if request.proxy == shown_proxy(said.proxy.value):
            changed["proxy"] = said.proxy
    way_out = checked_way_out(attrs.evolve(said, **changed))
    gateway.transport.ways.check(way_out, base_url)
    return way_out


def way_json(way_out: WayOut | None) -> Json:
    """The same fields as they are shown: `env` is the proxy where nothing is said, credentials are masked."""
    said = way_out or WayOut()
    return {
        "proxy": shown_proxy(said.proxy.value),
        "ca": said.ca or None,
        "client_cert": said.client_cert or None,
        "bind": said.bind or None,
    }
