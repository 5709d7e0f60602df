"""The operator's named routes, which clients ask for like models."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.route import NamedRoute
from aihub_lite.domain.validation import checked_route
from aihub_lite.errors import Conflict, InvalidRequest, NotFound
from aihub_lite.gateway.state.changes import Changes, serialized
from aihub_lite.gateway.state.live_catalog import LiveCatalog
from aihub_lite.storage.named_routes import NamedRoutes


@attrs.define(eq=False)
class RouteRegistry:
    """The operator's named routes, by name; every change is published with the catalog."""

    stored: NamedRoutes
    changes: Changes = attrs.field(repr=False)
    live_catalog: LiveCatalog

    async def load(self) -> None:
        """Read all from storage, once, before the first request; the catalog is published by the caller."""
        self.live_catalog.routes = await self.stored.load()

    @property
    def all(self) -> Mapping[str, NamedRoute]:
        """By name."""
        return self.live_catalog.routes

    def get(self, name: str) -> NamedRoute:
        """The route of that name; raises NotFound."""
        route = self.all.get(name)
        if route is None:
            raise NotFound(f"There is no route {name[:64]!r}.")
        return route

    @serialized
    async def create(self, route: NamedRoute) -> NamedRoute:
        """Add a route; raises InvalidRequest, and Conflict for a name that is taken."""
        self._check_name(route, hidden=False)
        return await self._put(route)

    @serialized
    async def undelete(self, route: NamedRoute, *, hidden: bool) -> NamedRoute:
        """Put a deleted route back, whatever became of its models meanwhile; `hidden`: then as now, a channel offered
        a model of its name. Raises InvalidRequest, and Conflict for a name that was taken meanwhile."""
        self._check_name(route, hidden=hidden)
        return await self._keep(checked_route(route))

    @serialized
    async def change(self, route: NamedRoute) -> NamedRoute:
        """Put a route in place of the one of its name; raises InvalidRequest and NotFound."""
        self.get(route.name)
        return await self._put(route)

    @serialized
    async def delete(self, name: str) -> NamedRoute:
        """Remove a route; requests on their way go on by it. Raises NotFound."""
        route = self.get(name)
        await self.stored.delete(name)
        del self.live_catalog.routes[name]
        self.live_catalog.publish()
        return route

    def is_hidden(self, name: str) -> bool:
        """Whether a channel offers a model of a route's name, and that is what clients get."""
        catalog = self.live_catalog.now
        return name in catalog.by_name and name not in catalog.in_front

    def is_no_model(self, name: str, route: str) -> bool:
        """Whether a name is that of a route alone, this one or another; with a model of that name, that is meant."""
        return (name in self.all or name == route) and name not in self.live_catalog.offered.by_name

    def _check_name(self, route: NamedRoute, *, hidden: bool) -> None:
        if route.name in self.all:
            raise Conflict(f"There is a route {route.name!r} already.")
        in_front = hidden or any(step.model == route.name for step in route.steps)
        if route.name in self.live_catalog.now.by_name and not in_front:
            raise Conflict(f"{route.name!r} is the id of a model: only a route that tries it too may stand in front.")
        if route.name in self.live_catalog.aliases:
            raise Conflict(f"{route.name!r} is an alias.")

    async def _put(self, route: NamedRoute) -> NamedRoute:
        route = checked_route(route)
        for number, step in enumerate(route.steps):
            if self.is_no_model(step.model, route.name):
                raise InvalidRequest(f"steps.{number}.model: {step.model!r} is a route: only models can be tried")
        return await self._keep(route)

    async def _keep(self, route: NamedRoute) -> NamedRoute:
        await self.stored.put(route)
        self.live_catalog.routes[route.name] = route
        self.live_catalog.publish()
        return route
