"""Sources of an answer: chat's `url_citation`s as the citations that Anthropic's own search gives a text."""

from __future__ import annotations

from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, list_at, text_at

KIND = "web_search_result_location"
OURS = "aihub-lite/1"
"""Where Anthropic has something encrypted, which it alone can make: by this a citation of ours is known again."""


def citations_of(annotations: object) -> list[JsonObject]:
    """A page that is cited for several parts of the text is named once: a block has no places in it to name."""
    pages = {text_at(page, "url"): text_at(page, "title") for page in map(_page, dicts_in(annotations))}
    return [_citation(url, title) for url, title in pages.items() if url]


def without_citations(block: JsonObject) -> JsonObject:
    """A block as Anthropic takes it back: without citations that it never made. The same object where there is none."""
    if not block.get("citations"):
        return block
    cited = list_at(block, "citations")
    theirs = [citation for citation in cited if not _is_ours(citation)]
    if len(theirs) == len(cited):
        return block
    rest = {name: value for name, value in block.items() if name != "citations"}
    if theirs:
        rest["citations"] = theirs
    return rest


def _page(annotation: JsonView) -> JsonView:
    return dict_at(annotation, "url_citation") or annotation


def _citation(url: str, title: str) -> JsonObject:
    """Nobody but its upstream knows what of the page is cited."""
    return {"type": KIND, "url": url, "title": title or None, "cited_text": "", "encrypted_index": OURS}


def _is_ours(citation: object) -> bool:
    return isinstance(citation, dict) and citation.get("encrypted_index") == OURS
