"""Search over everything that the console has a page for: tokens, people, channels, models, and a request by its id.

What is found comes from the same functions as the lists, each by its own `q`.
"""

from __future__ import annotations

from itertools import islice
from urllib.parse import quote

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.usage import Usages
from aihub_lite.web.admin.channel_views import HIGHEST_FIRST
from aihub_lite.web.admin.models import BY_ID, aliases_by_model, models_found
from aihub_lite.web.admin.paging import Asked
from aihub_lite.web.admin.routes import BY_NAME
from aihub_lite.web.admin.tokens import OLDEST_FIRST
from aihub_lite.web.views import Json

MOST = 6
"""Hits of each kind."""
SHORTEST_ID = 8
"""Characters of a request's id below which none is looked for."""


def hit(kind: str, name: str, detail: str, *path: str) -> Json:
    """One thing that was found: what it is, what it is called, and the address of its page."""
    parts = (quote(part, safe="") for part in path)
    return {"kind": kind, "name": name, "detail": detail, "address": "/".join(("/console", *parts))}


async def hits(gateway: Gateway, q: str) -> list[Json]:
    """What a text finds, what it is the id of first; nothing for an empty one."""
    text = q.strip()
    if not text:
        return []
    asked = Asked(text.casefold(), limit=MOST)
    return [
        *await _request(gateway, text),
        *_tokens(gateway, asked),
        *_people(gateway, asked),
        *_teams(gateway, asked),
        *_channels(gateway, asked),
        *_models(gateway, asked),
        *_routes(gateway, asked),
    ]


async def _request(gateway: Gateway, text: str) -> list[Json]:
    if len(text) < SHORTEST_ID or " " in text:
        return []
    record = await Usages(gateway.database).find(text)
    if record is None:
        return []
    return [hit("request", record.request_id, record.model, "requests", record.request_id)]


def _tokens(gateway: Gateway, asked: Asked) -> list[Json]:
    tokens = gateway.registry.tokens.by_digest.values()
    matching = (token for token in tokens if asked.wants(token.name, token.hint, token.id))
    found = OLDEST_FIRST.beyond(matching, asked)[:MOST]
    return [hit("token", token.name, f"sk-…{token.hint}", "tokens", token.id) for token in found]


def _people(gateway: Gateway, asked: Asked) -> list[Json]:
    people = gateway.people.persons.values()
    matching = (person for person in people if asked.wants(person.name, person.email or "", person.id))
    found = islice(matching, MOST)
    return [hit("person", person.name, person.email or "", "people", person.id) for person in found]


def _teams(gateway: Gateway, asked: Asked) -> list[Json]:
    teams = (team for team in gateway.people.teams.values() if asked.wants(team.name, team.id))
    return [hit("team", team.name, "", "people", "teams", team.id) for team in islice(teams, MOST)]


def _channels(gateway: Gateway, asked: Asked) -> list[Json]:
    channels = gateway.registry.channels.all
    matching = (channel for channel in channels if asked.wants(channel.name, channel.provider, channel.id))
    found = HIGHEST_FIRST.beyond(matching, asked)[:MOST]
    return [hit("channel", channel.name, channel.provider, "channels", channel.id) for channel in found]


def _models(gateway: Gateway, asked: Asked) -> list[Json]:
    models = models_found(gateway.registry.catalog.models.values(), aliases_by_model(gateway), asked)
    return [hit("model", model.id, "", "models", model.id) for model in BY_ID.beyond(models, asked)[:MOST]]


def _routes(gateway: Gateway, asked: Asked) -> list[Json]:
    routes = (route for route in gateway.registry.routes.all.values() if asked.wants(route.name))
    found = BY_NAME.beyond(routes, asked)[:MOST]
    return [hit("route", route.name, "", "routes", "named", route.name) for route in found]
