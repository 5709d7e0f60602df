"""Embeddings in the words of Gemini's `batchEmbedContents`, and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.fields import ROUTING_FIELDS, whole
from aihub_lite.wire.gemini_usage import usage_of
from aihub_lite.wire.translated import Translated

READ = frozenset({"model", "input", "dimensions", "encoding_format"})


def translate(asked: Asked, upstream_model: str, *, strict: bool = False) -> Translated:
    """The body for `path_of(upstream_model)`; raises InvalidRequest for tokens, which only their own model knows."""
    content = asked.content
    assert isinstance(content, dict)  # noqa: S101  embeddings are not asked for by form
    given = content["input"]
    texts = [given] if isinstance(given, str) else given
    if not all(isinstance(text, str) for text in texts):
        raise InvalidRequest("'input' must be a text or a list of texts: this model takes no tokens.")
    dropped = tuple(sorted(content.keys() - READ - ROUTING_FIELDS))
    if strict and dropped:
        raise InvalidRequest(f"This model does not take {', '.join(map(repr, dropped))}.")
    each: dict[str, Any] = {"model": _name(upstream_model)}
    if (dimensions := whole(content, "dimensions")) is not None:
        each["outputDimensionality"] = dimensions
    return Translated({"requests": [{**each, "content": {"parts": [{"text": text}]}} for text in texts]}, dropped)


def path_of(upstream_model: str) -> str:
    """The path below the base URL."""
    return f"/{quote(_name(upstream_model), safe='/')}:batchEmbedContents"


def embeddings_of(answer: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's answer from Gemini's; raises AnswerNonsense."""
    found = answer.get("embeddings")
    if not isinstance(found, list) or not all(isinstance(each, dict) and "values" in each for each in found):
        return answer if "error" in answer else _nonsense()
    data = [{"object": "embedding", "index": index, "embedding": each["values"]} for index, each in enumerate(found)]
    shown: dict[str, Any] = {"object": "list", "data": data}
    if (usage := usage_of(answer.get("usageMetadata"))) is not None:
        shown["usage"] = {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.prompt_tokens}
    return shown


def _nonsense() -> dict[str, Any]:
    raise AnswerNonsense("The upstream's answer has no embeddings.")


def _name(upstream_model: str) -> str:
    return f"models/{upstream_model.removeprefix('models/')}"
