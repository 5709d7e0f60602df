"""The pages of the documentation: Markdown files with their front matter, the same ones in every language.

A file begins with its front matter, TOML between two lines of `+++`: `title`, `summary`, `section`, and `place` in it.
Outside English a code block with nothing in it is the one that stands in its place in English. Lines that begin with
`@` are made of what is described elsewhere. Of an endpoint, `@call PATH` says how it is called; `@fields PATH`,
`@answer PATH` and `@events PATH` are the tables of what it takes, answers and streams; `@refusals PATH` is that of its
errors, and `@kinds PATH` says what each kind of channel gets. `@settings` is the table of all settings, `@errors` that
of all errors.
What is the operator's alone stands in a folder of its own, and below `/docs/operator`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import attrs

from aihub_lite.web.docs.errors import errors_table, rows_of
from aihub_lite.web.docs.markdown import Rendered, render, words_in
from aihub_lite.web.docs.reference import operations
from aihub_lite.web.docs.settings import settings_table
from aihub_lite.web.docs.tables import answer_table, call_line, events_table, fields_table, kinds_table
from aihub_lite.wire.anthropic.upstream import request as anthropic
from aihub_lite.wire.gemini import config as gemini

FOLDER = Path(__file__).parent / "pages"
ENGLISH = "en"
FRONT = "+++"
CODE = re.compile(r"^```(?P<info>[^\n]+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([^`]+)`")
"""What stands as code within a sentence."""
TABLE = re.compile(r"^@(?P<kind>call|fields|answer|events|refusals|kinds) (?P<path>\S+)$", re.MULTILINE)
REFUSALS = re.compile(r"^@refusals \S+$", re.MULTILINE)
SETTINGS = "@settings\n"
ERRORS = "@errors\n"
CHAT = "/v1/chat/completions"
OPERATOR = "operator"
"""Section, folder, and the beginning of addresses of what administrators alone are shown."""
OWN = "own"
"""The section for people who sign in."""
SECTIONS = ("start", "api", "models", "code", "clients", "about", OWN, OPERATOR, "admin")
"""In the order of the contents; their titles are in the console's catalogues under `docs`."""


@attrs.frozen(kw_only=True)
class DocPage:
    """One page in one language."""

    slug: str
    """Its name in addresses: `quick-start`."""
    title: str
    summary: str
    """One sentence, for search, for machines, and under the title."""
    section: str
    place: int
    """Its order within the section."""
    text: str
    """Markdown."""
    rendered: Rendered


Pages = Mapping[str, DocPage]
"""By slug, in the order of the contents."""


def read_page(path: Path, language: str, english: DocPage | None = None) -> DocPage:
    """One file; in another language with the code of the English page, and its anchors, so that links hold in all.

    Raises ValueError where there is no front matter, or not as many headings or code blocks as in English.
    """
    _, front, written = path.read_text("utf-8").split(FRONT, 2)
    facts = tomllib.loads(front)
    text = with_tables(written.strip() + "\n", language)
    anchors: list[str] = []
    if english is not None:
        text = with_code(text, english.text)
        anchors = [heading.anchor for heading in english.rendered.headings]
    rendered = render(text, anchors, foreign=language != ENGLISH)
    sought = text
    words = rendered.plain
    if REFUSALS.search(written):
        # The same on every endpoint's page: who looks for an error finds the page of all.
        sought = with_tables(REFUSALS.sub("", written), language)
        words = words_in(sought)
    # What has a name is looked for by its name, and pages write that as code.
    return DocPage(
        slug=slug_of(path),
        title=facts["title"],
        summary=facts["summary"],
        section=facts["section"],
        place=facts["place"],
        text=text,
        rendered=attrs.evolve(rendered, plain=" ".join([*names_in(sought), words])),
    )


def names_in(text: str) -> Iterator[str]:
    """What its sentences and tables say as code: names of fields, settings, commands."""
    for name in NAMED.findall(CODE.sub("", text)):
        yield " ".join(name.split())


def slug_of(path: Path) -> str:
    """The name of a file's page in addresses: folders are for people who look for the file, but for the operator's."""
    if path.parent.name == OPERATOR:
        return f"{OPERATOR}/{path.stem}"
    return path.stem


def with_tables(text: str, language: str) -> str:
    """The text with what is described elsewhere in place of the lines that ask for it.

    Raises KeyError for an endpoint that nobody has described.
    """
    text = text.replace(ERRORS, f"{errors_table(language)}\n").replace(SETTINGS, f"{settings_table(language)}\n")
    return TABLE.sub(lambda match: MADE[match["kind"]](match["path"], language), text)


def _fields(path: str, language: str) -> str:
    left_out = None
    if path == CHAT:
        left_out = {"Claude": _unread(anthropic.READ | anthropic.OWN_FIELDS.keys()), "Gemini": _unread(gemini.READ)}
    return fields_table(path, language, left_out)


def _refusals(path: str, language: str) -> str:
    return errors_table(language, rows_of(path))


MADE: Mapping[str, Callable[[str, str], str]] = {
    "call": call_line,
    "fields": _fields,
    "answer": answer_table,
    "events": events_table,
    "refusals": _refusals,
    "kinds": kinds_table,
}
"""What stands for a line that asks for it, by the word behind its `@`; each takes an endpoint and a language."""


def _unread(read: Iterable[str]) -> frozenset[str]:
    """Fields of chat that a provider's wire has no word for."""
    return frozenset(field.name for field in operations()[CHAT].fields).difference(read)


def with_code(text: str, english: str) -> str:
    """The text with the code of the English one in its empty blocks; raises ValueError unless all have a fellow."""
    blocks = [*CODE.finditer(english)]
    if len(blocks) != len([*CODE.finditer(text)]):
        raise ValueError(f"not the {len(blocks)} code blocks of the English page")
    remaining = iter(blocks)

    def filled(own: re.Match[str]) -> str:
        block = next(remaining)
        if own["code"]:
            return own[0]
        return block[0]

    return CODE.sub(filled, text)


@attrs.define(eq=False)
class Documentation:
    """All pages by language, read when the first reader comes: most gateways start without one."""

    folder: Path = FOLDER
    _languages: dict[str, Pages] = attrs.field(factory=dict)

    def pages(self, language: str, *, operator: bool = False) -> Pages:
        """Those of a language, in the order of the contents; with the operator's for who may read them."""
        if language not in self._languages:
            self._languages[language] = self._read(language)
        pages = self._languages[language]
        if operator:
            return pages
        return {slug: page for slug, page in pages.items() if page.section != OPERATOR}

    def _read(self, language: str) -> Pages:
        english: Pages = {}
        if language != ENGLISH:
            english = self.pages(ENGLISH, operator=True)
        files = (self.folder / language).rglob("*.md")
        pages = [read_page(path, language, english.get(slug_of(path))) for path in files]
        pages.sort(key=lambda page: (SECTIONS.index(page.section), page.place, page.slug))
        return {page.slug: page for page in pages}


def neighbours(pages: Pages, slug: str) -> tuple[DocPage | None, DocPage | None]:
    """The pages before and after one, in the order of the contents."""
    order = [None, *pages.values(), None]
    place = order.index(pages[slug])
    return order[place - 1], order[place + 1]
