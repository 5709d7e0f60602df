"""The documentation's pages themselves: both languages say the same, and what they show parses."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tomllib
from html import escape
from pathlib import Path

import pytest
import yaml

from aihub_lite.errors import GatewayError, QuotaExhausted
from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.web.console.connect import CLIENTS
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.docs.catalogue import CODE, FOLDER, OPERATOR, Documentation, names_in, read_page, with_code
from aihub_lite.web.docs.markdown import OPEN, PROGRAMS, fill, render
from aihub_lite.web.docs.search import search_index, vocabulary, words_of
from aihub_lite.web.gate import CANONICAL_CHAT as CHAT
from aihub_lite.web.relay.models import ROOT as MODELS
from aihub_lite.web.relay.responses import ROOT as RESPONSES
from tests.web.docs.searched import headings_in, slugs_in, words_in

DOCUMENTATION = Documentation()
ENGLISH = DOCUMENTATION.pages("en", operator=True)
LINK = re.compile(r"\]\((/[^)\s]*)\)")
OURS = re.compile(r"/docs/(?P<slug>(?:operator/)?[a-z-]+)(?:#(?P<anchor>[a-z0-9-]+))?")
ELSEWHERE = ("/console", "/console/key", "/openapi.json")
BLOCKS = [
    pytest.param(match["info"].split(" ")[0], match["code"], id=f"{page.slug}-{number}-{match['info'].split(' ')[0]}")
    for page in ENGLISH.values()
    for number, match in enumerate(CODE.finditer(page.text))
]
every_language = pytest.mark.parametrize("language", ["en", "zh"])
every_page = pytest.mark.parametrize("slug", ENGLISH)


def names_out(text: str) -> str:
    """A page without what programs read: its code and where its links lead."""
    return re.sub(r"`[^`\n]*`|\]\([^)]*\)", "", CODE.sub("", text))


def test_every_language_has_the_same_pages_in_the_same_order() -> None:
    assert [*ENGLISH] == [*DOCUMENTATION.pages("zh", operator=True)]


@every_page
def test_a_page_has_the_same_headings_and_code_in_every_language(slug: str) -> None:
    pages = [DOCUMENTATION.pages(language, operator=True)[slug] for language in ("en", "zh")]
    english, other = ([(heading.level, heading.anchor) for heading in page.rendered.headings] for page in pages)
    assert english == other
    english_code, other_code = ([match[0] for match in CODE.finditer(page.text)] for page in pages)
    assert english_code == other_code
    assert {ENGLISH[slug].section} == {page.section for page in pages}


@every_page
def test_a_page_names_the_same_things_in_every_language(slug: str) -> None:
    english, other = ({*names_in(DOCUMENTATION.pages(each, operator=True)[slug].text)} for each in ("en", "zh"))
    assert english == other


@every_page
def test_the_headings_of_a_page_have_anchors_of_their_own(slug: str) -> None:
    anchors = [heading.anchor for heading in ENGLISH[slug].rendered.headings]
    assert len(anchors) == len(set(anchors))


@every_language
@every_page
def test_every_link_leads_somewhere(language: str, slug: str) -> None:
    # Who may not read a page is led to none of its kind.
    pages = DOCUMENTATION.pages(language, operator=ENGLISH[slug].section == OPERATOR)
    for target in LINK.findall(pages[slug].text):
        ours = OURS.fullmatch(target)
        if ours is None:
            assert target in ELSEWHERE
            continue
        anchors = [heading.anchor for heading in pages[ours["slug"]].rendered.headings]
        assert ours["anchor"] is None or ours["anchor"] in anchors


def test_every_client_that_connect_knows_has_its_page() -> None:
    titles = {page.title for page in ENGLISH.values() if page.section == "clients"}
    text = "\n".join(page.title + page.text for page in ENGLISH.values())
    programs = [client.name for client in CLIENTS if client.kind != "code"]
    assert [] == [name for name in programs if name not in titles]
    assert [] == [client.name for client in CLIENTS if client.name not in text and client.name.lower() not in text]


@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_code_is_taken_by_the_parser_of_its_language(language: str, code: str, tmp_path: Path) -> None:
    if language == "python":
        ast.parse(code)
    elif language == "json":
        json.loads(code)
    elif language == "toml":
        tomllib.loads(code)
    elif language == "yaml":
        yaml.safe_load(code)
    elif language == "text":
        json.loads(code.partition("settings=")[2])
    elif language == "csharp":
        # Its parser comes with all of .NET alone: at least what is opened is closed.
        assert [code.count(opened) for opened in "({["] == [code.count(closed) for closed in ")}]"]
    elif language == "sh":
        subprocess.run(["/bin/sh", "-n"], input=code, text=True, check=True)
    else:
        parse_by_tool(language, code, tmp_path)


def parse_by_tool(language: str, code: str, directory: Path) -> None:
    """Node, Go and Java have parsers of their own."""
    program, arguments, name = {
        "js": ("node", ["--check"], "code.mjs"),
        "go": ("gofmt", ["-e", "-l"], "code.go"),
        "java": ("javac", ["-proc:none", "-Xdiags:compact"], "Hello.java"),
        "ruby": ("ruby", ["-c"], "code.rb"),
    }[language]
    tool = shutil.which(program)
    if tool is None:
        pytest.skip(f"no {program} here")
    path = directory / name
    path.write_text(code)
    done = subprocess.run([tool, *arguments, str(path)], capture_output=True, text=True, check=False)
    if language == "java":
        # Its libraries are not there: what it says of them is no fault of the text.
        assert "expected" not in done.stderr
        assert "illegal" not in done.stderr
        return
    assert (0, "") == (done.returncode, done.stderr)


def codes(kind: type[GatewayError]) -> set[tuple[int, str]]:
    """Status and code of a refusal and all below it in the tree, but for those that are the upstream's own."""
    found = {(kind.status, str(kind.code))}
    return found.union(*map(codes, kind.__subclasses__()))


UNTOLD = {(502, "upstream_rejected"), (501, "invalid_request"), (505, "invalid_request")}
"""An upstream's own refusal, and what no client of ours can meet."""
ROW = re.compile(r"^\| (?P<codes>[^|]+) \| (?P<statuses>[\d、, ]+) \|", re.MULTILINE)


@every_language
def test_the_table_of_errors_has_every_code_and_no_other(language: str) -> None:
    told = {
        (int(status), code)
        for row in ROW.finditer(DOCUMENTATION.pages(language)["errors"].text)
        for status in re.findall(r"\d+", row["statuses"])
        for code in re.findall(r"`(\w+)`", row["codes"])
    }
    assert (codes(GatewayError) - UNTOLD) | {(400, "context_length_exceeded")} == told


@every_language
def test_a_spent_quota_is_shown_in_the_words_of_its_refusal(language: str) -> None:
    blocks = [json.loads(match["code"]) for match in CODE.finditer(DOCUMENTATION.pages(language)["errors"].text)]
    refused = QuotaExhausted(12_345_000, 1_000_000)
    told = [block["error"]["message"] for block in blocks if block["error"]["code"] == refused.code]
    assert [refused.message] == told


@every_language
def test_the_list_of_endpoints_has_every_path_that_is_served(language: str) -> None:
    text = DOCUMENTATION.pages(language)["endpoints"].text
    assert [] == [f"/v1{surface.path}" for surface in PASSED if f"`/v1{surface.path}`" not in text]
    assert [] == [path for path in (CHAT, "/v1/messages", RESPONSES, MODELS, "/v1/key") if f"`{path}`" not in text]


def test_the_index_for_search_is_small_and_knows_every_page() -> None:
    for language in ("en", "zh"):
        index = search_index(DOCUMENTATION.pages(language))
        assert [*DOCUMENTATION.pages("en")] == slugs_in(index)
        assert len(json.dumps(index, ensure_ascii=False).encode()) < 60_000


@every_language
def test_the_index_gives_every_page_its_headings_and_words_back(language: str) -> None:
    pages = DOCUMENTATION.pages(language, operator=True)
    index = search_index(pages)
    assert {slug: {*words_of(page)} for slug, page in pages.items()} == words_in(index)
    headings = {slug: [(each.anchor, each.text) for each in page.rendered.headings] for slug, page in pages.items()}
    assert headings == headings_in(index)


def test_a_word_of_many_pages_is_written_once_and_after_what_it_begins_like() -> None:
    assert "0token #$ 5s $ 1wo #" == vocabulary([["token", "two"], ["tokens"], ["token"]])


def test_the_errors_that_every_endpoint_has_are_found_on_their_own_page_alone() -> None:
    found = words_in(search_index(DOCUMENTATION.pages("en")))
    assert [] == [slug for slug in found if slug != "errors" and "upstream_timeout" in found[slug]]


def test_a_page_without_its_fellow_s_code_is_refused() -> None:
    with pytest.raises(ValueError, match="1 code blocks"):
        with_code("nothing\n", "```sh\ntrue\n```\n")


def test_markup_in_a_page_is_text() -> None:
    assert "<script>" not in render("a <script>alert(1)</script> b\n").html


def test_a_table_of_three_columns_has_the_head_of_its_column_in_every_cell_for_phones() -> None:
    wide = render("| a | b | c |\n|---|---|---|\n| 1 | *2* | |\n").html
    assert '<table class="table stacking">' in wide
    assert '<td>1</td>\n<td data-label="b"><em>2</em></td>\n<td></td>' in wide


def test_a_cell_whose_column_has_no_head_is_not_named_by_one() -> None:
    """A phone would show a colon with nothing before it."""
    assert "<td>3</td>" in render("| a | b | |\n|---|---|---|\n| 1 | 2 | 3 |\n").html


def test_a_few_chinese_letters_that_begin_a_row_stay_in_one_line() -> None:
    html = render("| 角色 | 可以 |\n|---|---|\n| *管理员* | 一切 |\n| 只有令牌密钥的人 | 粘贴 |\n").html
    assert '<td class="brief"><em>管理员</em></td>' in html
    assert "<td>只有令牌密钥的人</td>" in html


def test_long_code_ends_lines_at_spaces_and_slashes_and_at_no_hyphen() -> None:
    html = render("`pip install 'aihub-lite[sso]'  --user` and `/api/admin/settings/openapi.json`\n").html
    assert "pip install <span class=\"unit\">'aihub-lite[sso]'</span>" in html
    assert "/api/<wbr>admin/<wbr>settings/<wbr>openapi.json<" in html


@pytest.mark.parametrize(
    ("cells", "stacks"),
    [
        ("| 1 | 2 |", False),
        ("| `invalid_api_key` | 密钥缺失、写错、被停用或已到期：检查其中是否有空格，或申请新的密钥 |", False),
        ("| 客户端中途离开一个流 | 已转发的部分 |", True),
        ("| `POST` `/v1/embeddings` | tokens |", True),
        ("| `200` | `settings set backup_keep 7` |", True),
    ],
)
def test_a_table_of_two_columns_stacks_on_phones_that_have_no_room_for_both(cells: str, *, stacks: bool) -> None:
    """Its second column was beyond the edge of the window."""
    assert stacks == ("stacking" in render(f"| a | b |\n|---|---|\n{cells}\n").html)


def test_only_code_that_is_too_long_for_a_line_may_go_on_in_the_next_and_at_its_joints() -> None:
    short = "completion_tokens_details.ab"
    html = render(f"`{short}` `{short}c`\n").html
    assert f"<code>{short}</code>" in html
    assert '<code class="long">completion_<wbr>tokens_<wbr>details.<wbr>abc</code>' in html


def test_no_line_ends_within_a_range_of_numbers() -> None:
    """It read as `1–` and, a line on, `128`; words for search stay as they are written."""
    page = render("| a | b |\n|---|---|\n| n | integer, 1–128, ≤ 20 |\n\n`1–2`\n")
    assert "integer, 1\u2060–\u2060128, ≤\u00a020" in page.html
    assert "<code>1–2</code>" in page.html
    assert "integer, 1–128, ≤ 20" in page.plain


@every_language
@pytest.mark.parametrize("slug", DOCUMENTATION.pages("en"))
def test_every_column_of_a_table_for_clients_has_a_head(language: str, slug: str) -> None:
    """Without one, what stood before it in Chinese took three quarters of the width."""
    assert "<th></th>" not in DOCUMENTATION.pages(language)[slug].rendered.html


@every_language
@every_page
def test_no_row_of_refusals_begins_with_its_status(language: str, slug: str) -> None:
    """A phone titles a row by its first cell, and many codes share a status: 400, 400, 400."""
    html = DOCUMENTATION.pages(language, operator=True)[slug].rendered.html
    assert [] == re.findall(r"<tr>\n<td>[345]\d\d</td>\n<td[^>]*><code>", html)


@every_language
def test_the_way_to_show_a_key_is_told_before_all_else_of_it(language: str) -> None:
    """It stood below 25 fields of what a key's own answer has."""
    text = DOCUMENTATION.pages(language)["authentication"].text
    assert text.index("Authorization: Bearer") < text.index("`spent_usd`")
    assert "where-it-goes" == DOCUMENTATION.pages(language)["authentication"].rendered.headings[0].anchor


@every_language
def test_no_advice_wants_the_end_of_a_base_url_that_works_without(language: str) -> None:
    """`it ends in /v1`, said the errors, while the quick start has it work without."""
    catalogue = LANGUAGES[language]
    for told in ("do", "mend"):
        advice = catalogue(f"failure.not_found.{told}")
        assert re.search("with or without `/v1`|带不带 `/v1`", advice)


@every_language
@every_page
def test_no_head_of_a_table_says_what_its_cells_would_lack_on_a_phone(language: str, slug: str) -> None:
    """A phone shows no heads: the method of each endpoint was one."""
    assert "<th><code>" not in DOCUMENTATION.pages(language, operator=True)[slug].rendered.html


def test_english_in_a_foreign_page_says_that_it_is() -> None:
    text = "## Add a key\n\nOne of them.\n\n用 `a b` 表示 One of them\n\n| 甲 | x |\n|---|---|\n| string | or null |\n"
    marked = re.findall(r'<(\w+)[^>]* lang="en"', render(text, foreign=True).html)
    assert (["h2", "p", "td"], False) == (marked, "lang=" in render(text).html)


@every_page
def test_lists_in_chinese_have_chinese_commas(slug: str) -> None:
    """What is put together from parts had those of English: `string, 必填`."""
    text = CODE.sub("", DOCUMENTATION.pages("zh", operator=True)[slug].text)
    mixed = re.compile(r"[\u4e00-\u9fff）][,;] |[,;] [\u4e00-\u9fff]|` ?[,;] `|\d, \d{3} \|")
    assert [] == [match[0] for match in mixed.finditer(text)]


@every_page
def test_chinese_pages_have_the_console_s_words(slug: str) -> None:
    """A model's tokens are Token there and who sells models is 服务商; here they were token and 提供商."""
    text = names_out(DOCUMENTATION.pages("zh", operator=True)[slug].text)
    other = re.compile(r"提供商|(?<=[\u4e00-\u9fff，。（、|] )token\b|\btoken(?= ?[\u4e00-\u9fff])")
    assert [] == [match[0] for match in other.finditer(text)]


def test_blocks_that_say_tab_are_one_block_with_tabs() -> None:
    text = "```sh tab=curl\ntrue\n```\n\n```python tab=Python\npass\n```\n\n```sh\nfalse\n```\n"
    html = render(text).html
    assert (1, 2, 3) == (html.count('role="tablist"'), html.count('role="tab"'), html.count('class="code"'))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_s_settings_have_a_button_that_opens_it_with_them(program: str) -> None:
    name, link = PROGRAMS[program]
    html = fill(render(f"```json open={program}\n{{}}\n```\n").html, {}, {OPEN: "Open in"})
    assert f'data-open="{escape(link)}"' in html
    assert f">Open in {name}</button>" in html


def test_every_program_that_is_opened_by_a_link_has_its_settings_on_its_page() -> None:
    assert {*PROGRAMS} == {
        slug for slug, page in ENGLISH.items() if f"```json open={slug}\n" in page.text and slug in PROGRAMS
    }


def test_a_file_says_what_it_is_in_its_front_matter() -> None:
    page = read_page(FOLDER / "en" / "quick-start.md", "en")
    assert ("quick-start", "Quick start", "start", 1) == (page.slug, page.title, page.section, page.place)
