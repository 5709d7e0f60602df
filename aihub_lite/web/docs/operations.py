"""Operations of an OpenAPI document as Markdown: what the references of our own APIs are made of.

What operations say of themselves is English in every language; the words around it are the reader's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from aihub_lite.web.docs.catalogue import ENGLISH, DocPage
from aihub_lite.web.docs.markdown import anchor_of, jointed, render
from aihub_lite.web.views import Json

METHODS = ("get", "post", "put", "patch", "delete")
NAME = re.compile(r"`(?!(?:\d+|true|false)`)([\w./{}]+)`")
"""A field, a path or a code. Not a status or a default, which every page has: whoever looks for one finds Errors."""
DEEP = re.compile(r'<td><code(?: class="long")?>((?:[^<]|<wbr>){24,})</code>')
"""A cell with a long name in it."""
QUOTE = '"'
LONG = 60
"""Fields of a body that is told once on a page, however many operations take it."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "right": "takes the right of",
        "parameter": "parameter",
        "field": "field",
        "type": "type",
        "what": "what it is",
        "required": "required",
        "default": "default",
        "body": "Body",
        "same": "Its body is that of",
        "refused": "Refused with",
        "operation": "operation",
        "does": "what it does",
        "and": ", ",
        "item": ", ",
    },
    "zh": {
        "right": "所需权限：",
        "parameter": "参数",
        "field": "字段",
        "type": "类型",
        "what": "说明",
        "required": "必填",
        "default": "默认",
        "body": "请求体",
        "same": "请求体与此相同：",
        "refused": "可能的拒绝：",
        "operation": "操作",
        "does": "作用",
        "and": "，",
        "item": "、",
    },
}


@attrs.frozen
class ApiOperation:
    """One method of one path, as the document has it."""

    method: str
    path: str
    described: Json

    @property
    def noun(self) -> str:
        """What its page is called by."""
        return str(self.described["tags"][0])


def operations_in(document: Json) -> list[ApiOperation]:
    """All of a document, in its order."""
    return [
        ApiOperation(method, path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def page_of(
    operations: Sequence[ApiOperation],
    language: str,
    *,
    slug: str,
    title: str,
    summary: str,
    section: str,
    place: int,
    about: str = "",
) -> DocPage:
    """A page with all that is known of some operations."""
    parts: list[str] = []
    if about:
        parts.append(about)
    told: dict[str, str] = {}
    for operation in operations:
        parts += operation_text(operation, WORDS[language], told)
    # Short, and the same when somebody says it better.
    anchors = [anchor_of(operation.described["operationId"]) for operation in operations]
    text = "\n\n".join(parts)
    return reference_page(
        text, anchors, language, slug=slug, title=title, summary=summary, section=section, place=place
    )


def reference_page(
    text: str, anchors: Sequence[str], language: str, *, slug: str, title: str, summary: str, section: str, place: int
) -> DocPage:
    """A page of a reference; anchors as for `render`."""
    rendered = render(f"{text}\n", anchors, foreign=language != ENGLISH)
    # The name of a field far down would push what it is out of sight.
    html = DEEP.sub(lambda match: f'<td><code class="long deep">{jointed(match[1])}</code>', rendered.html)
    return DocPage(
        slug=slug,
        title=title,
        summary=summary,
        section=section,
        place=place,
        text=f"{text}\n",
        # Headings say the rest: the index for search is read whole.
        rendered=attrs.evolve(rendered, html=html, plain=" ".join(NAME.findall(text))),
    )


def operation_text(operation: ApiOperation, words: Mapping[str, str], told: dict[str, str]) -> Iterator[str]:
    """The paragraphs of one. `told` has long bodies that the page has told already, with the operation's heading."""
    described = operation.described
    yield f"## {described['summary']}"
    call = call_of(operation)
    if described["x-right"] in ("owner", "key"):
        call += f" · {words['right']} `{described['x-right']}`"
    yield call
    if described["description"]:
        yield described["description"]
    # What stands in the path is seen there.
    if parameters := [each for each in described.get("parameters", ()) if each["in"] == "query"]:
        rows = [_row(each["name"], each["schema"], words, required=each["required"]) for each in parameters]
        yield table((words["parameter"], words["type"], words["what"]), rows)
    if body := described.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        yield from _body_text(schema, words, described, told)
    refusals = [status for status in described["responses"] if status >= "400"]
    yield f"{words['refused']} {words['item'].join(f'`{status}`' for status in refusals)}"


def _body_text(schema: Json, words: Mapping[str, str], described: Json, told: dict[str, str]) -> Iterator[str]:
    rows = table((words["field"], words["type"], words["what"]), _fields(schema, words))
    if rows in told:
        yield f"{words['same']} [{told[rows]}](#{anchor_of(told[rows])})"
        return
    if rows.count("\n") > LONG:
        told[rows] = described["operationId"]
    yield schema.get("description") or words["body"]
    yield rows


def call_of(operation: ApiOperation) -> str:
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
    return f"`{name}`", words["and"].join(filter(None, notes)), text


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)
