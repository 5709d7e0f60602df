"""The index for search as a browser reads it."""

from __future__ import annotations

from typing import Any

from aihub_lite.web.docs.markdown import anchor_of


def slugs_in(index: dict[str, Any]) -> list[str]:
    """The pages that it leads to."""
    return [page[0] for page in index["pages"]]


def headings_in(index: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Anchor and text of every heading, by page."""
    return {slug: [_heading(index, told) for told in headings] for slug, _, _, headings in index["pages"]}


def _heading(index: dict[str, Any], told: Any) -> tuple[str, str]:
    if isinstance(told, int):
        told = index["headings"][told]
    if isinstance(told, str):
        return anchor_of(told), told
    anchor, text = told
    return anchor, text


def words_in(index: dict[str, Any]) -> dict[str, set[str]]:
    """The words that it has of each page beside title, summary and headings."""
    words: dict[str, set[str]] = {slug: set() for slug in slugs_in(index)}
    slugs = slugs_in(index)
    pieces = index["words"].split(" ")
    word = ""
    for shown, pages in zip(pieces[::2], pieces[1::2], strict=True):
        word = word[: int(shown[0], 36)] + shown[1:]
        place = -1
        for far in pages:
            place += ord(far) - ord('"')
            words[slugs[place]].add(word)
    return words
