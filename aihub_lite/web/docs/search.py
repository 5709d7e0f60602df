"""The index that a reader's browser searches: every page's title, headings and words.

Words that many pages have are written once: sorted, each without the letters that the one before it begins with too,
and with the pages that it is on. `search.js` reads that back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

import attrs
import msgspec

from aihub_lite.web.docs.admin import AdminReference
from aihub_lite.web.docs.catalogue import OPERATOR, DocPage, Documentation, Pages
from aihub_lite.web.docs.markdown import Heading, anchor_of
from aihub_lite.web.docs.own import OwnReference
from aihub_lite.web.views import Json

WORD = re.compile(r"[\w./-]+")
LONGEST = 1250
OPERATOR_LONGEST = 550
"""Bytes of words for one page: the index is read whole by every reader who searches."""
SHORT = re.compile(r"[ -~]{1,2}")
"""Words that stand within others on any page."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""How many letters a word has in common with the one before it."""
BEFORE_PAGES = ord('"')
"""A page is told by how far it is from the one before it, as the character that is so far behind this one."""


def search_index(pages: Pages) -> Json:
    """For each page its slug, title, summary and headings; and on which pages which other words are.

    Headings of several pages stand for themselves, and each page has their numbers.
    """
    headings = [[_heading(heading) for heading in page.rendered.headings] for page in pages.values()]
    times = Counter(chain.from_iterable(headings))
    shared = [heading for heading in times if times[heading] > 1]
    numbers = {heading: number for number, heading in enumerate(shared)}
    told = [
        [page.slug, page.title, page.summary, [numbers.get(heading, heading) for heading in own]]
        for page, own in zip(pages.values(), headings, strict=True)
    ]
    return {"pages": told, "headings": shared, "words": vocabulary([words_of(page) for page in pages.values()])}


def _heading(heading: Heading) -> str | tuple[str, str]:
    """Its text; with its anchor where that is not made of the text."""
    if anchor_of(heading.text) == heading.anchor:
        return heading.text
    return heading.anchor, heading.text


def vocabulary(words: Sequence[Iterable[str]]) -> str:
    """The words of all pages, by turns with the pages that they are on."""
    places: dict[str, list[int]] = {}
    for place, of_page in enumerate(words):
        for word in of_page:
            places.setdefault(word, []).append(place)
    pieces: list[str] = []
    for before, word in pairwise(["", *sorted(places)]):
        shared = _shared(before, word)
        pieces += [DIGITS[shared] + word[shared:], _pages(places[word])]
    return " ".join(pieces)


def _shared(before: str, word: str) -> int:
    """How many letters two words begin with alike, as far as there are digits for it."""
    for number, (one, other) in enumerate(zip(before, word, strict=False)):
        if one != other or number == len(DIGITS) - 1:
            return number
    return min(len(before), len(word))


def _pages(places: Sequence[int]) -> str:
    return "".join(chr(BEFORE_PAGES + place - before) for before, place in pairwise([-1, *places]))


def words_of(page: DocPage) -> list[str]:
    """The words of a page that are found nowhere else in its entry, in small letters and each once.

    A search looks for any part of a text: what stands within another word is found there.
    """
    longest = LONGEST
    if page.section == OPERATOR:
        longest = OPERATOR_LONGEST
    told = "\n".join([page.title, page.summary, *(heading.text for heading in page.rendered.headings)]).lower()
    words: list[str] = []
    for word in dict.fromkeys(WORD.findall(page.rendered.plain.lower())):
        if word in told or SHORT.fullmatch(word):
            continue
        longest -= len(word.encode()) + 1
        if longest < 0:
            break
        told += f"\n{word}"
        words.append(word)
    return words


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
