"""The admin API's reference: a page for each noun, as Markdown made from its OpenAPI document.

What operations say of themselves is English in every language; the words around it are the reader's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from aihub_lite.web.description.document import Description
from aihub_lite.web.docs.catalogue import DocPage, Pages
from aihub_lite.web.docs.markdown import ROOT, anchor_of, render
from aihub_lite.web.views import Json

SLUG = "admin"
SECTION = "admin"
METHODS = ("get", "post", "put", "patch", "delete")
NAME = re.compile(r"`([\w./{}]+)`")
"""A field, a path or a code."""
QUOTE = '"'
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Admin API",
        "summary": "Everything that the command line and the console do, for programs: every route, body and refusal.",
        "about": "Below `{root}/api/admin`, with the admin key (`aihub-lite admin-key`) as `Authorization: Bearer`, or "
        "with a session of the console. Bodies and answers are JSON. Lists come in pages of at most a hundred rows: "
        "where `more` is true, ask again with the `after` that came with it. A program reads all of this at "
        "`GET {root}/api/admin/openapi.json`.",
        "noun": "Below /api/admin/{noun}.",
        "right": "takes the right of",
        "parameter": "parameter",
        "field": "field",
        "type": "type",
        "what": "what it is",
        "required": "required",
        "default": "default",
        "body": "Body",
        "refused": "Refused with",
        "operation": "operation",
        "does": "what it does",
    },
    "zh": {
        "title": "管理 API",
        "summary": "命令行和控制台所做的一切，供程序使用：每个路由、请求体和拒绝。",
        "about": "位于 `{root}/api/admin` 之下，以管理密钥（`aihub-lite admin-key`）作为 `Authorization: Bearer`，"
        "或使用控制台的会话。请求体和回答都是 JSON。列表按页给出，每页最多一百行：`more` 为 true 时，"
        "带上随之返回的 `after` 再次请求。程序可在 `GET {root}/api/admin/openapi.json` 读取全部内容。"
        "各操作的说明为英文。",
        "noun": "位于 /api/admin/{noun} 之下。",
        "right": "所需权限：",
        "parameter": "参数",
        "field": "字段",
        "type": "类型",
        "what": "说明",
        "required": "必填",
        "default": "默认",
        "body": "请求体",
        "refused": "可能的拒绝：",
        "operation": "操作",
        "does": "作用",
    },
}


@attrs.frozen
class AdminOperation:
    """One method of one path, as the document has it."""

    method: str
    path: str
    described: Json

    @property
    def noun(self) -> str:
        """What its page is called by."""
        return str(self.described["tags"][0])


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
    words = WORDS[language]
    nouns: dict[str, list[AdminOperation]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = AdminOperation(method, path, item[method])
                nouns.setdefault(operation.noun, []).append(operation)
    nouns = dict(sorted(nouns.items()))
    pages = [_page(SLUG, words["title"], words["summary"], 0, _overview(nouns, words))]
    for place, (noun, operations) in enumerate(nouns.items(), 1):
        text = "\n\n".join(part for operation in operations for part in _operation(operation, words))
        # Short, and the same when somebody says it better.
        anchors = [anchor_of(operation.described["operationId"]) for operation in operations]
        pages.append(_page(f"{SLUG}/{noun}", noun, words["noun"].format(noun=noun), place, text, anchors))
    return {page.slug: page for page in pages}


def _page(slug: str, title: str, summary: str, place: int, text: str, anchors: Sequence[str] = ()) -> DocPage:
    return DocPage(
        slug=slug,
        title=title,
        summary=summary,
        section=SECTION,
        place=place,
        text=f"{text}\n",
        # Headings say the rest: the index for search is read whole.
        rendered=attrs.evolve(render(f"{text}\n", anchors), plain=" ".join(NAME.findall(text))),
    )


def _overview(nouns: Mapping[str, Iterable[AdminOperation]], words: Mapping[str, str]) -> str:
    parts = [words["about"].format(root=ROOT)]
    for noun, operations in nouns.items():
        rows = [(_call(operation), operation.described["summary"]) for operation in operations]
        parts += [f"## [{noun}](/docs/{SLUG}/{noun})", _table((words["operation"], words["does"]), rows)]
    return "\n\n".join(parts)


def _operation(operation: AdminOperation, words: Mapping[str, str]) -> Iterator[str]:
    """The paragraphs of one."""
    described = operation.described
    yield f"## {described['summary']}"
    call = _call(operation)
    if described["x-right"] != "admin":
        call += f" · {words['right']} `{described['x-right']}`"
    yield call
    if described["description"]:
        yield described["description"]
    # What stands in the path is seen there.
    if parameters := [each for each in described.get("parameters", ()) if each["in"] == "query"]:
        rows = [_row(each["name"], each["schema"], words, required=each["required"]) for each in parameters]
        yield _table((words["parameter"], words["type"], words["what"]), rows)
    if body := described.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        yield schema.get("description", words["body"])
        yield _table((words["field"], words["type"], words["what"]), _fields(schema, words))
    refusals = [status for status in described["responses"] if status >= "400"]
    yield f"{words['refused']} {', '.join(f'`{status}`' for status in refusals)}"


def _call(operation: AdminOperation) -> str:
    return f"`{operation.method.upper()} {operation.path}`"


def _fields(schema: Json, words: Mapping[str, str], before: str = "") -> Iterator[tuple[str, str, str]]:
    """A row for each field, those of an object or of a list's objects behind the field's own."""
    required = schema.get("required", ())
    for name, each in schema["properties"].items():
        yield _row(before + name, each, words, required=name in required)
        if "properties" in each:
            yield from _fields(each, words, f"{before}{name}.")
        elif "properties" in each.get("items", {}):
            yield from _fields(each["items"], words, f"{before}{name}[].")


def _row(name: str, schema: Json, words: Mapping[str, str], *, required: bool) -> tuple[str, str, str]:
    kinds = schema.get("type", "")
    if isinstance(kinds, list):
        kinds = " / ".join(kinds)
    notes = [kinds]
    if required:
        notes.append(words["required"])
    elif schema.get("default") not in (None, ""):
        notes.append(f"{words['default']} `{json.dumps(schema['default'], ensure_ascii=False).strip(QUOTE)}`")
    text = schema.get("description", "")
    if choices := schema.get("enum"):
        text = " ".join(filter(None, (text, " / ".join(f"`{choice}`" for choice in choices))))
    return f"`{name}`", ", ".join(filter(None, notes)), text


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)
