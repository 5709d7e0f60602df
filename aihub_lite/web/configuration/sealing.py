"""Secrets that were typed in, in the file: sealed with a passphrase where that was asked for, and opened again."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.backups.sealed_texts import SealedTexts, SealRefused, open_texts, seal_texts
from aihub_lite.web.configuration.alerts import SECRETS
from aihub_lite.web.configuration.reading import Document, path_of
from aihub_lite.web.configuration.writing import export_text

MARK = "sealed:"
LONGEST = 1024
"""Characters of a passphrase."""
UNOPENED = "The file has sealed secrets: give the passphrase that they were sealed with. Nothing was changed."
NO_KEY = "sealed.key: is left out, and without it nothing that begins with sealed: can be opened"


async def sealed_export(gateway: Gateway, passphrase: str) -> str:
    """The whole file, its secrets sealed; raises InvalidRequest."""
    if not passphrase:
        raise InvalidRequest("passphrase: must not be empty")
    if len(passphrase) > LONGEST:
        raise InvalidRequest(f"passphrase: must have at most {LONGEST} characters")
    # Sealing takes a second, in which the gateway may change: the file is written first, with something in its place.
    place = secrets.token_hex(16)
    found: list[str] = []

    def keep(secret: str) -> str:
        found.append(secret)
        return f"{MARK}{place}.{len(found) - 1}."

    text = export_text(gateway, keep, {"key": f"{place}.key."})
    sealed = await _beside(seal_texts, found, passphrase)
    text = text.replace(f"{place}.key.", sealed.key)
    return re.sub(rf"{place}\.(\d+)\.", lambda match: sealed.texts[int(match[1])], text)


async def open_secrets(document: Document, passphrase: str) -> None:
    """Put into the tables what their sealed secrets stand for; raises InvalidRequest, and then has changed nothing."""
    places = [*_sealed(document)]
    if not places:
        return
    if not document.key:
        raise InvalidRequest(NO_KEY)
    if not passphrase:
        raise InvalidRequest(UNOPENED)
    opened = await _beside(open_texts, SealedTexts(document.key, [place.text for place in places]), passphrase)
    for place, plain in zip(places, opened, strict=True):
        if plain is None:
            raise InvalidRequest(f"{place.path}: is damaged, or was sealed with another key than sealed.key")
        place.put(plain)


@attrs.frozen
class _SealedPlace:
    """Where a sealed text stands."""

    path: str
    holder: Any
    at: Any
    before: str
    """What is before it: the name of a header."""
    text: str

    def put(self, plain: str) -> None:
        """The secret itself in its place."""
        self.holder[self.at] = self.before + plain


def _sealed(document: Document) -> Iterator[_SealedPlace]:
    """All that begins so where a secret may stand: elsewhere it is a text like any other."""
    for name, table in document.tables("channels").items():
        path = path_of("channels", name)
        yield from _in(table, "proxy", path)
        for number, key in _numbered(table.get("keys")):
            if isinstance(key, dict):
                yield from _in(key, "key", f"{path}.keys.{number}")
            else:
                yield from _in(table["keys"], number, f"{path}.keys")
        for number, _ in _numbered(table.get("headers")):
            yield from _in(table["headers"], number, f"{path}.headers")

    for name, table in document.tables("alerts").items():
        for field in SECRETS:
            yield from _in(table, field, path_of("alerts", name))


def _numbered(values: Any) -> Iterator[tuple[int, Any]]:
    """What a list holds; nothing of anything else, which is told later."""
    if isinstance(values, list):
        yield from enumerate(values)


def _in(holder: Any, at: Any, path: str) -> Iterator[_SealedPlace]:
    if isinstance(holder, dict) and at not in holder:
        return
    text = holder[at]
    if not isinstance(text, str):
        return
    name, mark, sealed = text.rpartition(MARK)
    if mark and (not name or (name.endswith("=") and path.endswith(".headers"))):
        yield _SealedPlace(f"{path}.{at}", holder, at, name, sealed)


async def _beside(work: Any, *arguments: Any) -> Any:
    """Beside the event loop; raises InvalidRequest."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except SealRefused as error:
        raise InvalidRequest(f"{error}. Nothing was changed.") from None
