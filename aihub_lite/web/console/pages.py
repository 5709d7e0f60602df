"""What every page has: its language and theme, the rail of links, and the addresses of its assets."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from aihub_lite import __version__
from aihub_lite.web.access.actor import Actor, optional_actor
from aihub_lite.web.console.assets import asset_url
from aihub_lite.web.console.failures import marked
from aihub_lite.web.console.formats import FILTERS, percent
from aihub_lite.web.console.language import COOKIE as LANGUAGE_COOKIE
from aihub_lite.web.console.language import LANGUAGES, Language, language_for
from aihub_lite.web.console.translate import translated, way_told
from aihub_lite.web.framework import AnyRequest

HOME = "/console"
OWN_HOME = f"{HOME}/me"
"""The first page of whoever may not administer."""
FOLDER = Path(__file__).parent / "templates"
THEME_COOKIE = "aihub_theme"
THEMES = ("auto", "light", "dark")
"""The first follows the reader's system."""


@attrs.frozen
class Entry:
    """One link of the rail; the text is in the catalogues under `rail`, by its name."""

    name: str
    path: str
    others: tuple[str, ...] = ()
    """Further pages that are reached from it."""

    def covers(self, path: str) -> bool:
        """Whether a page is this entry's or lies under it; under the front page's path lie all the others."""
        if any(path == other or path.startswith(f"{other}/") for other in self.others):
            return True
        return path == self.path or (self.path not in (HOME, OWN_HOME) and path.startswith(f"{self.path}/"))


RAIL = (
    Entry("overview", HOME),
    Entry("tokens", f"{HOME}/tokens"),
    Entry("people", f"{HOME}/people", (f"{HOME}/pots", f"{HOME}/audit")),
    Entry("statistics", f"{HOME}/statistics"),
    Entry("requests", f"{HOME}/requests"),
    Entry("channels", f"{HOME}/channels"),
    Entry("models", f"{HOME}/models"),
    Entry("routes", f"{HOME}/routes"),
    Entry("playground", f"{HOME}/playground"),
    Entry("settings", f"{HOME}/settings", (f"{HOME}/alerts", f"{HOME}/doctor")),
)
"""In the order of the pages' use."""
ON_BAR = ("overview", "tokens", "statistics", "requests")
"""Those on a phone's bar, with their names; the others open from it."""
NEW = {"tokens": "tokens.new", "channels": "channel.new", "routes": "routes.new"}
"""Pages that lead to a form for a new one, and the key of its name."""
ACCOUNT = Entry("account", f"{OWN_HOME}/account")
OWN_RAIL = (
    Entry("overview", OWN_HOME, (f"{OWN_HOME}/statement",)),
    Entry("tokens", f"{OWN_HOME}/tokens"),
    Entry("requests", f"{OWN_HOME}/requests"),
    ACCOUNT,
)
"""Of whoever may not administer."""


def rail_of(actor: Actor | None) -> tuple[Entry, ...]:
    """The links of the pages that somebody may see."""
    if actor is None or actor.person is None:
        return RAIL
    if actor.role == "member":
        return OWN_RAIL
    return (*RAIL, ACCOUNT)


def search_pages(language: Language) -> list[tuple[str, str, str]]:
    """Address, icon and name of every page that a search finds by its name."""
    pages = [(entry.path, entry.name, language(f"rail.{entry.name}")) for entry in RAIL]
    return pages + [(f"{HOME}/{name}/new", "plus", language(key)) for name, key in NEW.items()]


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """Jinja as the pages use it: everything is escaped, and an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    environment.filters["marked"] = marked
    environment.tests["covering"] = Entry.covers
    environment.globals.update(asset=asset_url, percent=percent, languages=LANGUAGES.values(), themes=THEMES)
    environment.globals.update(on_bar=ON_BAR, search_pages=search_pages)
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def language_of(request: AnyRequest) -> Language:
    """The language of the answer: the cookie's, else the browser's best."""
    return language_for(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


def theme_of(request: AnyRequest) -> str:
    """The theme that the reader has chosen, else the one of the reader's system."""
    theme = request.cookies.get(THEME_COOKIE, "")
    if theme not in THEMES:
        return THEMES[0]
    return theme


def api_of(path: str) -> str:
    """The API that a page's scripts call: one's own from one's own pages."""
    if path == OWN_HOME or path.startswith(f"{OWN_HOME}/"):
        return "/api/me"
    return "/api/admin"


def address_of(request: AnyRequest) -> str:
    """The path and query of a page, as a link back to it."""
    path = quote(request.scope["path"])
    query = request.scope["query_string"].decode("latin-1")
    if query:
        return f"{path}?{query}"
    return path


def page(request: AnyRequest, template: str, **context: Any) -> Template:
    """A rendered page. No cache keeps it: it shows what only its reader may see."""
    language = language_of(request)
    actor = optional_actor(request)
    shared = {
        "t": language,
        "translated": partial(translated, language),
        "way_told": partial(way_told, language),
        "theme": theme_of(request),
        "rail": rail_of(actor),
        "finds": actor is None or actor.role != "member",
        "actor": actor,
        "api": api_of(request.scope["path"]),
        "here": request.scope["path"],
        "address": address_of(request),
        "version": __version__,
    }
    headers = {"cache-control": "no-store", "vary": "cookie, accept-language"}
    return Template(template, context={**shared, **context}, headers=headers, media_type="text/html")
