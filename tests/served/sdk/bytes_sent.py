"""Requests as SDKs write them whose packages cannot be had here, from their sources: one question, its answer whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

Sent = Callable[[str, str, str, str], bytes]


def _written(headers: Mapping[str, str], body: Mapping[str, object]) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines = [*lines, f"Content-Length: {len(content)}"]
    return "\r\n".join(("POST /v1/chat/completions HTTP/1.1", *lines, "", "")).encode() + content


def ruby(host: str, key: str, model: str, question: str) -> bytes:
    """The gem `openai` 0.80.0 over Net::HTTP (lib/openai/net_http_client.rb, internal/transport/base_client.rb)."""
    headers = {
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
    return _written(headers, {"model": model, "messages": [{"role": "user", "content": question}]})


def dotnet(host: str, key: str, model: str, question: str) -> bytes:
    """The package OpenAI 2 over HttpClient (src/Generated/ChatClient.RestClient.cs, System.ClientModel)."""
    headers = {
        "Host": host,
        "Accept": "application/json",
        "User-Agent": "OpenAI/2.7.0 (.NET 9.0.11; Debian GNU/Linux 13 (trixie))",
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
    }
    return _written(headers, {"messages": [{"role": "user", "content": question}], "model": model})


SENT: Mapping[str, Sent] = {"ruby": ruby, "csharp": dotnet}
