"""Refusals in the reader's language.

The English catalogue has the texts of the admin API as they are, with `{names}` where they vary. A refusal that fits
one of them gets the text of that key in the reader's catalogue, any other stays as it is.
"""

from __future__ import annotations

import re

from aihub_lite.web.console.language import DEFAULT, Language

PART = "refusal."
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


PATTERNS = tuple((key, pattern_of(text)) for key, text in DEFAULT.texts.items() if key.startswith(PART))


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
