"""Where an answer's statements come from, and how likely its tokens were, in OpenAI's shapes."""

from __future__ import annotations

import attrs

from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, list_at, text_at


@attrs.define
class Said:
    """The content of an answer so far: Google's segments count UTF-8 bytes of what the model wrote, clients count
    characters of all there is."""

    characters: int = 0
    _pieces: list[str] = attrs.field(factory=list)
    """What the model wrote since the last insertion."""
    _runs: list[tuple[int, bytes]] = attrs.field(factory=list)
    """What it wrote before, each run with the characters before it."""

    def write(self, text: str) -> None:
        """More of the model's text."""
        self._pieces.append(text)
        self.characters += len(text)

    def insert(self, text: str) -> None:
        """What Google's segments do not count: code that ran, and what it printed."""
        self._end_run()
        self.characters += len(text)

    def character_at(self, offset: object) -> int:
        """The character at a byte of what the model wrote; the end for what has not been written."""
        if type(offset) is not int or offset < 0:
            return 0
        self._end_run()
        for start, run in self._runs:
            if offset <= len(run):
                return start + len(run[:offset].decode("utf-8", "ignore"))
            offset -= len(run)
        return self.characters

    def _end_run(self) -> None:
        if not self._pieces:
            return
        text = "".join(self._pieces)
        self._pieces = []
        self._runs.append((self.characters - len(text), text.encode("utf-8", "replace")))


def citations(metadata: JsonView, said: Said) -> list[JsonObject]:
    """`url_citation`s for Google's grounding: one for every supported segment, or one per source when there is none."""
    # Supports name sources by their position, so a chunk that is no page of the web keeps its place.
    sources = [dict_at(chunk, "web") for chunk in dicts_in(metadata.get("groundingChunks"))]
    cited: list[JsonObject] = []
    for support in dicts_in(metadata.get("groundingSupports")):
        segment = dict_at(support, "segment")
        start = said.character_at(segment.get("startIndex", 0))
        end = said.character_at(segment.get("endIndex", 0))
        cited += [
            _citation(sources[position], start, end)
            for position in list_at(support, "groundingChunkIndices")
            if type(position) is int and 0 <= position < len(sources) and sources[position].get("uri")
        ]
    return cited or [_citation(source, 0, 0) for source in sources if source.get("uri")]


def queries_in(metadata: object) -> set[str]:
    """What was searched for; Google writes empty queries too, which it does not bill."""
    if not isinstance(metadata, dict):
        return set()
    queries = list_at(metadata, "webSearchQueries")
    return {query for query in queries if isinstance(query, str) and query.strip()}


def logprobs(result: JsonView) -> list[JsonObject]:
    """`choices[].logprobs.content`: the chosen tokens, each with its most likely rivals."""
    top = [dicts_in(step.get("candidates")) for step in dicts_in(result.get("topCandidates"))]
    tokens: list[JsonObject] = []
    for position, chosen in enumerate(dicts_in(result.get("chosenCandidates"))):
        rivals: list[JsonObject] = []
        if position < len(top):
            rivals = top[position]
        tokens.append({**_token(chosen), "top_logprobs": [_token(rival) for rival in rivals]})
    return tokens


def _token(candidate: JsonView) -> JsonObject:
    text = text_at(candidate, "token")
    logprob = candidate.get("logProbability")
    if not isinstance(logprob, int | float):
        logprob = 0.0
    return {"token": text, "logprob": logprob, "bytes": list(text.encode("utf-8", "replace"))}


def _citation(source: JsonView, start: int, end: int) -> JsonObject:
    page = {"url": source["uri"], "title": source.get("title") or "", "start_index": start, "end_index": end}
    return {"type": "url_citation", "url_citation": page}
