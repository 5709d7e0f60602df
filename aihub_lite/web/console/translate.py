"""Refusals, and why a request takes the way that it does, in the reader's language.

The English catalogue has the texts of the admin API as they are, with `{names}` where they vary. A text that fits one
of them gets that of the same key in the reader's catalogue, any other stays as it is.
"""

from __future__ import annotations

import re

from aihub_lite.web.console.language import DEFAULT, Language

REFUSALS = "refusal."
WAYS = "way."
FIELD = re.compile(r"[a-z_]+(?:\.\w+)*: ", re.ASCII)
"""The name of a field in front of a refusal: programs read it, so it stays."""
LONGEST = 500
"""Characters; more is an upstream's own text."""


def pattern_of(text: str) -> re.Pattern[str]:
    """A pattern that fits a text of the catalogue, with a group for each name."""
    pattern = ""
    # Every other piece is the name between two braces.
    for number, piece in enumerate(re.split(r"\{(\w+)\}", text)):
        if number % 2:
            pattern += f"(?P<{piece}>.+?)"
        else:
            pattern += re.escape(piece)
    return re.compile(pattern)


def patterns_of(part: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The patterns of all texts in a part of the catalogue, by their keys."""
    return tuple((key, pattern_of(text)) for key, text in DEFAULT.texts.items() if key.startswith(part))


PATTERNS = patterns_of(REFUSALS)
WAY_PATTERNS = patterns_of(WAYS)
"""Some of these fit the more special ones before them, too."""
NESTED = frozenset({"why", "more", "period"})
"""Names in the texts of ways that stand for such a text themselves."""
LISTS = frozenset({"whys", "abilities", "reasons"})
"""Those that stand for several, with what the catalogue says between them."""


def translated(language: Language, message: str) -> str:
    """The message in a language, or as it is where the catalogue does not have it."""
    if language is DEFAULT or len(message) > LONGEST:
        return message
    field = ""
    if match := FIELD.match(message):
        field = match[0]
    text = message.removeprefix(field)
    for key, pattern in PATTERNS:
        if match := pattern.fullmatch(text):
            return field + language(key, **match.groupdict())
    return message


def way_told(language: Language, text: str) -> str:
    """Why a channel or model has its place on the way of a request, or none, in a language; else as it is."""
    if len(text) > LONGEST:
        return text
    # English as well: the word for a fault is one of the books.
    for key, pattern in WAY_PATTERNS:
        if match := pattern.fullmatch(text):
            return language(key, **{name: _piece(language, name, said) for name, said in match.groupdict().items()})
    return translated(language, text)


def _piece(language: Language, name: str, said: str) -> str:
    """What stands for a name in a text of a way."""
    if name in NESTED:
        return way_told(language, said)
    if name == "fault":
        return language.texts.get(f"fault.{said}", said)
    if name in LISTS:
        between = f"joint.{name}"
        return language(between).join(way_told(language, each) for each in said.split(DEFAULT(between)))
    return said
