"""Rerank, as Jina, Cohere and everybody after them have it: documents in the order of a query."""

from __future__ import annotations

from aihub_lite.domain.usage import Usage, count
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.upstream_cost import upstream_cost
from aihub_lite.wire.estimate import tokens_of
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.foreign_json import decode, encode
from aihub_lite.wire.json_types import JsonObject, dict_at, dicts_in
from aihub_lite.wire.passthrough.answer import PassedAnswer, with_changes
from aihub_lite.wire.passthrough.raw import RawObject, fields_of, object_at
from aihub_lite.wire.passthrough.request import PassedRequest, PostedRequest


def parse_rerank(content: JsonObject) -> PostedRequest[JsonObject]:
    """What the gateway reads of a request to order documents; raises InvalidRequest."""
    model = model_in(content)
    query = content.get("query")
    documents = content.get("documents")
    if not isinstance(query, str | dict) or not query:
        raise InvalidRequest(wrong(content, "query", "a text"))
    if not isinstance(documents, list) or not documents:
        raise InvalidRequest(wrong(content, "documents", "a non-empty list"))
    # The model reads the query again with every document.
    tokens = tokens_of(query) * len(documents) + tokens_of(documents)
    return PostedRequest(content=content, model=model, prompt_estimate=tokens, units=1, unit="search")


def rerank_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """The answer with the client's name of the model, where it has one; raises AnswerNonsense."""
    if data.lstrip().startswith(b"["):
        data = encode({"model": request.model, "results": _results_in(decode(data))})
    fields = fields_of(data, "results", "data")
    changes: dict[str, object] = {}
    if "model" in fields:  # Cohere names none
        changes["model"] = request.model
    return PassedAnswer(with_changes(fields, **changes), _search_usage(fields), request.usage())


def _results_in(listed: object) -> list[JsonObject]:
    """The results of an answer that is nothing but a list, as Text Embeddings Inference and SGLang give it."""
    results = [_result(entry, position) for position, entry in enumerate(dicts_in(listed))]
    if not results:
        raise AnswerNonsense("The upstream's answer has no results.")
    return results


def _result(entry: JsonObject, position: int) -> JsonObject:
    """One document's place in Jina's and Cohere's words; what else it says stays."""
    result = {name: value for name, value in entry.items() if name not in ("score", "text")}
    result.setdefault("index", position)
    if "score" in entry:
        result.setdefault("relevance_score", entry["score"])
    text = entry.get("document", entry.get("text"))
    if isinstance(text, str):
        result["document"] = {"text": text}
    return result


def _search_usage(fields: RawObject) -> Usage | None:
    """Jina and vLLM report `usage.total_tokens`, Cohere `meta.billed_units`, SiliconFlow `meta.tokens`, and OpenRouter
    what it cost."""
    usage = object_at(fields, "usage")
    meta = object_at(fields, "meta")
    billed = dict_at(meta, "billed_units")
    tokens = count(usage.get("total_tokens")) or count(usage.get("prompt_tokens"))
    tokens = tokens or count(dict_at(meta, "tokens").get("input_tokens")) or count(billed.get("input_tokens"))
    searches = count(billed.get("search_units")) or count(usage.get("search_units"))
    cost = upstream_cost(usage)
    if not tokens and not searches and cost is None:
        return None
    return Usage(tokens, units=searches or 1, unit="search", upstream_cost_nano=cost)
