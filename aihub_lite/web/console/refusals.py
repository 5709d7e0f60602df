"""Refusals in the reader's language.

The English catalogue has the texts of the admin API as they are, with `{names}` where they vary: a refusal that fits
one of them is said in the words of another catalogue, any other as it came.
"""

from __future__ import annotations

import re

from aihub_lite.web.console.language import DEFAULT, Language

PART = "refusal."
FIELD = re.compile(r"[a-z_]+(?:\.\w+)*: ", re.ASCII)
"""Which field is meant: programs read it, so it stays."""
LONGEST = 500
"""Characters; more is an upstream's own text."""


def pattern_of(text: str) -> re.Pattern[str]:
    """What fits a text of the catalogue, with a group for each name."""
    pieces = re.split(r"\{(\w+)\}", text)
    fixed_or_free = (f"(?P<{each}>.+?)" if place % 2 else re.escape(each) for place, each in enumerate(pieces))
    return re.compile("".join(fixed_or_free))


KNOWN = tuple((key, pattern_of(text)) for key, text in DEFAULT.texts.items() if key.startswith(PART))


def said(language: Language, message: str) -> str:
    """The message in a language."""
    if language is DEFAULT or len(message) > LONGEST:
        return message
    field = FIELD.match(message)
    lead, rest = message[: field.end() if field else 0], message[field.end() if field else 0 :]
    for key, pattern in KNOWN:
        if found := pattern.fullmatch(rest):
            return lead + language(key, **found.groupdict())
    return message
