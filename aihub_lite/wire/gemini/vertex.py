"""What Vertex AI takes otherwise than Gemini's own API: fewer words in a request, and embeddings at other paths.

Source: google-genai 3.6.1, `models.py`, whose converters say of each field which of the two takes it, and which way a
model's embeddings are asked; November 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.gemini import embeddings as gemini_embeddings
from aihub_lite.wire.gemini.signatures import NATIVE_PARTS
from aihub_lite.wire.json_types import JsonObject, dict_at, dicts_in
from aihub_lite.wire.passthrough.request import PostedRequest


def fit(body: JsonObject) -> None:
    """Leave out of a request for `generateContent` what is a 400 there: calls of tools that Google itself has run."""
    config = body.get("toolConfig")
    if isinstance(config, dict) and config.pop("includeServerSideToolInvocations", None) and not config:
        del body["toolConfig"]
    contents = [{**content, "parts": _own_parts(content["parts"])} for content in body["contents"]]
    body["contents"] = [content for content in contents if content["parts"]]


def _own_parts(parts: Sequence[JsonObject]) -> list[JsonObject]:
    return [part for part in parts if not part.keys() & NATIVE_PARTS]


def translate_embeddings(
    request: PostedRequest[JsonObject], upstream_model: str, *, strict: bool = False
) -> tuple[str, Translation]:
    """The path below the publisher and the body for it; raises InvalidRequest as Gemini's own translation does."""
    translation = gemini_embeddings.translate(request, upstream_model, strict=strict)
    requests = [_embedding(asked) for asked in translation.body["requests"]]
    if "gemini" not in upstream_model:
        instances = [{"content": asked["content"]["parts"][0]["text"]} for asked in requests]
        body: JsonObject = {"instances": instances}
        if (config := requests[0].get("embedContentConfig")) is not None:
            body["parameters"] = config
        return _path(upstream_model, "predict"), Translation(body, translation.dropped)
    if len(requests) == 1:
        return _path(upstream_model, "embedContent"), Translation(requests[0], translation.dropped)
    return _path(upstream_model, "batchEmbedContents"), Translation({"requests": requests}, translation.dropped)


def _embedding(asked: JsonObject) -> JsonObject:
    """One text of a request to Gemini's own API, in Vertex' words."""
    embedding: JsonObject = {"content": {"role": "user", **asked["content"]}}
    if (dimensions := asked.get("outputDimensionality")) is not None:
        embedding["embedContentConfig"] = {"outputDimensionality": dimensions}
    return embedding


def _path(upstream_model: str, verb: str) -> str:
    return f"/models/{quote(upstream_model.removeprefix('models/'), safe='')}:{verb}"


def embeddings_of(answer: JsonObject) -> JsonObject:
    """OpenAI's answer from that of any of these paths, or of Gemini's own; as `gemini_embeddings.embeddings_of`."""
    if "embedding" in answer:
        return gemini_embeddings.embeddings_of({**answer, "embeddings": [answer["embedding"]]})
    if "predictions" in answer:
        return _of_predictions(answer)
    return gemini_embeddings.embeddings_of(answer)


def _of_predictions(answer: JsonObject) -> JsonObject:
    predicted: list[Any] = [dict_at(prediction, "embeddings") for prediction in dicts_in(answer["predictions"])]
    if not predicted:
        raise AnswerNonsense("The upstream's answer has no embeddings.")
    counts = [dict_at(embedding, "statistics").get("token_count") for embedding in predicted]
    # It comes as a number with a point, too.
    whole = [int(count) for count in counts if isinstance(count, int | float)]
    answered: JsonObject = {"embeddings": predicted}
    if len(whole) == len(predicted):
        answered["usageMetadata"] = {"promptTokenCount": sum(whole)}
    return gemini_embeddings.embeddings_of(answered)
