"""Embeddings in the words of Gemini's `batchEmbedContents`, and back."""

from __future__ import annotations

from urllib.parse import quote

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import ROUTING_FIELDS, whole
from aihub_lite.wire.gemini.request import check_strict
from aihub_lite.wire.gemini.usage import usage_of
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.passthrough.request import PostedRequest

READ = frozenset({"model", "input", "dimensions", "encoding_format"})


def translate(request: PostedRequest[JsonObject], upstream_model: str, *, strict: bool = False) -> Translation:
    """The body for `path_of(upstream_model)`; raises InvalidRequest for tokens, which only their own model knows."""
    content = request.content
    texts = content["input"]
    if isinstance(texts, str):
        texts = [texts]
    if not all(isinstance(text, str) for text in texts):
        raise InvalidRequest("'input' must be a text or a list of texts: this model takes no tokens.")
    dropped = content.keys() - READ - ROUTING_FIELDS
    check_strict(dropped, strict=strict)
    settings: JsonObject = {"model": _name(upstream_model)}
    if (dimensions := whole(content, "dimensions")) is not None:
        settings["outputDimensionality"] = dimensions
    requests = [{**settings, "content": {"parts": [{"text": text}]}} for text in texts]
    return Translation({"requests": requests}, dropped)


def path_of(upstream_model: str) -> str:
    """The path below the base URL."""
    return f"/{quote(_name(upstream_model), safe='/')}:batchEmbedContents"


def embeddings_of(answer: JsonObject) -> JsonObject:
    """OpenAI's answer from Gemini's, an error as it is; raises AnswerNonsense for what is neither."""
    embeddings = answer.get("embeddings")
    if not isinstance(embeddings, list) or not all(isinstance(one, dict) and "values" in one for one in embeddings):
        if "error" in answer:
            return answer
        raise AnswerNonsense("The upstream's answer has no embeddings.")
    data = [
        {"object": "embedding", "index": index, "embedding": embedding["values"]}
        for index, embedding in enumerate(embeddings)
    ]
    listing: JsonObject = {"object": "list", "data": data}
    if (usage := usage_of(answer.get("usageMetadata"))) is not None:
        listing["usage"] = {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.prompt_tokens}
    return listing


def _name(upstream_model: str) -> str:
    return f"models/{upstream_model.removeprefix('models/')}"
