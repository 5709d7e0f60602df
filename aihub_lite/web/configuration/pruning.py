"""What a file does not name, taken away: only where that is asked for, and never what nobody could put back."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.pots.budget import GATEWAY
from aihub_lite.domain.strategy import EVERY_MODEL
from aihub_lite.errors import Conflict
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.admin.channels import comes_back
from aihub_lite.web.admin.tokens import OWN
from aihub_lite.web.configuration import entries
from aihub_lite.web.configuration.alerts import prune_alerts
from aihub_lite.web.configuration.reading import Document


@attrs.frozen
class Pruning:
    """`kept` says of each thing why it stays although the file does not name it."""

    gateway: Gateway
    document: Document
    kept: list[str] = attrs.field(factory=list)

    def _gone(self, section: str, names: Iterable[str]) -> list[str]:
        named = self.document.tables(section)
        return [name for name in names if name not in named]

    async def before(self) -> None:
        """What others may take the place of: names of models and routes, and tokens."""
        registry = self.gateway.registry
        for alias in self._gone("aliases", [*registry.models.aliases]):
            await registry.models.delete_alias(alias)
        for route in self._gone("routes", [*registry.routes.all]):
            await registry.routes.delete(route)
        await self._prune_models()
        for name in self._gone("tokens", [token.name for token in registry.tokens.all]):
            # The console makes it again as soon as it needs it.
            if name != OWN:
                await registry.tokens.delete(name)

    async def after(self) -> None:
        """What others were bound to until everything else was as the file has it."""
        await self._prune_settings()
        await self._prune_people()
        await prune_alerts(self.gateway, self.document.tables("alerts"))
        if "gateway" not in self.document.sections and self.gateway.pots.budgets_of(GATEWAY):
            await self.gateway.pots.set_budgets(GATEWAY, ())
        registry = self.gateway.registry.channels
        for name in self._gone("channels", [channel.name for channel in registry.all]):
            if comes_back(registry.get(name), self.gateway):
                self.kept.append(f"channel {name}: appears by itself at every start; disable it instead")
            else:
                await registry.delete(name)

    async def _prune_models(self) -> None:
        models = self.gateway.registry.models
        facts = self.gateway.registry.facts
        strategies = self.document.tables("strategies")
        named = {canonical(name) for name in strategies if name != entries.EVERY_MODEL}
        if entries.EVERY_MODEL in strategies:
            named.add(EVERY_MODEL)
        for model in [model for model in models.strategies if model not in named and model not in strategies]:
            await models.delete_strategy(model)
        for model in self._gone("models", [*facts.all]):
            await facts.delete(model)
        for model in self._gone("prices", dict.fromkeys([*models.prices, *models.hosted_prices])):
            await models.delete_price(model)
        for model in self._gone("prices", [*models.tier_prices]):
            for tier in [*models.tier_prices[model]]:
                await models.delete_tier_price(model, tier)

    async def _prune_settings(self) -> None:
        settings = self.gateway.live_settings
        values: dict[str, object] = {}
        for name in self._gone("settings", [*settings.stored]):
            if name in settings.started.sources:
                self.kept.append(f"setting {name}: is fixed by {settings.started.sources[name]}")
            else:
                values[name] = None
        if values:
            await settings.change(values)

    async def _prune_people(self) -> None:
        people = self.gateway.people
        for name in self._gone("people", [person.name for person in people.persons.values()]):
            try:
                await people.delete_person(name)
            except Conflict as error:
                self.kept.append(f"person {name}: {error.message}")
        for name in self._gone("teams", [team.name for team in people.teams.values()]):
            try:
                await people.delete_team(name)
            except Conflict as error:
                self.kept.append(f"team {name}: {error.message}")
