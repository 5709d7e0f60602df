"""What every page has: its language, its theme, the rail, and where its files are."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import attrs
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from aihub_lite import __version__
from aihub_lite.web.console.assets import asset_url
from aihub_lite.web.console.figures import FILTERS, percent
from aihub_lite.web.console.language import COOKIE as LANGUAGE_COOKIE
from aihub_lite.web.console.language import LANGUAGES, Language, language_for
from aihub_lite.web.console.refusals import said

AnyRequest = Request[Any, Any, Any]

HOME = "/console"
FOLDER = Path(__file__).parent / "templates"
THEME_COOKIE = "aihub_theme"
THEMES = ("auto", "light", "dark")
"""The first follows the reader's system."""


@attrs.frozen
class Entry:
    """One entry of the rail; its name is in the catalogues under `rail`."""

    name: str
    path: str

    def leads_to(self, here: str) -> bool:
        """Whether a page is this entry's or lies under it."""
        return here == self.path or (self.path != HOME and here.startswith(f"{self.path}/"))


RAIL = (
    Entry("overview", HOME),
    Entry("tokens", f"{HOME}/tokens"),
    Entry("statistics", f"{HOME}/statistics"),
    Entry("requests", f"{HOME}/requests"),
    Entry("channels", f"{HOME}/channels"),
    Entry("models", f"{HOME}/models"),
    Entry("playground", f"{HOME}/playground"),
    Entry("settings", f"{HOME}/settings"),
)
"""The pages there are, in the order of their use."""


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """Jinja as the pages use it: everything is escaped, and a name that is missing is an error."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(asset=asset_url, percent=percent, languages=LANGUAGES.values(), themes=THEMES)
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def language_of(request: AnyRequest) -> Language:
    """The language this reader gets."""
    return language_for(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


def theme_of(request: AnyRequest) -> str:
    """The theme this reader has chosen."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def page(request: AnyRequest, template: str, **context: Any) -> Template:
    """One page. No cache keeps it: it shows what only its reader may see."""
    language = language_of(request)
    shared = {
        "t": language,
        "said": partial(said, language),
        "theme": theme_of(request),
        "rail": RAIL,
        "here": request.scope["path"],
        "version": __version__,
    }
    headers = {"cache-control": "no-store", "vary": "cookie, accept-language"}
    return Template(template, context={**shared, **context}, headers=headers, media_type="text/html")
