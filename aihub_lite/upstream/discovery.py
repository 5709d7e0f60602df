"""Which models an upstream offers, and which upstreams are at hand: keys in the environment, servers nearby."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import attrs
import msgspec

from aihub_lite.upstream.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS, Provider
from aihub_lite.upstream.transport import Transport

MAX_LIST = 16 * 2**20
"""Bytes: room for thousands of models, each with a description and prices."""
DESCRIBED = ("max_tokens", "capabilities")
"""Fields of a row of Anthropic's list, which is the same as that of one model (anthropic 2.12.0, `ModelInfo`)."""
NEARBY = 0.5
"""Seconds a server on this machine gets to answer."""


class DiscoveryFailed(Exception):
    """No model list; `str()` says why in one line for an operator, without key and URL."""


@attrs.frozen
class LocalServer:
    """A server on this machine that answered, and its models."""

    provider: Provider
    models: tuple[str, ...]


async def list_models(
    transport: Transport,
    provider: Provider,
    base_url: str,
    key: str | None,
    timeout: float = 10.0,  # noqa: ASYNC109
) -> tuple[str, ...]:
    """Ids as the chat endpoint takes them, in the upstream's order, each once. Raises DiscoveryFailed."""
    url = base_url.rstrip("/") + provider.models_path
    rows = _rows(await _ask(transport, url, provider.list_headers(key), timeout))
    ids = (row.get("id") for row in rows)
    return tuple(dict.fromkeys(name.removeprefix(provider.id_prefix) for name in ids if isinstance(name, str) and name))


async def describe_models(
    transport: Transport,
    provider: Provider,
    base_url: str,
    key: str | None,
    models: Iterable[str],
    timeout: float = 10.0,  # noqa: ASYNC109
) -> dict[str, bytes]:
    """What the upstream itself says these models take, as the JSON of `DESCRIBED`, for those of which it says it.

    One request for its list, then one for each model that the list has under another id. Raises DiscoveryFailed when
    there is no list.
    """
    base, headers = base_url.rstrip("/"), provider.list_headers(key)
    rows = _rows(await _ask(transport, base + provider.models_path, headers, timeout))
    found = {str(row.get("id")): description for row in rows if (description := _description(row))}
    described = {}
    for model in models if found else ():  # else it is an upstream that never says
        if model not in found:
            url = f"{base}/models/{quote(model, safe='')}"
            with suppress(DiscoveryFailed):
                found[model] = _description(await _ask(transport, url, headers, timeout))
        if known := found.get(model):
            described[model] = known
    return described


async def find_local(transport: Transport, places: Iterable[Provider] | None = None) -> tuple[LocalServer, ...]:
    """Servers that list at least one model within half a second; by default those of the presets."""
    local = [provider for provider in PROVIDERS.values() if provider.local] if places is None else list(places)
    lists = await asyncio.gather(*(_nearby(transport, provider) for provider in local))
    return tuple(LocalServer(provider, models) for provider, models in zip(local, lists, strict=True) if models)


def env_channels(environ: Mapping[str, str]) -> tuple[Provider, ...]:
    """Providers whose variable holds a key."""
    return tuple(provider for provider in PROVIDERS.values() if provider.env and environ.get(provider.env, "").strip())


async def _nearby(transport: Transport, provider: Provider) -> tuple[str, ...]:
    try:
        return await list_models(transport, provider, provider.base_url, None, NEARBY)
    except DiscoveryFailed:
        return ()


async def _ask(transport: Transport, url: str, headers: Sequence[tuple[bytes, bytes]], limit: float) -> Any:
    try:
        async with asyncio.timeout(limit):
            return msgspec.json.decode(await _fetch(transport, url, headers))
    except TimeoutError:
        raise DiscoveryFailed(f"no model list within {limit:g} s") from None
    except TransportFault as fault:
        raise DiscoveryFailed(f"no model list: {fault}") from fault
    except msgspec.DecodeError:
        raise DiscoveryFailed("the model list is not JSON: is the base URL right?") from None


async def _fetch(transport: Transport, url: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    response = await transport.send("GET", url, headers, None)
    try:
        if response.status != HTTPStatus.OK:
            raise DiscoveryFailed(_refusal(response.status))
        return await response.read(MAX_LIST)
    finally:
        await response.aclose()


def _refusal(status: int) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"the upstream refused the key (status {status})"
    if status == HTTPStatus.NOT_FOUND:
        return "no model list at this base URL (status 404): is its path right?"
    return f"the upstream answered the request for its models with status {status}"


def _rows(answer: Any) -> list[dict[str, Any]]:
    """Of `{"data": [{"id": …}]}` (null: none yet, Ollama) or, as Together answers, of the bare list."""
    models = answer.get("data", ...) if isinstance(answer, dict) else answer
    if models is not None and not isinstance(models, list):
        raise DiscoveryFailed("the upstream's answer is not a model list: is the base URL right?")
    return [model for model in models or () if isinstance(model, dict)]


def _description(row: Any) -> bytes:
    """Empty where a row does not say what its model takes."""
    if not isinstance(row, dict) or not isinstance(row.get("capabilities"), dict):
        return b""
    return msgspec.json.encode({name: row[name] for name in DESCRIBED if name in row})
