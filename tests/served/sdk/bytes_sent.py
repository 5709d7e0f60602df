"""Requests as SDKs write them whose packages cannot be had here, from their sources: one question, its answer whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Headers = Mapping[str, str]


def _ruby(host: str, key: str) -> Headers:
    """The gem `openai` 0.80.0 over Net::HTTP (lib/openai/net_http_client.rb, internal/transport/base_client.rb)."""
    return {
        "Accept-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Accept": "application/json",
        "User-Agent": "OpenAI::Client/Ruby 0.80.0",
        "Host": host,
        "X-Stainless-Arch": "x64",
        "X-Stainless-Lang": "ruby",
        "X-Stainless-Os": "Linux",
        "X-Stainless-Package-Version": "0.80.0",
        "X-Stainless-Runtime": "ruby",
        "X-Stainless-Runtime-Version": "3.4.7",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {key}",
        "X-Stainless-Retry-Count": "0",
        "X-Stainless-Timeout": "600.0",
    }


def _dotnet(host: str, key: str) -> Headers:
    """The package OpenAI 2 over HttpClient (src/Generated/ChatClient.RestClient.cs, System.ClientModel)."""
    return {
        "Host": host,
        "Accept": "application/json",
        "User-Agent": "OpenAI/2.7.0 (.NET 9.0.11; Debian GNU/Linux 13 (trixie))",
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
    }


SENT: Mapping[str, Callable[[str, str], Headers]] = {"ruby": _ruby, "csharp": _dotnet}
"""The headers of each, by the language of its programs."""


def chat_sent(language: str, host: str, key: str, model: str, texts: Sequence[str]) -> bytes:
    """A conversation of one message, which is the first text."""
    messages = [{"role": "user", "content": texts[0]}]
    body: dict[str, Any] = {"model": model, "messages": messages}
    if language == "csharp":
        body = {"messages": messages, "model": model}
    return _written("/v1/chat/completions", SENT[language](host, key), body)


def embeddings_sent(language: str, host: str, key: str, model: str, texts: Sequence[str]) -> bytes:
    """Texts; .NET asks for base64 whatever its caller says (src/Custom/Embeddings/EmbeddingClient.cs)."""
    body: dict[str, Any] = {"model": model, "input": [*texts]}
    if language == "csharp":
        body = {"input": [*texts], "model": model, "encoding_format": "base64"}
    return _written("/v1/embeddings", SENT[language](host, key), body)


def _written(path: str, headers: Headers, body: Mapping[str, Any]) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines = [*lines, f"Content-Length: {len(content)}"]
    return "\r\n".join((f"POST {path} HTTP/1.1", *lines, "", "")).encode() + content
