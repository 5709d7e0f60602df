"""Which models an upstream offers, and which upstreams are at hand: keys in the environment, servers nearby."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urljoin

import attrs
import msgspec

from aihub_lite.domain.channel import ModelFacts
from aihub_lite.upstream import bedrock, vertex
from aihub_lite.upstream.access.authorizer import RequestDraft
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.model_rows import facts_of
from aihub_lite.upstream.providers import PROVIDERS, Provider
from aihub_lite.upstream.providers.provider import Cloud
from aihub_lite.upstream.transport import Headers, Transport
from aihub_lite.wire.json_types import JsonView

MAX_LIST = 16 * 2**20
"""Bytes of a model list: room for thousands of models, each with a description and prices."""
DESCRIBED = ("max_tokens", "capabilities")
"""Fields of a row of Anthropic's list, which is the same as that of one model (anthropic 2.12.0, `ModelInfo`)."""
LISTS = ("data", "models", "result")
"""Fields that hold a list of models."""
LOCAL = tuple(provider for provider in PROVIDERS.values() if provider.local)
KEY_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
NO_LIST = "the upstream's answer is not a model list: is the base URL right?"
NEARBY = 0.5
"""Seconds that a server on this machine has to answer."""


@attrs.frozen
class CloudLists:
    """The model lists of a cloud."""

    urls: Callable[[str], Sequence[str]]
    """Where they are, by a channel's base URL."""
    models: Callable[[JsonView], dict[str, ModelFacts | None]]
    """The models in one of them that can be asked, with what it says of them."""


CLOUD_LISTS: Mapping[Cloud, CloudLists] = {
    "bedrock": CloudLists(bedrock.list_urls, lambda answer: dict(bedrock.models_in(answer))),
    "vertex": CloudLists(vertex.list_urls, lambda answer: dict.fromkeys(vertex.models_in(answer))),
}


class DiscoveryFailed(Exception):
    """There is no model list; `str()` says why in one line for an operator, without key and URL."""

    refused = False
    """Whether it is the key that was not taken."""


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
    more: Headers = (),
) -> tuple[str, ...]:
    """Ids of models as the chat endpoint takes them, in the upstream's order, each once. Raises DiscoveryFailed."""
    return tuple(await listed_models(transport, provider, base_url, key, timeout, more))


async def listed_models(
    transport: Transport,
    provider: Provider,
    base_url: str,
    key: str | None,
    timeout: float = 10.0,  # noqa: ASYNC109
    more: Headers = (),
) -> dict[str, ModelFacts | None]:
    """The same ids, each with what the list says of its model, if anything. Raises DiscoveryFailed.

    `more`: the channel's own headers.
    """
    if provider.cloud is not None:
        return await _listed_by_cloud(transport, provider, CLOUD_LISTS[provider.cloud], base_url, key, timeout, more)
    listed: dict[str, ModelFacts | None] = {}
    url = list_url(provider, base_url)
    headers = await _list_headers(transport, provider, url, key, more, timeout)
    for row in _rows(await _ask(transport, url, headers, timeout)):
        name = row.get(provider.models_id)
        if isinstance(name, str) and name:
            listed.setdefault(name.removeprefix(provider.id_prefix), facts_of(row))
    return listed


async def _listed_by_cloud(
    transport: Transport,
    provider: Provider,
    lists: CloudLists,
    base_url: str,
    key: str | None,
    timeout: float,  # noqa: ASYNC109
    more: Headers,
) -> dict[str, ModelFacts | None]:
    listed: dict[str, ModelFacts | None] = {}
    for url in lists.urls(base_url):
        answer = await _ask(transport, url, await _list_headers(transport, provider, url, key, more, timeout), timeout)
        if not isinstance(answer, dict):
            raise DiscoveryFailed(NO_LIST)
        listed |= lists.models(answer)
    return listed


async def _list_headers(
    transport: Transport,
    provider: Provider,
    url: str,
    key: str | None,
    more: Headers,
    limit: float,
) -> Headers:
    """With what lets the question in; raises DiscoveryFailed where that cannot be had."""
    if provider.access is None or not provider.exchanges(key):
        return [*provider.list_headers(key), *more]
    draft = RequestDraft("GET", url, more, None)
    try:
        async with asyncio.timeout(limit):
            authorization = await transport.access.authorize(provider.access, key or "", draft)
    except TransportFault as fault:
        raise DiscoveryFailed(f"no model list: {fault}") from fault
    except TimeoutError:
        raise DiscoveryFailed(f"no model list within {limit:g} s") from None
    return [*more, *authorization.headers]


def list_url(provider: Provider, base_url: str) -> str:
    """Where a server lists its models. Raises DiscoveryFailed where it does not."""
    if provider.models_path is None:
        raise DiscoveryFailed(f"{provider.title} has no model list")
    base = base_url.rstrip("/")
    if provider.models_at_root:
        return urljoin(base, provider.models_path)
    if provider.models_path.startswith("/.."):
        return urljoin(base + "/", provider.models_path.removeprefix("/"))
    return provider.url(base, provider.models_path, "")


async def describe_models(
    transport: Transport,
    provider: Provider,
    base_url: str,
    key: str | None,
    models: Iterable[str],
    timeout: float = 10.0,  # noqa: ASYNC109
    more: Headers = (),
) -> dict[str, bytes]:
    """What the upstream says that these models take, as the JSON of `DESCRIBED`, for those that it describes.

    One request for its list, then one for each model that the list has under another id. Raises DiscoveryFailed when
    there is no list.
    """
    base = base_url.rstrip("/")
    headers = [*provider.list_headers(key), *more]
    rows = _rows(await _ask(transport, list_url(provider, base_url), headers, timeout))
    descriptions = {str(row.get("id")): description for row in rows if (description := _description(row))}
    if not descriptions:
        return {}  # this upstream describes no model at all, so asking about each would be in vain
    models = tuple(models)
    for model in models:
        if model not in descriptions:
            url = f"{base}/models/{quote(model, safe='')}"
            with suppress(DiscoveryFailed):
                descriptions[model] = _description(await _ask(transport, url, headers, timeout))
    return {model: descriptions[model] for model in models if descriptions.get(model)}


async def find_local(transport: Transport, providers: Sequence[Provider] = LOCAL) -> tuple[LocalServer, ...]:
    """Servers of these providers that list at least one model within half a second."""
    lists = await asyncio.gather(*(_models_nearby(transport, provider) for provider in providers))
    return tuple(LocalServer(provider, models) for provider, models in zip(providers, lists, strict=True) if models)


def env_channels(environ: Mapping[str, str]) -> tuple[Provider, ...]:
    """Providers whose environment variable holds a key, and which are reached by what the environment says."""
    return tuple(provider for provider in PROVIDERS.values() if provider.at_hand(environ))


async def _models_nearby(transport: Transport, provider: Provider) -> tuple[str, ...]:
    try:
        return await list_models(transport, provider, provider.base_url, None, NEARBY)
    except DiscoveryFailed:
        return ()


async def _ask(transport: Transport, url: str, headers: Headers, limit: float) -> Any:
    try:
        async with asyncio.timeout(limit):
            return msgspec.json.decode(await _fetch(transport, url, headers))
    except TimeoutError:
        raise DiscoveryFailed(f"no model list within {limit:g} s") from None
    except TransportFault as fault:
        raise DiscoveryFailed(f"no model list: {fault}") from fault
    except msgspec.DecodeError:
        raise DiscoveryFailed("the model list is not JSON: is the base URL right?") from None


async def _fetch(transport: Transport, url: str, headers: Headers) -> bytes:
    response = await transport.send("GET", url, headers, None)
    try:
        if response.status != HTTPStatus.OK:
            failed = DiscoveryFailed(_refusal(response.status))
            failed.refused = response.status in KEY_REFUSED
            raise failed
        return await response.read(MAX_LIST)
    finally:
        await response.aclose()


def _refusal(status: int) -> str:
    if status in KEY_REFUSED:
        return f"the upstream refused the key (status {status})"
    if status == HTTPStatus.NOT_FOUND:
        return "no model list at this base URL (status 404): is its path right?"
    return f"the upstream answered the request for its models with status {status}"


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of `{"data": [{"id": …}]}` (null: no models yet, Ollama), of `models` (Cohere), of `result` (Cloudflare)
    or, as Together answers, of a bare list."""
    models = answer
    if isinstance(answer, dict):
        models = next((answer[name] for name in LISTS if name in answer), ...)
    if models is None:
        return []
    if not isinstance(models, list):
        raise DiscoveryFailed(NO_LIST)
    return [model for model in models if isinstance(model, dict)]


def _description(row: Any) -> bytes:
    """The JSON of `DESCRIBED` in a row; empty where it does not say what its model takes."""
    if not isinstance(row, dict) or not isinstance(row.get("capabilities"), dict):
        return b""
    return msgspec.json.encode({name: row[name] for name in DESCRIBED if name in row})
