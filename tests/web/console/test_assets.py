"""The style sheets, scripts and icons of the console: every one of them, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest

from aihub_lite.web.console.assets import ASSETS, DIGEST, FOLDER, asset_url
from aihub_lite.web.console.pages import FOLDER as TEMPLATES
from tests.web.console.visitor import Visitor, at_console

IMPORTS = re.compile(r"""(?:from|^import|\bimport\()\s*"(\.[^"]+)\"""", re.MULTILINE)
ASSET = re.compile(r"""["']([\w/-]+\.(?:css|js|svg))["']""")


def test_every_file_is_served_with_its_type_and_kept_for_a_year(tmp_path: Path) -> None:
    types = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

    async def story(visitor: Visitor) -> None:
        for path, content in ASSETS.items():
            answer = await visitor.http.get(asset_url(path))
            assert (200, content) == (answer.status_code, answer.content)
            assert types[Path(path).suffix] == answer.headers["content-type"].partition(";")[0]
            assert "public, max-age=31536000, immutable" == answer.headers["cache-control"]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/..",
        "/../assets.py",
        "/../../assets.py",
        "/..%2fassets.py",
        "/%2e%2e/assets.py",
        "/%2e%2e%2fassets.py",
        "/..\\assets.py",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/nothing.css",
    ],
)
def test_a_path_outside_the_known_files_is_not_found(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        answer = await visitor.http.get(f"/console/static/{DIGEST}{path}")
        assert (404, "not_found") == (answer.status_code, answer.json()["error"]["code"])

    at_console(tmp_path, story)


def test_a_file_under_another_digest_is_not_found(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        path = next(iter(ASSETS))
        for digest in ("x", "0" * 12, DIGEST.upper()):
            assert 404 == (await visitor.http.get(f"/console/static/{digest}/{path}")).status_code

    at_console(tmp_path, story)


def test_every_import_of_a_script_leads_to_a_file() -> None:
    imports = [
        (path, normpath(join(dirname(path), target)))
        for path, content in ASSETS.items()
        if path.endswith(".js")
        for target in IMPORTS.findall(content.decode())
    ]
    assert len(imports) > 20
    assert [] == [(path, target) for path, target in imports if target not in ASSETS]


def test_every_file_is_used_by_a_page_or_a_script() -> None:
    named = {name for path in TEMPLATES.rglob("*.html") for name in ASSET.findall(path.read_text())}
    imported = {
        normpath(join(dirname(path), target))
        for path, content in ASSETS.items()
        for target in IMPORTS.findall(content.decode())
    }
    assert named | imported == set(ASSETS)


def test_every_file_in_the_folder_is_read() -> None:
    assert set(ASSETS) == {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}


def test_every_size_and_colour_that_a_style_sheet_names_is_one_of_the_theme() -> None:
    """The pages of routes named a space that there is not, and stood without any."""
    sheets = {path: content.decode() for path, content in ASSETS.items() if path.endswith(".css")}
    known = set(re.findall(r"(--[\w-]+):", "".join(sheets.values())))
    unknown = {path: set(re.findall(r"var\((--[\w-]+)", text)) - known for path, text in sheets.items()}
    assert {} == {path: names for path, names in unknown.items() if names}
