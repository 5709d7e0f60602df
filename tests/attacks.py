"""Which test holds off which attack of RULES.md's table T: `python -m tests.attacks` prints it.

A test says what it holds off by `@pytest.mark.attack("T-31")`, a module by `pytestmark`. The files are read, not run:
tests of every tier are in the table.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
RULES = TESTS.parent / ".github" / "RULES.md"
ROW = re.compile(r"^\| (T-\d+[a-z]?) \| (.+?) \| ", re.MULTILINE)
OPEN: frozenset[str] = frozenset()
"""Attacks that no test holds off yet."""
WIDTH = 60


def attacks() -> dict[str, str]:
    """Every attack there is: its id, and what is done."""
    return dict(ROW.findall(RULES.read_text()))


def table() -> dict[str, list[str]]:
    """The tests of each attack that has any, as `tests/room/test_file.py::test_name`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        name = path.relative_to(TESTS.parent).as_posix()
        for test, attack in marked(ast.parse(path.read_text())):
            found[attack].append(f"{name}::{test}")
    return found


def marked(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each test of a module that is marked, its own marks and the module's, with an attack."""
    of_all = [attack for node in tree.body if is_pytestmark(node) for attack in marks(node)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            own = [attack for decorator in node.decorator_list for attack in marks(decorator)]
            yield from ((node.name, attack) for attack in dict.fromkeys([*own, *of_all]))


def is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"


def marks(node: ast.AST) -> Iterator[str]:
    """The ids in every `pytest.mark.attack(…)` below a node, in a parameter's `marks` too."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.attack":
            yield from (ast.literal_eval(argument) for argument in call.args)


def main() -> int:
    """Print the table; 1 where an attack that should have a test has none."""
    tests = table()
    for attack, what in attacks().items():
        short = what if len(what) <= WIDTH else what[: WIDTH - 1] + "…"
        print(f"{attack:6} {short}")
        for test in tests.get(attack, ["open" if attack in OPEN else "NO TEST"]):
            print(f"       {test}")
    return int(bool(attacks().keys() - tests.keys() - OPEN))


if __name__ == "__main__":
    sys.exit(main())
