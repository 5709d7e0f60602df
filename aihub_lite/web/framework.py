"""The framework as it is used here: without what nothing needs, its generic types with their parameters left open."""

from __future__ import annotations

import copy
from typing import Any

import litestar
from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute

AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyRequest = Request[Any, Any, Any]
Route = HTTPRoute | ASGIRoute | WebSocketRoute


class Framework(Litestar):
    """Without the plugins for pydantic and attrs. Where somebody has pydantic installed, for a client's SDK say, it was
    loaded for nothing: 12 MB."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


class PathRouter(litestar.Router):
    """Copied as far as an application needs it.

    Litestar copies a router each time that it is registered, down to the last annotation of its handlers: of all that
    it took to make the console and the admin API that was a third.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> PathRouter:
        fresh = copy.copy(self)
        memo[id(self)] = fresh
        fresh.owner = copy.deepcopy(self.owner, memo)
        fresh.routes = [_route_of(route, memo) for route in self.routes]
        return fresh


def _route_of(route: Route, memo: dict[int, Any]) -> Route:
    """A route with handlers of its own: what is resolved of one is of one application."""
    if not isinstance(route, HTTPRoute):
        return copy.deepcopy(route, memo)
    fresh = copy.copy(route)
    fresh.route_handlers = []
    for handler in route.route_handlers:
        if id(handler) not in memo:
            memo[id(handler)] = copy.copy(handler)
            memo[id(handler)].owner = copy.deepcopy(handler.owner, memo)
        fresh.route_handlers.append(memo[id(handler)])
    return fresh
