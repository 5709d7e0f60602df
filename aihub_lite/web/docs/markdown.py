"""Markdown as the documentation is written in, made HTML: headings with anchors, code with its colours, tabs.

Code blocks that follow each other, and say `tab=NAME` after their language, are tabs of one block. One that says
`open=PROGRAM` is the settings of that program, with a button that opens it with them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from typing import TypeAlias

    from markdown_it import MarkdownIt
    from markdown_it.token import Token as MarkdownToken

    Cell: TypeAlias = tuple[MarkdownToken, MarkdownToken]
    """What opens a cell, and what is in it."""

ROOT = "https://gateway.example"
KEY = "sk-your-key"
MODEL = "your-model"
EMBEDDING = "your-embedding-model"
"""What stands in pages and examples for this gateway's address, the reader's key, a model, and one for embeddings."""
FILLED = {"root": ROOT, "key": KEY, "model": MODEL, "embedding": EMBEDDING}
COPY = "{copy}"
RUN = "{run}"
OPEN = "{open}"
"""What stands for the words on buttons, which are the reader's language's."""
PROGRAMS = {
    "chatbox": ("ChatBox", "chatbox://provider/import?config="),
    "cherry-studio": ("Cherry Studio", "cherrystudio://providers/api-keys?v=1&data="),
}
"""Programs that take their settings by a link, to which a block's JSON is added in Base64: docs.chatboxai.app, Import
Third-Party Provider Configuration; Cherry Studio, src/main/services/protocol/handlers/providersImport.ts (November
2026). Such a link stays on the reader's machine."""
CALL = re.compile(r"^curl \S+/v1/\S+.* -d '\{", re.DOTALL)
"""A call that the page itself can make."""
TAB = re.compile(r"tab=(\S+)")
OPENS = re.compile(r"open=(\S+)")
NOT_IN_ANCHOR = re.compile(r"[^a-z0-9]+")
STACKED = 3
"""Columns from which on a table is wider than a phone."""
FIRST = 16
SECOND = 20
"""Letters that a phone has room for in each of two columns: a line of the first, what is not broken in the second."""
UNBROKEN = 28
"""Letters of code that a line never ends within; what is longer may have to."""
LONG = re.compile(r'(?<=<code class="long">)[^<]+')
JOINT = re.compile(r"(?<=\w)[._](?=[\w{])")
"""Within a long name: where it may go on in the next line."""
UNIT = re.compile(r"[^\s/]+/?")
"""What of long code stands in one line: a command ends lines at its spaces, a path at its slashes."""
BRIEF = 12
"""Letters up to which what begins a row is not broken: Chinese would be, after any."""
HYPHEN = "-"
"""Lines end behind one, unless they are told not to."""
WORD = re.compile(r"[!-~]+")
"""What no line ends within. Chinese has none: its lines end anywhere."""
LATIN = "\u2e80"
"""Letters before this one are half as wide as those after it."""
RANGE = re.compile(r"(?<=\d)–(?=\d)")
AT_BOUND = re.compile(r"(?<=[≤≥]) (?=\d)")
"""Where a line could end within a range of numbers, or between a sign and its number."""
JOINED = "\u2060–\u2060"
NO_BREAK = "\u00a0"
LETTER = re.compile(r"[\u2e80-\uffef]")
ENGLISH = re.compile(r"[A-Za-z]{2,}[,.:;]? [A-Za-z]")
"""Two words: what has them, and no Chinese letter, is English."""
DEEPEST = 3
"""Headings of this level and above are in a page's contents."""


@attrs.frozen
class Heading:
    """A heading below the title."""

    level: int
    text: str
    anchor: str


@attrs.frozen
class Rendered:
    """A page's body. In `html` the texts of `FILLED` stand for what is this reader's."""

    html: str
    headings: tuple[Heading, ...]
    plain: str
    """All words of it, for search."""


def render(text: str, anchors: Sequence[str] = (), *, foreign: bool = False) -> Rendered:
    """HTML of Markdown. Headings take their anchors from `anchors`, in their order, else from their own words.

    Where the text is `foreign`, what is English in it says so: what reads aloud needs to know.
    """
    markdown = _reader()
    tokens = markdown.parse(text)
    headings = tuple(_headings(tokens, anchors))
    words = " ".join(_words(tokens))
    _mark(tokens, headings)
    _label(tokens)
    _keep_numbers(tokens)
    if foreign:
        _name_english(tokens)
    pieces: list[str] = []
    for block in _blocks(tokens):
        if block[0].type == "fence":
            pieces.append(_code(block, len(pieces)))
        else:
            pieces.append(markdown.renderer.render(block, markdown.options, {}))
    body = "".join(pieces).replace("<table", '<div class="scroll" tabindex="0"><table')
    body = LONG.sub(lambda match: jointed(match[0]), body)
    return Rendered(body.replace("</table>", "</table></div>"), headings, words)


def jointed(name: str) -> str:
    """HTML of a name that may end a line between its units, but not within what is filled in."""
    return ROOT.join(UNIT.sub(_unit, part) for part in name.split(ROOT))


def _unit(match: re.Match[str]) -> str:
    """One unit; at its joints lines may end only where it is too long for one."""
    text = match[0]
    after = "<wbr>" * text.endswith("/")
    if len(html.unescape(text)) > UNBROKEN:
        return JOINT.sub(lambda joint: f"{joint[0]}<wbr>", text) + after
    if HYPHEN in text:
        return f'<span class="unit">{text}</span>{after}'
    return text + after


def table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, without the end of its last line."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join(lines)


def words_in(text: str) -> str:
    """All words of Markdown but those in code blocks, for search."""
    return " ".join(_words(_reader().parse(text)))


def _reader() -> MarkdownIt:
    # Imported only here, as the two below: most gateways run for weeks without a reader.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def fill(text: str, values: Mapping[str, str], buttons: Mapping[str, str]) -> str:
    """HTML with what is this reader's, each in an element that the page's script can find (`data-fill="key"`), and with
    the words on its buttons, by what stands for them."""
    for name, word in buttons.items():
        text = text.replace(name, html.escape(word))
    for name, stand_in in FILLED.items():
        shown = html.escape(values.get(name, stand_in))
        text = text.replace(stand_in, f'<span data-fill="{name}">{shown}</span>')
    return text


def fill_plain(text: str, values: dict[str, str]) -> str:
    """Markdown with what is this reader's."""
    for name, stand_in in FILLED.items():
        text = text.replace(stand_in, values.get(name, stand_in))
    return text


def anchor_of(text: str) -> str:
    """A heading's words as an anchor: `How it works` is `how-it-works`."""
    return NOT_IN_ANCHOR.sub("-", text.lower()).strip("-") or "section"


def _headings(tokens: Sequence[MarkdownToken], anchors: Sequence[str]) -> Iterator[Heading]:
    """Raises ValueError where there are not as many as anchors."""
    opened = [number for number, token in enumerate(tokens) if token.type == "heading_open"]
    if anchors and len(anchors) != len(opened):
        raise ValueError(f"{len(opened)} headings where there should be {len(anchors)}")
    taken: set[str] = set()
    for place, number in enumerate(opened):
        text = _text_of(tokens[number + 1])
        anchor = anchor_of(text)
        if anchors:
            anchor = anchors[place]
        while anchor in taken:
            anchor += "-"
        taken.add(anchor)
        yield Heading(int(tokens[number].tag[1:]), text, anchor)


def _mark(tokens: Sequence[MarkdownToken], headings: Sequence[Heading]) -> None:
    """Headings by their anchors, links that lead away, and code that is long."""
    remaining = iter(headings)
    for token in tokens:
        if token.type == "heading_open":
            token.attrSet("id", next(remaining).anchor)
        for child in token.children or ():
            if child.type == "link_open" and str(child.attrGet("href")).startswith("http"):
                child.attrSet("rel", "noreferrer")
            elif child.type == "code_inline" and len(child.content) > UNBROKEN:
                child.attrSet("class", "long")


def _keep_numbers(tokens: Sequence[MarkdownToken]) -> None:
    """Let no line end within a range such as 1–128, nor between ≤ and its number."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "text":
                child.content = AT_BOUND.sub(NO_BREAK, RANGE.sub(JOINED, child.content))


def _name_english(tokens: Sequence[MarkdownToken]) -> None:
    for opening, content in pairwise(tokens):
        if opening.nesting != 1 or content.type != "inline":
            continue
        text = "".join(child.content for child in content.children or () if child.type == "text")
        if ENGLISH.search(text) and not LETTER.search(text):
            opening.attrSet("lang", "en")


def _label(tokens: Sequence[MarkdownToken]) -> None:
    """Class every table, and where it has many columns each cell by its column's head: a phone stacks those."""
    opened = [number for number, token in enumerate(tokens) if token.type == "table_open"]
    for start in opened:
        end = next(number for number in range(start, len(tokens)) if tokens[number].type == "table_close")
        rows = _rows_of(tokens[start:end])
        heads = [_text_of(content) for _, content in rows[0]]
        tokens[start].attrSet("class", "table")
        _keep_brief(rows[1:])
        if len(heads) >= STACKED:
            tokens[start].attrSet("class", "table stacking")
            _label_cells(rows[1:], heads)
        elif _is_wide(rows):
            tokens[start].attrSet("class", "table stacking")


def _label_cells(rows: Iterable[Sequence[Cell]], heads: Sequence[str]) -> None:
    """All but the first of each row, which what is in it tells of by itself."""
    for row in rows:
        for head, (cell, content) in zip(heads[1:], row[1:], strict=True):
            if content.content and head:
                cell.attrSet("data-label", head)


def _keep_brief(rows: Iterable[Sequence[Cell]]) -> None:
    for row in rows:
        cell, content = row[0]
        if LETTER.search(content.content) and _width(_text_of(content)) <= BRIEF:
            cell.attrSet("class", "brief")


def _rows_of(tokens: Sequence[MarkdownToken]) -> list[list[Cell]]:
    """The cells of a table, its heads first."""
    rows: list[list[Cell]] = []
    for number, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append((token, tokens[number + 1]))
    return rows


def _is_wide(rows: Iterable[Sequence[Cell]]) -> bool:
    """Whether two columns do not fit beside each other on a phone."""
    for (_, first), *others in rows:
        if _width(_text_of(first)) > FIRST:
            return True
        if any(max(map(len, _unbroken(second)), default=0) > SECOND for _, second in others):
            return True
    return False


def _width(text: str) -> int:
    """In Latin letters."""
    return sum(1 + (letter >= LATIN) for letter in text)


def _unbroken(inline: MarkdownToken) -> Iterator[str]:
    """Its pieces of code, and its words."""
    for child in inline.children or ():
        if child.type == "code_inline":
            yield child.content
        else:
            yield from WORD.findall(child.content)


def _blocks(tokens: Sequence[MarkdownToken]) -> Iterator[list[MarkdownToken]]:
    """The tokens in runs: all of the tabs that belong together, or what stands between two code blocks."""
    block: list[MarkdownToken] = []
    for token in tokens:
        if block and not _goes_on(block, token):
            yield block
            block = []
        block.append(token)
    if block:
        yield block


def _goes_on(block: Sequence[MarkdownToken], token: MarkdownToken) -> bool:
    if token.type != "fence":
        return block[0].type != "fence"
    return block[0].type == "fence" and bool(TAB.search(token.info) and TAB.search(block[0].info))


def _code(fences: Sequence[MarkdownToken], number: int) -> str:
    """One code block, or several as tabs. Ids are of this page only."""
    panels = []
    tabs = []
    selected = "true"
    hidden = ""
    for place, fence in enumerate(fences):
        name = f"code-{number}-{place}"
        label = TAB.search(fence.info)
        if label:
            tabs.append(
                f'<button type="button" role="tab" id="tab-{name}" aria-controls="panel-{name}" '
                f'aria-selected="{selected}">{html.escape(label[1])}</button>'
            )
        panels.append(f'<div class="code" id="panel-{name}"{hidden}>{_colored(fence, name)}</div>')
        selected = "false"
        hidden = " hidden"
    if not tabs:
        return "".join(panels)
    return f'<div class="tabbed"><div class="tabs" role="tablist">{"".join(tabs)}</div>{"".join(panels)}</div>'


def _colored(fence: MarkdownToken, name: str) -> str:
    from pygments import highlight  # noqa: PLC0415
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415

    language = fence.info.split(" ")[0] or "text"
    shown = highlight(fence.content, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    buttons = f'<button class="button small" type="button" data-copy="{name}">{COPY}</button>'
    if CALL.match(fence.content) and MODEL in fence.content:
        buttons += f'<button class="button small primary docs-run" type="button" data-run="{name}">{RUN}</button>'
        buttons += '<output class="docs-answer"></output>'
    elif opens := OPENS.search(fence.info):
        program, link = PROGRAMS[opens[1]]
        buttons += f'<button class="button small primary docs-run" type="button" data-open="{html.escape(link)}" '
        buttons += f'data-of="{name}">{OPEN} {program}</button><output class="docs-answer"></output>'
    return f'<pre tabindex="0"><code id="{name}" data-language="{language}">{shown}</code></pre>{buttons}'


def _words(tokens: Sequence[MarkdownToken]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield _text_of(token)


def _text_of(inline: MarkdownToken) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
