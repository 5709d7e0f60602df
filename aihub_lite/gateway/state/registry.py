"""All that an operator administers: in memory for the line to read, in storage to last.

Memory is the authority while the process runs. Every change is checked, written to storage once, and then seen by
all requests at once; changes run one after the other, and a change once begun is finished even if its caller goes
away, so storage and memory never part.
"""

from __future__ import annotations

from typing import Self

import attrs

from aihub_lite.domain.catalog import Catalog
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.token import Token
from aihub_lite.gateway.state.changes import Changes
from aihub_lite.gateway.state.channels import ChannelRegistry, LookUp, NewsBoard
from aihub_lite.gateway.state.live_catalog import LiveCatalog
from aihub_lite.gateway.state.models import FactRegistry, ModelRegistry
from aihub_lite.gateway.state.routes import RouteRegistry
from aihub_lite.gateway.state.tokens import TokenRegistry
from aihub_lite.storage.aliases import Aliases
from aihub_lite.storage.channels import Channels
from aihub_lite.storage.model_facts import OwnFacts
from aihub_lite.storage.model_news import StoredNews
from aihub_lite.storage.named_routes import NamedRoutes
from aihub_lite.storage.prices import Prices
from aihub_lite.storage.sqlite.database import Database
from aihub_lite.storage.strategies import Strategies
from aihub_lite.storage.tokens import Tokens


@attrs.frozen(eq=False)
class Registry:
    """Tokens, channels and models, whose changes take turns with one another."""

    tokens: TokenRegistry
    channels: ChannelRegistry
    models: ModelRegistry
    routes: RouteRegistry
    facts: FactRegistry
    live_catalog: LiveCatalog
    news: NewsBoard

    @classmethod
    def over(cls, database: Database, clock: Clock, look_up: LookUp) -> Self:
        """A registry that is still to be loaded; `look_up` knows default prices."""
        changes = Changes()
        live_catalog = LiveCatalog()
        return cls(
            tokens=TokenRegistry(Tokens(database), clock, changes),
            channels=ChannelRegistry(Channels(database), clock, changes, live_catalog, look_up),
            models=ModelRegistry(Aliases(database), Prices(database), Strategies(database), changes, live_catalog),
            facts=FactRegistry(OwnFacts(database), changes, live_catalog),
            routes=RouteRegistry(NamedRoutes(database), changes, live_catalog),
            live_catalog=live_catalog,
            news=NewsBoard(StoredNews(database), clock, changes),
        )

    async def load(self) -> list[tuple[Token, int]]:
        """Read everything from storage, once, before the first request. Returns each token with its nano-USD spent."""
        tokens = await self.tokens.load()
        await self.channels.load()
        await self.models.load()
        await self.routes.load()
        await self.news.load()
        await self.facts.load()
        self.live_catalog.publish()
        return tokens

    @property
    def catalog(self) -> Catalog:
        """The one in force at this moment."""
        return self.live_catalog.now
