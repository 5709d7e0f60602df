"""The admin API's reference: a page for each noun, as Markdown made from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from aihub_lite.web.description.document import Description
from aihub_lite.web.docs.catalogue import DocPage, Pages
from aihub_lite.web.docs.markdown import ROOT
from aihub_lite.web.docs.operations import WORDS, ApiOperation, call_of, operations_in, page_of, reference_page, table
from aihub_lite.web.views import Json

SLUG = "admin"
TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Admin API",
        "summary": "Everything that the command line and the console do, for programs: every route, body and refusal.",
        "about": "Below `{root}/api/admin`, with the admin key (the data directory's `admin.key`) as "
        "`Authorization: Bearer`, or "
        "with a session of the console. Bodies and answers are JSON. Lists come in pages of at most a hundred rows: "
        "where `more` is true, ask again with the `after` that came with it. A program reads all of this at "
        "`GET {root}/api/admin/openapi.json`.",
        "noun": "All routes below /api/admin/{noun}.",
        "each": "",
    },
    "zh": {
        "title": "管理 API",
        "summary": "命令行和控制台所做的一切，供程序使用：每个路由、请求体和拒绝。",
        "about": "各操作的说明为英文。\n\n位于 `{root}/api/admin` 之下，以管理密钥（数据目录中的 `admin.key`）"
        "作为 `Authorization: Bearer`，"
        "或使用控制台的会话。请求体和回答都是 JSON。列表按页给出，每页最多一百行：`more` 为 true 时，"
        "带上随之返回的 `after` 再次请求。程序可在 `GET {root}/api/admin/openapi.json` 读取全部内容。",
        "noun": "/api/admin/{noun} 之下的所有路由。",
        "each": "各操作的说明为英文。",
    },
}


@attrs.define(eq=False)
class AdminReference:
    """The reference's pages by language, made when somebody first reads one: beside the event loop."""

    description: Description
    _languages: dict[str, Pages] = attrs.field(factory=dict)

    def pages(self, language: str) -> Pages:
        """All of a language, the overview first."""
        if language not in self._languages:
            self._languages[language] = admin_pages(self.description.document(), language)
        return self._languages[language]


def admin_pages(document: Json, language: str) -> Pages:
    """The overview, and a page for each noun in alphabetical order."""
    texts = TEXTS[language]
    nouns: dict[str, list[ApiOperation]] = {}
    for operation in operations_in(document):
        nouns.setdefault(operation.noun, []).append(operation)
    nouns = dict(sorted(nouns.items()))
    overview = _overview(nouns, texts["about"], WORDS[language])
    first = reference_page(
        overview, (), language, slug=SLUG, title=texts["title"], summary=texts["summary"], section=SLUG, place=0
    )
    pages = [first]
    for place, (noun, operations) in enumerate(nouns.items(), 1):
        pages.append(_noun_page(noun, operations, place, language))
    return {page.slug: page for page in pages}


def _noun_page(noun: str, operations: list[ApiOperation], place: int, language: str) -> DocPage:
    texts = TEXTS[language]
    return page_of(
        operations,
        language,
        slug=f"{SLUG}/{noun}",
        title=noun,
        summary=texts["noun"].format(noun=noun),
        section=SLUG,
        place=place,
        about=texts["each"],
    )


def _overview(nouns: Mapping[str, Iterable[ApiOperation]], about: str, words: Mapping[str, str]) -> str:
    parts = [about.format(root=ROOT)]
    for noun, operations in nouns.items():
        rows = [(call_of(operation), operation.described["summary"]) for operation in operations]
        parts += [f"## [{noun}](/docs/{SLUG}/{noun})", table((words["operation"], words["does"]), rows)]
    return "\n\n".join(parts)
