"""`/api/admin/settings`: every setting with where its value is from, and those that need no restart to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from litestar import Router, get, patch
from litestar.params import RawBody

from aihub_lite import __version__
from aihub_lite.config import HINTS, LIVE, REASONS, Settings
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import read_object, structure
from aihub_lite.web.admin.views import Json, TheGateway

SettingsInput = attrs.make_class(
    "SettingsInput",
    {name: attrs.field(type=HINTS[name] | None, default=None) for name in REASONS},
    frozen=True,
)
"""Body of PATCH: null puts a setting back to its default."""


def setting_json(gateway: Gateway, name: str, defaults: Settings) -> Json:
    """`source` is `default`, `set`, or the variable or flag that fixes it; `live`: no restart needed."""
    return {
        "name": name,
        "value": _plain(getattr(gateway.settings, name)),
        "default": _plain(getattr(defaults, name)),
        "source": gateway.tuning.source(name),
        "live": name in LIVE,
        "reason": REASONS[name],
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def settings_json(gateway: Gateway) -> Json:
    """All of them, in the order of config.py."""
    defaults = Settings()
    return {"version": __version__, "settings": [setting_json(gateway, name, defaults) for name in REASONS]}


@get("/")
async def show_settings(gateway: TheGateway) -> Json:
    """At this moment."""
    return settings_json(gateway)


@patch("/")
async def change_settings(gateway: TheGateway, body: RawBody) -> Json:
    """All or none, effective for the next request."""
    given = read_object(body)
    values: Any = structure(given, SettingsInput)
    await gateway.tuning.change({name: getattr(values, name, None) for name in given})
    return settings_json(gateway)


settings_router = Router("/settings", route_handlers=[show_settings, change_settings])
