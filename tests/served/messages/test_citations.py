"""Sources of an answer, as Anthropic's own search cites them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.messages import HELLO, TEXT, ask, streamed, whole
from tests.served.messages.conftest import Serve
from tests.support.gateway import Gateway
from tests.support.upstream.answers import chat_body, chat_chunk, json_answer, sse
from tests.support.upstream.scripted import Upstream

PAGES = [("https://a.example", "A"), ("https://b.example", ""), ("https://a.example", "A")]
ANNOTATIONS = [
    {"type": "url_citation", "url_citation": {"url": url, "title": title, "start_index": place, "end_index": place + 1}}
    for place, (url, title) in enumerate(PAGES)
]
CITED = [("https://a.example", "A"), ("https://b.example", None)]
THEIRS = {"type": "web_search_result_location", "url": "u", "title": "t", "cited_text": "c", "encrypted_index": "Eo8="}


def pages(content: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Address and title of each citation of the only text."""
    (block,) = [block for block in content if block["type"] == "text"]
    kinds = {(citation["type"], citation["cited_text"]) for citation in block["citations"]}
    assert {("web_search_result_location", "")} == kinds
    return [(citation["url"], citation["title"]) for citation in block["citations"]]


def sourced() -> dict[str, Any]:
    """An answer of a chat upstream's with sources."""
    body = chat_body(TEXT)
    body["choices"][0]["message"]["annotations"] = ANNOTATIONS
    return body


def test_sources_of_a_whole_answer_are_its_citations(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    """K17: whoever asked with search got the text alone."""
    upstream.default = json_answer(200, sourced())
    assert CITED == pages(whole(gateway, serve(("openai", upstream.url))).content)


def test_sources_of_a_stream_are_its_citations(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    upstream.default = sse(
        chat_chunk({"role": "assistant", "content": TEXT}),
        chat_chunk({"annotations": ANNOTATIONS[:2]}),
        chat_chunk({"annotations": ANNOTATIONS[2:]}),
        chat_chunk({}, "stop"),
    )
    message = streamed(gateway, serve(("openai", upstream.url)))
    assert (TEXT, CITED) == (message.text, pages(message.content))


def test_what_gemini_found_is_cited(gateway: Gateway, serve: Serve, upstream: Upstream) -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}]}
    candidate = {"content": {"role": "model", "parts": [{"text": TEXT}]}, "groundingMetadata": grounding}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    upstream.default = json_answer(
        200, {"candidates": [{**candidate, "finishReason": "STOP"}], "responseId": "r", "usageMetadata": usage}
    )
    model = serve(("gemini", upstream.url), upstream_model="gemini-2.5-flash")
    assert CITED[:1] == pages(whole(gateway, model).content)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_what_was_cited_here_goes_to_no_upstream(
    gateway: Gateway, serve: Serve, upstream: Upstream, provider: str
) -> None:
    """Anthropic can only read what it has encrypted itself: the next turn there would be a 400."""
    upstream.default = json_answer(200, sourced())
    answer = whole(gateway, serve(("openai", upstream.url))).content
    answer[0]["citations"] += [THEIRS] if provider == "anthropic" else []
    model = serve((provider, upstream.url), upstream_model="claude-opus-4-6")
    ask(gateway, model, messages=[HELLO, {"role": "assistant", "content": answer}, HELLO])
    (_, sent, _) = upstream.chats[-1].json()["messages"]
    if provider == "anthropic":
        assert [{"type": "text", "text": TEXT, "citations": [THEIRS]}] == sent["content"]
    else:
        assert {"role": "assistant", "content": TEXT} == sent
