"""The index that a reader's browser searches: every page's title, headings and words."""

from __future__ import annotations

import re

import attrs
import msgspec

from aihub_lite.web.docs.admin import AdminReference
from aihub_lite.web.docs.catalogue import Documentation, Pages
from aihub_lite.web.views import Json

WORD = re.compile(r"[\w./-]+")
LONGEST = 1500
"""Characters of words for one page: the index is read whole by every reader who searches."""


def search_index(pages: Pages) -> list[Json]:
    """For each page its slug, title, summary, headings as pairs of anchor and text, and other words, each once."""
    return [
        {
            "slug": page.slug,
            "title": page.title,
            "summary": page.summary,
            "headings": [[heading.anchor, heading.text] for heading in page.rendered.headings],
            "words": words_of(page.rendered.plain),
        }
        for page in pages.values()
    ]


def words_of(text: str) -> str:
    """Every word once, in small letters, up to `LONGEST` characters."""
    words = dict.fromkeys(WORD.findall(text.lower()))
    return " ".join(words)[:LONGEST]


@attrs.define(eq=False)
class Indexes:
    """The encoded indexes, each made when somebody first searches: they change with the program alone."""

    documentation: Documentation
    reference: AdminReference
    _encoded: dict[tuple[str, bool], bytes] = attrs.field(factory=dict)

    def encoded(self, language: str, *, admin: bool) -> bytes:
        """That of a language; with the admin API in it for who may use that."""
        if (language, admin) not in self._encoded:
            pages = dict(self.documentation.pages(language))
            if admin:
                pages.update(self.reference.pages(language))
            self._encoded[language, admin] = msgspec.json.encode(search_index(pages))
        return self._encoded[language, admin]
