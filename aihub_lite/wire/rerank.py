"""Rerank, as Jina, Cohere and everybody after them have it: documents in the order of a query."""

from __future__ import annotations

from typing import Any

from aihub_lite.domain.usage import Usage, count
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.estimate import tokens_of
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.passed_answer import PassedAnswer, rewritten
from aihub_lite.wire.raw_answer import RawObject, looked_into, opened


def parse_rerank(content: Content) -> Asked:
    """Raises InvalidRequest."""
    assert isinstance(content, dict)  # noqa: S101  the surface takes no forms
    model, query, documents = model_in(content), content.get("query"), content.get("documents")
    if not isinstance(query, str | dict) or not query:
        raise InvalidRequest(wrong(content, "query", "a text"))
    if not isinstance(documents, list) or not documents:
        raise InvalidRequest(wrong(content, "documents", "a non-empty list"))
    # The model reads the query again with every document.
    tokens = tokens_of(query) * len(documents) + tokens_of(documents)
    return Asked(content=content, model=model, prompt_estimate=tokens, units=1, unit="search")


def rerank_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """Raises AnswerNonsense."""
    fields = opened(data, "results", "data")
    changes = {"model": asked.model} if "model" in fields else {}
    return PassedAnswer(rewritten(fields, **changes), _reported(fields), asked.usage())


def _reported(fields: RawObject) -> Usage | None:
    """Jina and vLLM report `usage.total_tokens`, Cohere `meta.billed_units`, SiliconFlow `meta.tokens`."""
    usage, meta = _object(looked_into(fields, "usage")), _object(looked_into(fields, "meta"))
    billed, tokens = _object(meta.get("billed_units")), _object(meta.get("tokens"))
    searches = count(billed.get("search_units"))
    read = count(usage.get("total_tokens")) or count(usage.get("prompt_tokens"))
    read = read or count(tokens.get("input_tokens")) or count(billed.get("input_tokens"))
    if not read and not searches:
        return None
    return Usage(read, units=searches or 1, unit="search")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
