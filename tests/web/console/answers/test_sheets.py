"""A page loads the sheets that its classes are styled in: without them its facts are a list of bare words."""

from __future__ import annotations

import re
from pathlib import Path

from aihub_lite.web.console.assets import FOLDER
from tests.web.access.team import add_person, signed_in
from tests.web.console.answers.test_way_back import addresses
from tests.web.console.visitor import Visitor, at_console

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SELECTORS = re.compile(r"([^{};]+)\{")
ALONE = re.compile(r"(?:[a-z]+)?\.([a-z][\w-]*)")
"""A selector of one class and nothing else: what has the class looks like that wherever it stands."""
USED = re.compile(r'class="([^"]*)"')
HOMONYMS = {"wide", "connect", "panel"}
"""Words that several pages use, each in its own sense."""
SHEET = re.compile(r'<link rel="stylesheet" href="/console/static/\w+/([^"]+)"')


def classes_of(sheet: Path) -> set[str]:
    """Those that a sheet has a rule for."""
    selectors = ",".join(SELECTORS.findall(COMMENT.sub("", sheet.read_text("utf-8"))))
    return {found[1] for each in selectors.split(",") if (found := ALONE.fullmatch(each.strip()))}


def test_every_page_loads_a_sheet_for_each_of_its_classes_that_any_sheet_styles(tmp_path: Path) -> None:
    sheets = {sheet.relative_to(FOLDER).as_posix(): classes_of(sheet) for sheet in FOLDER.rglob("*.css")}
    everywhere = set().union(*sheets.values()) - HOMONYMS
    assert "facts" in everywhere

    async def story(visitor: Visitor) -> None:
        owner = await signed_in(visitor.gateway, await add_person(visitor.gateway, "Ada", "owner"))
        bare = {}
        for route, address in (await addresses(visitor)).items():
            page = (await visitor.get(address, **owner)).text
            loaded = set().union(*[sheets[name] for name in SHEET.findall(page)])
            used = {name for names in USED.findall(page) for name in names.split()}
            if missing := (used & everywhere) - loaded:
                bare[route] = missing
        assert {} == bare

    at_console(tmp_path, story)
