"""Lines carry one thing each: what `.github/CONTRIBUTING.md` says of style, as far as it can be counted."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import aihub_lite

PACKAGE = Path(aihub_lite.__file__).parent
ROOT = PACKAGE.parent
SOURCES = {path.relative_to(ROOT): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
LINES = {path: len(text.splitlines()) for path, text in SOURCES.items()}
SCRIPTS = {path.relative_to(ROOT): path.read_text() for path in sorted(PACKAGE.rglob("*.js"))}
ANY_PER_THOUSAND = 20
RIDDLE = re.compile(
    r"^(It (is|does|has|can)|And |As it is\b|What it is|The way (back|there)|Its own\b|Of course)[^.:;,]{0,30}\.?$"
)
SECTIONS = ("Added", "Changed", "Mended", "For who works on it")
LEFT_OPEN = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


@functools.cache
def trees() -> dict[Path, ast.Module]:
    """Every module as Python reads it: only for whoever asks a test here, as every worker imports this file."""
    return {path: ast.parse(text) for path, text in SOURCES.items()}


def nodes(kind: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of a kind, with its file."""
    for path, tree in trees().items():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, kind))


def ternaries(path: Path) -> list[ast.IfExp]:
    return [node for node in ast.walk(trees()[path]) if isinstance(node, ast.IfExp)]


def test_no_conditional_expression_holds_another() -> None:
    nested = [
        f"{path}:{node.lineno}"
        for path in trees()
        for node in ternaries(path)
        if any(isinstance(inner, ast.IfExp) for inner in ast.walk(node) if inner is not node)
    ]
    assert [] == nested


def test_a_file_has_at_most_one_conditional_expression_in_a_hundred_lines() -> None:
    """A short file may have one."""
    crowded = {str(path): len(ternaries(path)) for path in trees() if len(ternaries(path)) > max(1, LINES[path] // 100)}
    assert {} == crowded


def test_an_assignment_gives_one_value_to_one_name() -> None:
    """`a, b = x, y` is two statements; unpacking what one call returned is one."""
    packed = [
        f"{path}:{node.lineno}"
        for path, node in nodes(ast.Assign)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Tuple)
        and any(isinstance(target, ast.Tuple) for target in node.targets)
    ]
    assert [] == packed[: max(0, len(packed) - sum(LINES.values()) // 1000)]


def test_formats_give_their_json_a_shape() -> None:
    """`Any` hides what a field holds from the reader and from mypy."""
    for room in sorted({path.parent for path in trees() if path.is_relative_to("aihub_lite/wire")}):
        files = [path for path in trees() if path.parent == room]
        lines = sum(LINES[path] for path in files)
        found = sum(
            isinstance(node, ast.Name) and node.id == "Any" for path in files for node in ast.walk(trees()[path])
        )
        assert found * 1000 <= ANY_PER_THOUSAND * lines, room


def test_no_docstring_is_a_riddle() -> None:
    riddles = [
        f"{path}: {node.name}: {text}"
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and RIDDLE.match(text := ast.get_docstring(node) or "")
    ]
    assert [] == riddles


def test_nothing_is_left_to_be_done() -> None:
    """Neither in the code nor in the console's scripts."""
    assert [] == [str(path) for path, text in {**SOURCES, **SCRIPTS}.items() if LEFT_OPEN.search(text)]


def test_each_section_of_the_changelog_stands_once_in_its_order() -> None:
    """`Added` stood there twice, and whoever looked for what is new found half of it."""
    text = (ROOT / ".github" / "CHANGELOG.md").read_text()
    for version in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        sections = re.findall(r"^### (.+)$", version, flags=re.MULTILINE)
        assert [section for section in SECTIONS if section in sections] == sections
