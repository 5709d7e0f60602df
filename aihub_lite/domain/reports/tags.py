"""How a client labels a request, as a usage record keeps it.

The rule, since a record holds no text: a tag is a name (`night`), or a name and a value (`project=alpha`), each of at
most 32 characters out of ASCII's letters and digits and `_ - . : / @ +`, with a letter or digit first. Blanks make
text, and ids of requests and sessions (UUIDs have 36 characters) would be as many tags as requests. A record has eight
tags at most, and one name of an end user, of at most 64 such characters. What does not fit is left out, and never
refused: a label is no reason to fail a request. Nor is anything kept that begins like a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

MOST_TAGS = 8
NAME = re.compile(r"(?!sk-)[A-Za-z0-9][\w.:/@+-]{0,31}", re.ASCII)
TAG = re.compile(rf"{NAME.pattern}(?:={NAME.pattern})?", re.ASCII)
END_USER = re.compile(r"(?!sk-)[A-Za-z0-9][\w.:/@+-]{0,63}", re.ASCII)
CLAUDE_CODE = re.compile(r"(?:^user_|\"device_id\"\s*:\s*\")([0-9a-f]{12})[0-9a-f]{52}(?:_|\")")
"""What Claude Code says of its user: a hash of the installation, with the account and the session behind it, in one
line or, since 2.1, in JSON. The first digits tell installations apart, and no session makes another user of it."""
LONGEST_ID = 1000
"""Characters of an end user's id that are looked at."""


@attrs.frozen
class Labels:
    """The tags of one request, and its client's name for the user that it works for."""

    tags: tuple[str, ...] = ()
    end_user: str = ""


NO_LABELS = Labels()


def kept_tags(candidates: Iterable[str]) -> tuple[str, ...]:
    """Those that are tags, each once, as many as a record has."""
    kept: dict[str, None] = {}
    for candidate in candidates:
        if len(kept) == MOST_TAGS:
            break
        if TAG.fullmatch(candidate):
            kept[candidate] = None
    return tuple(kept)


def tag_of(name: str, value: str) -> str:
    """A name and a value as one tag; empty where they make none."""
    if NAME.fullmatch(name) and NAME.fullmatch(value):
        return f"{name}={value}"
    return ""


def kept_end_user(text: str) -> str:
    """A client's name for its user; empty where it is none that is kept. Claude Code's id is cut to what stays."""
    if END_USER.fullmatch(text):
        return text
    if len(text) > LONGEST_ID:
        return ""
    installation = CLAUDE_CODE.search(text)
    if installation is None:
        return ""
    return f"claude-code:{installation[1]}"
