"""The console's languages: one catalogue each, chosen by a cookie or by what the browser asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

FOLDER = Path(__file__).parent / "languages"
COOKIE = "aihub_language"


@attrs.frozen(eq=False)
class Language:
    """One catalogue: texts by `page.key`, with `{names}` to fill in."""

    tag: str
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """The language's name in itself."""
        return self.texts["language.name"]

    def __call__(self, key: str, **values: object) -> str:
        text = self.texts[key]
        return text.format_map(values) if values else text


def read_languages(folder: Path = FOLDER) -> Mapping[str, Language]:
    """Every catalogue by its tag, the first one the one that nobody has to ask for."""
    found = {path.stem: Language(path.stem, _flat(tomllib.loads(path.read_text()))) for path in folder.glob("*.toml")}
    return {tag: found[tag] for tag in sorted(found)}


def _flat(table: Mapping[str, Any], path: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in table.items():
        texts.update(_flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value})
    return texts


LANGUAGES = read_languages()
DEFAULT = LANGUAGES["en"]


def language_for(chosen: str | None, accepted: str) -> Language:
    """The one chosen, else the best of an `Accept-Language` header (`zh-CN,zh;q=0.9,en;q=0.8`), else English."""
    if chosen is not None and chosen in LANGUAGES:
        return LANGUAGES[chosen]
    wishes = [_wish(each) for each in accepted.split(",")]
    for _, tag in sorted((wish for wish in wishes if wish[0]), key=lambda wish: -wish[0]):
        if tag in LANGUAGES:
            return LANGUAGES[tag]
    return DEFAULT


def _wish(text: str) -> tuple[float, str]:
    tag, _, weight = text.strip().partition(";q=")
    try:
        quality = float(weight or 1)
    except ValueError:
        quality = 0.0
    return quality, tag.strip().partition("-")[0].lower()
