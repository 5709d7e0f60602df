"""The framework as it is used here: without what nothing needs, its generic types with their parameters left open."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin

AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]


class Framework(Litestar):
    """Without the plugins for pydantic and attrs. Where somebody has pydantic installed, for a client's SDK say, it was
    loaded for nothing: 12 MB."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
