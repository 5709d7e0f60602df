"""The console's languages: one catalogue each, chosen by a cookie, else by the browser's `Accept-Language`."""

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

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key, with the values filled in."""
        text = self.texts[key]
        if not values:
            return text
        return text.format_map(values)


def read_languages(folder: Path = FOLDER) -> Mapping[str, Language]:
    """Every catalogue by its tag, in the order of the tags."""
    paths = sorted(folder.glob("*.toml"), key=lambda path: path.stem)
    return {path.stem: Language(path.stem, _flat(tomllib.loads(path.read_text()))) for path in paths}


def _flat(table: Mapping[str, Any], path: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            texts.update(_flat(value, f"{path}{key}."))
        else:
            texts[f"{path}{key}"] = value
    return texts


LANGUAGES = read_languages()
DEFAULT = LANGUAGES["en"]


def language_for(chosen: str | None, accepted: str) -> Language:
    """The one chosen, else the best of an `Accept-Language` header (`zh-CN,zh;q=0.9,en;q=0.8`), else English."""
    if chosen is not None and chosen in LANGUAGES:
        return LANGUAGES[chosen]
    qualities = [_quality_and_tag(entry) for entry in accepted.split(",")]
    acceptable = [(quality, tag) for quality, tag in qualities if quality]
    for _, tag in sorted(acceptable, key=lambda entry: -entry[0]):
        if tag in LANGUAGES:
            return LANGUAGES[tag]
    return DEFAULT


def _quality_and_tag(text: str) -> tuple[float, str]:
    # The region after the hyphen is left out: there is one catalogue per language.
    tag, *parameters = (part.strip() for part in text.lower().split(";"))
    quality = 1.0
    for name, _, weight in (parameter.partition("=") for parameter in parameters):
        if name == "q":
            quality = _quality(weight)
    return quality, tag.partition("-")[0]


def _quality(text: str) -> float:
    """A weight from 0 to 1 (RFC 9110); 0 for what is none."""
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    if 0 <= quality <= 1:
        return quality
    return 0.0
