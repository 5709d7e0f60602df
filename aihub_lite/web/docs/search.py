"""The index that a reader's browser searches: every page's title, headings and words."""

from __future__ import annotations

import re

import attrs
import msgspec

from aihub_lite.web.docs.admin import AdminReference
from aihub_lite.web.docs.catalogue import OPERATOR, DocPage, Documentation, Pages
from aihub_lite.web.docs.own import OwnReference
from aihub_lite.web.views import Json

WORD = re.compile(r"[\w./-]+")
LONGEST = 1250
OPERATOR_LONGEST = 550
"""Bytes of words for one page: the index is read whole by every reader who searches."""


def search_index(pages: Pages) -> list[Json]:
    """For each page its slug, title, summary, headings as pairs of anchor and text, and what other words it has."""
    return [
        {
            "slug": page.slug,
            "title": page.title,
            "summary": page.summary,
            "headings": [[heading.anchor, heading.text] for heading in page.rendered.headings],
            "words": words_of(page),
        }
        for page in pages.values()
    ]


def words_of(page: DocPage) -> str:
    """The words of a page that are found nowhere else in its entry, in small letters and each once.

    A search looks for any part of a text: what stands within another word is found there.
    """
    longest = LONGEST
    if page.section == OPERATOR:
        longest = OPERATOR_LONGEST
    told = "\n".join([page.title, page.summary, *(heading.text for heading in page.rendered.headings)]).lower()
    words: list[str] = []
    for word in dict.fromkeys(WORD.findall(page.rendered.plain.lower())):
        if word in told:
            continue
        longest -= len(word.encode()) + 1
        if longest < 0:
            break
        told += f"\n{word}"
        words.append(word)
    return " ".join(words)


@attrs.define(eq=False)
class Indexes:
    """The encoded indexes, each made when somebody first searches: they change with the program alone."""

    documentation: Documentation
    reference: AdminReference
    own: OwnReference
    _encoded: dict[tuple[str, bool, bool], bytes] = attrs.field(factory=dict)

    def encoded(self, language: str, *, admin: bool, person: bool) -> bytes:
        """That of a language; with the admin API, and with a person's own, for who may use that."""
        if (language, admin, person) not in self._encoded:
            pages = self.readable(language, admin=admin, person=person)
            self._encoded[language, admin, person] = msgspec.json.encode(search_index(pages))
        return self._encoded[language, admin, person]

    def readable(self, language: str, *, admin: bool, person: bool) -> Pages:
        """Every page that such a reader may open."""
        pages = dict(self.documentation.pages(language, operator=admin))
        if person:
            own = self.own.page(language)
            pages[own.slug] = own
        if admin:
            pages.update(self.reference.pages(language))
        return pages
