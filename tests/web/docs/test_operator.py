"""The operator's pages: administrators' alone, and what they and README name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

import aihub_lite
from aihub_lite.cli import program
from aihub_lite.config import LIVE, REASONS, unknown_variables, variable_of
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.web.docs.catalogue import CODE, OPERATOR, Documentation, names_in
from tests.web.access.team import add_person, signed_in
from tests.web.console.visitor import Visitor, at_console

ROOT = Path(aihub_lite.__file__).parent.parent
DOCUMENTATION = Documentation()
PAGES = {slug: page for slug, page in DOCUMENTATION.pages("en", operator=True).items() if page.section == OPERATOR}
MARKDOWN = ("README.md", ".github/CHANGELOG.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md", ".github/RULES.md")
README = (ROOT / "README.md").read_text("utf-8")
COMMAND = re.compile(r"^(?:[A-Z_]+=\S+ )*aihub-lite ((?:\\\n|[^\n#])*)", re.MULTILINE)
"""A command in a block, over several lines where they end so, without the remark behind it."""
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
VARIABLE = re.compile(r"AIHUB_[A-Z_]+")
LONGEST_README = 400
ANSWERED = {"admin": 200, "member": 403}
every_language = pytest.mark.parametrize("language", ["en", "zh"])


def commands() -> Iterator[str]:
    """Every command of README and of the operator's pages, as it would be typed."""
    for text in (README, *(page.text for page in PAGES.values())):
        for block in CODE.finditer(text):
            yield from (" ".join(text.replace("\\\n", " ").split()) for text in COMMAND.findall(block["code"]))
        yield from (name.removeprefix("aihub-lite ") for name in names_in(text) if name.startswith("aihub-lite "))


@cache
def all_commands() -> Any:
    return typer.main.get_command(program())


@pytest.mark.parametrize("text", dict.fromkeys(commands()))
def test_every_command_that_is_named_is_there_with_its_options(text: str) -> None:
    command = all_commands()
    words = re.split(r"[\s|]+", text)
    while words and words[0] in getattr(command, "commands", ()):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), f"{words[:1]} is no command of {command.name}"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert [] == [option for option in OPTION.findall(text) if option not in known]


def test_every_variable_that_is_named_is_read_by_something() -> None:
    text = "\n".join([README, *(page.text for page in PAGES.values())])
    named = dict.fromkeys({*VARIABLE.findall(text)}, "")
    assert len(named) > 50
    assert [] == [*unknown_variables(named)]


@every_language
def test_every_setting_stands_in_the_table_with_its_reason(language: str) -> None:
    text = DOCUMENTATION.pages(language, operator=True)["operator/settings"].text
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `AIHUB_")}
    missing = [name for name, reason in REASONS.items() if reason not in rows.get(variable_of(name), "")]
    assert [] == missing
    for name in ("rpm", "port"):
        assert (name in LIVE) == ("yes" in rows[variable_of(name)] or "是" in rows[variable_of(name)])


@every_language
@pytest.mark.parametrize("slug", PAGES)
def test_every_column_of_their_tables_has_a_head(slug: str, language: str) -> None:
    """Phones show each cell below its column's head."""
    text = DOCUMENTATION.pages(language, operator=True)[slug].text
    heads = re.findall(r"^(\|.*\|)\n\|---", text, re.MULTILINE)
    assert [] == [head for head in heads if re.search(r"\| *\|", head)]


@every_language
def test_every_provider_is_named_with_the_variable_of_its_key(language: str) -> None:
    names = {*names_in(DOCUMENTATION.pages(language, operator=True)["operator/providers"].text)}
    assert [] == [name for name in PROVIDERS if name not in names]
    assert [] == [row.env for row in PROVIDERS.values() if row.env and row.env not in names]


def test_every_example_that_a_page_names_is_there() -> None:
    named = {name for page in PAGES.values() for name in re.findall(r"examples/[\w.-]+", page.text)}
    assert "examples/gateway.toml" in named
    assert [] == [name for name in sorted(named) if not (ROOT / name).exists()]


def test_readme_is_a_short_way_in_and_leads_to_every_one_of_them() -> None:
    assert len(README.splitlines()) <= LONGEST_README
    files = [f"aihub_lite/web/docs/pages/en/{slug}.md" for slug in PAGES]
    assert [] == [name for name in files if f"({name})" not in README]


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_link_between_files_leads_to_a_file_and_a_heading(name: str) -> None:
    folder = (ROOT / name).parent
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", (ROOT / name).read_text("utf-8")):
        path = ROOT / name
        if target:
            path = folder / target
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in anchors, f"{target}#{anchor}"


def test_administrators_alone_read_them_and_are_led_there(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        first = next(iter(PAGES))
        assert f'href="/docs/{first}"' not in await visitor.page("/docs/quick-start")
        asked = await visitor.get(f"/docs/{first}")
        assert (303, f"/console/sign-in?then=/docs/{first}") == (asked.status_code, asked.headers["location"])
        for role, status in ANSWERED.items():
            headers = await signed_in(visitor.gateway, await add_person(visitor.gateway, role, role))  # type: ignore[arg-type]
            for slug in PAGES:
                assert status == (await visitor.get(f"/docs/{slug}", **headers)).status_code
            visitor.http.cookies.clear()
        await visitor.sign_in()
        assert f'href="/docs/{first}"' in await visitor.page("/docs/quick-start")
        led = await visitor.get("/docs/operator")
        assert (303, f"/docs/{first}") == (led.status_code, led.headers["location"])
        assert 404 == (await visitor.get("/docs/operator/nothing")).status_code

    at_console(tmp_path, story)


def test_a_member_s_search_and_contents_for_programs_do_not_know_them(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        member = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Max"))
        for path in ("/docs/search.json", "/docs/llms.txt"):
            assert "operator/money" not in (await visitor.get(path, **member)).text
        await visitor.sign_in()
        for path in ("/docs/search.json", "/docs/llms.txt"):
            assert "operator/money" in (await visitor.get(path)).text

    at_console(tmp_path, story)


def test_a_program_reads_one_as_markdown_with_this_gateway_s_address(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        answer = await visitor.get("/docs/operator/operation.md")
        assert answer.text.startswith("# Day to day\n")
        assert "`http://gateway/console`" in answer.text

    at_console(tmp_path, story)


def test_no_page_of_them_is_above_a_hundred_kilobytes(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        for language in ("en", "zh-CN"):
            sizes = [len((await visitor.page(f"/docs/{slug}", accept_language=language)).encode()) for slug in PAGES]
            assert max(sizes) < 100_000

    at_console(tmp_path, story)
