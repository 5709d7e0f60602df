"""The key that an upstream was sent, taken out of what it says: many echo a key that they refuse, or encode it."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote

AND = "\0"
"""Between several secrets: none can hold it."""
MARK = "[key]"
"""What stands in its place."""
PART = 8
"""Characters of a key, or of one of its forms, that give something away."""
SHORTEST = 4
"""Characters of a key that is replaced at all, as a word of its own: what is shorter is a placeholder."""
UNLIKELY = 20
"""Characters of a key that nobody means anything else by. Those that local servers are given (`lm-studio`,
`sk-no-key-required`) are shorter, and their answers may well speak of them."""

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
"""`str.lower` makes two characters of some."""
_KEYS = 256
"""How many keys' forms are remembered: to spell them costs more than to look for them."""


def together(*secrets: str) -> str:
    """Several secrets as one."""
    return AND.join(secret for secret in secrets if secret)


def scrub(text: str, secret: str) -> str:
    """A text of the upstream's that is no answer, without the key and without parts of it, in any form and case.

    Here and below, `secret` may be several with AND between them.
    """
    if not secret:
        return text
    if AND in secret:
        for each in secret.split(AND):
            text = scrub(text, each)
        return text
    if SHORTEST <= len(secret) < PART:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MARK, text, flags=re.IGNORECASE)
    runs, lowered = _runs(secret), text.translate(_LOWER)
    pieces: list[str] = []
    kept = position = 0
    while position <= len(text) - PART:
        if lowered[position : position + PART] not in runs:
            position += 1
            continue
        end = position + PART
        while lowered[end + 1 - PART : end + 1] in runs:
            end += 1
        pieces += [text[kept:position], MARK]
        kept = position = end
    pieces.append(text[kept:])
    return "".join(pieces)


def scrub_payload(payload: bytes, secret: str) -> bytes:
    """A piece of an answer without the whole key. It is cheap: every event of every stream comes this way."""
    for key in _whole(secret):
        if key in payload:
            payload = payload.replace(key, MARK.encode())
    return payload


@lru_cache(maxsize=_KEYS)
def _whole(secret: str) -> tuple[bytes, ...]:
    """The key as JSON may hold it; some encoders escape slashes."""
    keys = [key for key in secret.split(AND) if len(key) >= UNLIKELY]
    return tuple({form.encode(): None for key in keys for form in (key, key.replace("/", "\\/"))})


@lru_cache(maxsize=_KEYS)
def _runs(secret: str) -> frozenset[str]:
    """Every PART characters in a row of every form, in lower case."""
    found: set[str] = set()
    for form in _forms(secret):
        lowered = form.translate(_LOWER)
        found.update(lowered[start : start + PART] for start in range(len(lowered) - PART + 1))
    return frozenset(found)


def _forms(secret: str) -> Iterator[str]:
    """The key as it is, in a URL, and in base64 behind any number of other bytes, as after `Bearer `."""
    yield secret
    yield quote(secret, safe="")
    for before in range(3):
        encoded = b64encode(bytes(before) + secret.encode())
        unmixed = slice((0, 2, 3)[before], len(encoded) if encoded.endswith(b"=") else None)
        for each in (encoded, urlsafe_b64encode(bytes(before) + secret.encode())):
            form = each[unmixed].decode().rstrip("=")
            yield form
            yield quote(form, safe="")
