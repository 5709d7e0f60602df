"""What of an error may be kept on the disk: a sentence, a code and names, never a key and never what anybody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aihub_lite.wire.upstream_error import SECRET

MOST_TEXT = 300
"""Characters of a sentence."""
MOST_NAMES = 50
"""Fields: clients take heads of 16 KB."""
LEFT_OUT = "…"
"""What stands where a text is not kept."""
KEY = "[key]"
QUOTED = re.compile(r"(?<!\w)(['\"])((?:(?!\1).)*?)\1(?!\w)")
"""What a sentence quotes: an apostrophe inside a word begins none."""
WORD = re.compile(r"[\w.\[\]/:@+-]{1,64}", re.ASCII)
"""What is quoted and kept: the name of a field, or one of the values that it may have."""
CODE = re.compile(r"[a-z][a-z0-9_]{0,63}|[A-Z][A-Z_]{0,63}|[A-Z][A-Za-z]{0,63}|\d{1,6}", re.ASCII)
"""How upstreams spell theirs: `context_length_exceeded`, `RESOURCE_EXHAUSTED`, `ValidationException`, `1211`."""
FIELD = re.compile(r"[\w.-]{1,64}", re.ASCII)
NAME = re.compile(r"[\w./:@+~\[\]-]{1,128}", re.ASCII)
"""Of models and tools: the longest ids of a public catalogue have some 100 characters, ARNs of Bedrock 120."""
SEGMENT = re.compile(r"(?![^/]*\d)[A-Za-z_.:@-]{1,40}|[\w.:@-]{1,15}", re.ASCII)
"""A piece of a path: a word, or what is too short for a key."""
MOST_PATH = 200


def kept_text(text: str) -> str:
    """A sentence without keys, and without what it quotes unless that is a single plain word."""
    shortened = SECRET.sub(KEY, text[: 4 * MOST_TEXT])
    plain = " ".join(QUOTED.sub(_kept_quote, shortened).split())
    return "".join(character for character in plain if character.isprintable())[:MOST_TEXT]


def _kept_quote(match: re.Match[str]) -> str:
    mark, quoted = match.groups()
    if WORD.fullmatch(quoted):
        return match.group()
    return f"{mark}{LEFT_OUT}{mark}"


def kept_code(code: object) -> str:
    """An upstream's code; empty for what does not look like one."""
    word = str(code)
    if code is None or not CODE.fullmatch(word):
        return ""
    return word


def kept_model(name: str) -> str:
    """A name that a client asked for, as far as it can be one."""
    match = NAME.match(name)
    if not name:
        return ""
    if match is None:
        return LEFT_OUT
    kept = SECRET.sub(KEY, match.group())
    if match.end() < len(name):
        return kept + LEFT_OUT
    return kept


def kept_path(path: str) -> str:
    """A path without the pieces that may be keys."""
    pieces = [piece if not piece or SEGMENT.fullmatch(piece) else LEFT_OUT for piece in path.split("/")]
    return "/".join(pieces)[:MOST_PATH]


def kept_names(fields: Iterable[str]) -> tuple[str, ...]:
    """Names of a client's fields; one `?` stands for those that are too many, or no names at all."""
    all_of_them = tuple(fields)
    names = [field for field in all_of_them if FIELD.fullmatch(field)][:MOST_NAMES]
    if len(names) < len(all_of_them):
        names.append("?")
    return tuple(names)


def kept_pairs(names: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Pairs of names of fields and tools, those that are names."""
    pairs = [pair for pair in names if all(NAME.fullmatch(name) for name in pair)]
    return tuple(pairs[:MOST_NAMES])
