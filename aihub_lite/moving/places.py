"""Where a channel of one-api or new-api leads, in our words."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

TABLES = Path(__file__).with_name("tables")
ENDPOINT = "/chat/completions"


@attrs.frozen
class Destination:
    """A provider of ours, and the base URL there: empty for its own."""

    provider: str
    base_url: str = ""


@functools.cache
def table(name: str) -> Mapping[str, Any]:
    """One of the tables beside this module."""
    return tomllib.loads((TABLES / f"{name}.toml").read_text(encoding="utf-8"))


def place_of(program: str, type_number: int, base_url: str, version: str) -> Destination | str:
    """Where a channel of a type leads, or why it cannot come along. `version` is Azure's."""
    kinds = table("channels")
    kind = kinds[program].get(str(type_number)) or kinds["both"].get(str(type_number))
    if kind is None:
        return f"its type {type_number} is not known"
    if "provider" not in kind:
        return f"is of type {kind['title']}, whose format has no channel here"
    given = base_url.strip().rstrip("/")
    if given in kinds["named"]:
        return Destination(kind["provider"], kinds["named"][given])
    if kind["provider"] == "azure":
        return _azure(given, version)
    if kind.get("whole"):
        return _whole(given)
    if kind.get("own") and given in ("", kind["base"]):
        return Destination(kind["provider"])
    given = given or kind.get("base", "")
    if not given:
        return "has no address"
    return Destination(kind["provider"], given.removesuffix(kind["path"]) + kind["path"])


def _azure(given: str, version: str) -> Destination | str:
    if not given:
        return "has no address"
    if version:
        given = f"{given}?api-version={version}"
    return Destination("azure", given)


def _whole(given: str) -> Destination | str:
    """A whole URL: only an endpoint of chat has a base URL here."""
    if not given.endswith(ENDPOINT) or "{" in given:
        return f"its address {given} is not that of an endpoint {ENDPOINT}"
    return Destination("openai", given.removesuffix(ENDPOINT))
