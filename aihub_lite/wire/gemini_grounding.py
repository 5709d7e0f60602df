"""Where an answer's statements come from, and how likely its tokens were, in OpenAI's shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def citations(metadata: object) -> list[dict[str, Any]]:
    """`url_citation`s for Google's grounding: one for every supported segment, or one per source when there is none.

    Segments count UTF-8 bytes of the answer's text, and start and end are passed on as they are.
    """
    chunks = _mappings(metadata, "groundingChunks")
    sources = [web if isinstance(web := chunk.get("web"), Mapping) else {} for chunk in chunks]
    found: list[dict[str, Any]] = []
    for support in _mappings(metadata, "groundingSupports"):
        segment = support.get("segment")
        edges = (segment.get("startIndex", 0), segment.get("endIndex", 0)) if isinstance(segment, Mapping) else (0, 0)
        positions = support.get("groundingChunkIndices")
        found += [
            _citation(sources[position], *edges)
            for position in (positions if isinstance(positions, list) else ())
            if type(position) is int and 0 <= position < len(sources) and sources[position].get("uri")
        ]
    return found or [_citation(source, 0, 0) for source in sources if source.get("uri")]


def logprobs(result: object) -> list[dict[str, Any]]:
    """`choices[].logprobs.content`: the chosen tokens, each with its most likely rivals."""
    top = [_mappings(step, "candidates") for step in _mappings(result, "topCandidates")]
    found = []
    for position, chosen in enumerate(_mappings(result, "chosenCandidates")):
        rivals = top[position] if position < len(top) else []
        found.append({**_token(chosen), "top_logprobs": [_token(rival) for rival in rivals]})
    return found


def _token(candidate: Mapping[str, Any]) -> dict[str, Any]:
    token, likely = candidate.get("token"), candidate.get("logProbability")
    text = token if isinstance(token, str) else ""
    number = likely if isinstance(likely, int | float) else 0.0
    return {"token": text, "logprob": number, "bytes": list(text.encode("utf-8", "replace"))}


def _citation(source: Mapping[str, Any], start: object, end: object) -> dict[str, Any]:
    cited = {"url": source["uri"], "title": source.get("title") or "", "start_index": start, "end_index": end}
    return {"type": "url_citation", "url_citation": cited}


def _mappings(value: object, name: str) -> list[Mapping[str, Any]]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return [inner for inner in found if isinstance(inner, Mapping)] if isinstance(found, list) else []
