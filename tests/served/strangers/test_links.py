"""Links in a prompt: they are the upstream's to follow, or nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.support.gateway import CHAT, Gateway
from tests.support.upstream.answers import healthy
from tests.support.upstream.scripted import Upstream

PICTURE = "data:image/png;base64," + "A" * 9_000_000


@pytest.fixture
def inside() -> Iterator[Upstream]:
    """A server in the gateway's own network, which a prompt names."""
    with Upstream() as listening:
        yield listening


def chat(link: str) -> tuple[str, dict[str, Any]]:
    parts = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": link}}]
    return CHAT, {"messages": [{"role": "user", "content": parts}]}


def messages(link: str) -> tuple[str, dict[str, Any]]:
    parts = [{"type": "text", "text": "hi"}, {"type": "image", "source": {"type": "url", "url": link}}]
    return "/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": parts}]}


def responses(link: str) -> tuple[str, dict[str, Any]]:
    parts = [{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": link}]
    return "/v1/responses", {"input": [{"role": "user", "content": parts}]}


def file(link: str) -> tuple[str, dict[str, Any]]:
    parts = [{"type": "input_text", "text": "hi"}, {"type": "input_file", "file_url": link}]
    return "/v1/responses", {"input": [{"role": "user", "content": parts}]}


@pytest.mark.attack("T-73")
@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("asking", [chat, messages, responses, file])
@pytest.mark.parametrize("link", ["http://127.0.0.1:{port}/a.png", "file:///etc/passwd", "gopher://127.0.0.1:{port}/"])
def test_a_link_is_never_followed(
    gateway: Gateway, upstream: Upstream, inside: Upstream, provider: str, asking: Any, link: str
) -> None:
    """T-73: a link into the operator's own network is passed on or refused, whatever surface and provider it is for."""
    address = link.format(port=inside.port)
    path, fields = asking(address)
    model = gateway.add_channel(upstream.url, provider=provider)
    answer = gateway.post({"model": model, **fields}, path)
    assert answer.status < 500 or upstream.chats
    assert [] == inside.connections
    assert [] == [request for request in upstream.chats if b"root:" in request.body]


@pytest.mark.attack("T-73")
def test_a_picture_of_nine_megabytes_is_passed_on_as_it_came(gateway: Gateway, upstream: Upstream) -> None:
    """T-73: within the body's limit; beyond it is a 413 (T-36)."""
    upstream.default = healthy
    path, fields = chat(PICTURE)
    model = gateway.add_channel(upstream.url)
    assert 200 == gateway.post({"model": model, **fields}, path).status
    (request,) = upstream.chats
    assert PICTURE.encode() in request.body
    assert 9_000_000 < len(msgspec.json.encode(fields)) < 32 * 2**20
