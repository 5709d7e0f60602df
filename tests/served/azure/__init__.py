"""Azure OpenAI behind a running gateway: a scripted upstream that knows its two APIs, and answers nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

from tests.served.responses import healthy as healthy_responses
from tests.support.canaries import KEY_CANARY
from tests.support.upstream.answers import (
    USAGE,
    body_answer,
    chat_body,
    chat_chunk,
    chat_chunks,
    json_answer,
    sse,
    usage_chunk,
)
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Script

DEPLOYMENT = "our:gpt-4o"
"""A colon is plain in a path, as in the names of models that were fine-tuned."""
VERSION = "2024-10-21"
KEY = f"{KEY_CANARY}-azure"
SAFE = {"hate": {"filtered": False, "severity": "safe"}}
PROMPT = [{"prompt_index": 0, "content_filter_results": {**SAFE, "jailbreak": {"filtered": False, "detected": False}}}]
PICTURE = {"created": 1_700_000_000, "data": [{"b64_json": "aGVsbG8=", "content_filter_results": SAFE}]}


def whole_chat() -> Script:
    """An answer with what the filters found."""
    body = chat_body()
    body["choices"][0]["content_filter_results"] = SAFE
    return json_answer(200, {**body, "prompt_filter_results": PROMPT})


def streamed_chat(request: Request) -> Script:
    """First what the filter says of the prompt, without a choice, then what it says of each piece."""
    first = {**chat_chunk({}), "choices": [], "prompt_filter_results": PROMPT, "id": "", "model": ""}
    chunks = chat_chunks("hello there", usage=None)
    for chunk in chunks:
        chunk["choices"][0]["content_filter_results"] = SAFE
    if (request.json().get("stream_options") or {}).get("include_usage"):
        chunks.append(usage_chunk(USAGE))
    return sse(first, *chunks)


def chat(request: Request) -> Script:
    """By what was asked for."""
    if request.json().get("stream"):
        return streamed_chat(request)
    return whole_chat()


def refusal(status: int, code: str, message: str) -> Script:
    """An error as Azure words it."""
    return json_answer(status, {"error": {"code": code, "message": message}})


ANSWERS: Mapping[str, Any] = {
    "/chat/completions": chat,
    "/embeddings": lambda _: json_answer(
        200,
        {
            "object": "list",
            "model": "text-embedding-3-small",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
            "usage": {"prompt_tokens": 2, "total_tokens": 2},
        },
    ),
    "/images/generations": lambda _: json_answer(200, PICTURE),
    "/images/edits": lambda _: json_answer(200, PICTURE),
    "/audio/speech": lambda _: body_answer(200, b"RIFFspeech", "audio/wav"),
    "/audio/transcriptions": lambda _: json_answer(200, {"text": "hello"}),
    "/audio/translations": lambda _: json_answer(200, {"text": "hello"}),
    "/responses": healthy_responses,
}


@attrs.define(eq=False)
class Azure:
    """A resource with one deployment. It lets in who has its key, or a token that it was told of."""

    tokens: set[str] = attrs.field(factory=set)

    def __call__(self, request: Request) -> Script:
        """The answer to any request."""
        if not self.lets_in(request):
            return refusal(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        if url.path == "/openai/deployments":
            if query != {"api-version": ["2023-03-15-preview"]}:
                return refusal(404, "404", "Resource not found")
            row = {"id": "our-gpt-4o", "model": "gpt-4o", "object": "deployment", "status": "succeeded"}
            return json_answer(200, {"data": [row], "object": "list"})
        path = endpoint_of(url.path, query)
        if path not in ANSWERS:
            return refusal(404, "404", "Resource not found")
        script: Script = ANSWERS[path](request)
        return script

    def lets_in(self, request: Request) -> bool:
        """By one header or the other."""
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        return request.header("api-key") == KEY or token in self.tokens


def endpoint_of(path: str, query: Mapping[str, list[str]]) -> str:
    """The endpoint that a path of either API leads to; empty for one of neither."""
    if path.startswith("/openai/v1/") and query in ({}, {"api-version": ["preview"]}):
        return path.removeprefix("/openai/v1")
    if query != {"api-version": [VERSION]}:
        return ""
    deployed = "/openai/deployments/" + DEPLOYMENT
    if path.startswith(deployed):
        return path.removeprefix(deployed)
    return path.removeprefix("/openai") if path == "/openai/responses" else ""
