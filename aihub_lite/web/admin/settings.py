"""`/api/admin/settings`: every setting with where its value is from, and those that need no restart to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from litestar import get, patch

from aihub_lite import __version__
from aihub_lite.config import HINTS, LIVE, REASONS, Settings
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.bodies import read_object, structure
from aihub_lite.web.admin.dependencies import TheBody, TheGateway, takes
from aihub_lite.web.framework import PathRouter
from aihub_lite.web.views import Json

SettingsInput = attrs.make_class(
    "SettingsInput",
    {name: attrs.field(type=HINTS[name] | None, default=None) for name in REASONS},
    frozen=True,
)
"""Body of PATCH, with a field for each setting: null puts it back to its default."""


def setting_json(gateway: Gateway, name: str, defaults: Settings) -> Json:
    """One setting; `source` is `default`, `set`, or the variable or flag that fixes it; `live`: no restart needed."""
    return {
        "name": name,
        "value": _plain(getattr(gateway.settings, name)),
        "default": _plain(getattr(defaults, name)),
        "source": gateway.live_settings.source(name),
        "live": name in LIVE,
        "reason": REASONS[name],
    }


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return value


def settings_json(gateway: Gateway) -> Json:
    """All settings, in the order of config.py, and the version that has them."""
    defaults = Settings()
    return {"version": __version__, "settings": [setting_json(gateway, name, defaults) for name in REASONS]}


@get("/")
async def show_settings(gateway: TheGateway) -> Json:
    """List all settings as they are at this moment."""
    return settings_json(gateway)


@patch("/", opt=takes(SettingsInput))
async def change_settings(gateway: TheGateway, content: TheBody) -> Json:
    """Set all settings of the body or none, effective for the next request."""
    fields = read_object(content)
    values: Any = structure(fields, SettingsInput)
    await gateway.live_settings.change({name: getattr(values, name, None) for name in fields})
    return settings_json(gateway)


settings_router = PathRouter("/settings", route_handlers=[show_settings, change_settings])
