"""What an installation brings, and under which licences: `python -m tests.licences > .github/LICENCES.md` writes it.

`uv.lock` says what comes with what, for every system; the licence of a package is read from its own metadata where it
is installed. What only tests need is in no table: nobody who runs a gateway has it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).parent.parent
FILE = ROOT / ".github" / "LICENCES.md"
OURSELVES = "aihub-lite"
FOR_TESTS = "test"
GATEWAY = "every installation"
PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0", "Unlicense"}
)
BY_NAME = {
    # Files of its own stay open where they are changed; they are used as they come.
    "certifi": "MPL-2.0",
    # Its metadata is silent; the file LICENSE in its wheel is not.
    "pyrage": "MIT",
}
"""Looked at one by one, with what was found there."""
WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
}
"""Names that packages give to licences, as SPDX has them."""
HEAD = """# Licences

What comes along, by `uv.lock` and by what each package says of itself. aihub-lite itself: MIT.
Written by `python -m tests.licences`; a test holds that it is complete, and that each licence is a permissive one.

| package | versions | comes with | licence |
|---|---|---|---|
"""
ROW = re.compile(r"^\| `(.+?)` \| .+ \| (.+?) \|$", re.MULTILINE)

Entry = Mapping[str, Any]
"""A package of `uv.lock`."""


@attrs.frozen
class Lock:
    """`uv.lock`, by the names of packages."""

    packages: Mapping[str, Entry]

    @classmethod
    def read(cls) -> Lock:
        found = tomllib.loads((ROOT / "uv.lock").read_text())
        return cls({entry["name"]: entry for entry in found["package"]})

    def wanted(self) -> list[Entry]:
        """What pyproject.toml asks for, as the lock has it: name, specifier, marker."""
        wanted: list[Entry] = self.packages[OURSELVES]["metadata"]["requires-dist"]
        return wanted

    def ranges(self) -> dict[str, str]:
        """Versions of what is asked for here, and not for tests alone."""
        ours = [entry for entry in self.wanted() if f"'{FOR_TESTS}'" not in entry.get("marker", "")]
        return {entry["name"]: entry["specifier"] for entry in ours}

    def askers(self, name: str) -> set[str]:
        """Packages that need another."""
        return {
            asker
            for asker, entry in self.packages.items()
            for part in [entry.get("dependencies", []), *entry.get("optional-dependencies", {}).values()]
            if name in [needed["name"] for needed in part]
        }

    def extras(self) -> list[str]:
        """Extras that people install."""
        return [extra for extra in self.packages[OURSELVES]["optional-dependencies"] if extra != FOR_TESTS]

    def reached(self, dependencies: list[Entry]) -> set[str]:
        """All that comes with some dependencies, and with those of theirs, on any system."""
        found: set[str] = set()
        waiting = [(entry["name"], "") for entry in dependencies]
        waiting += [(entry["name"], extra) for entry in dependencies for extra in entry.get("extra", ())]
        seen: set[tuple[str, str]] = set()
        while waiting:
            name, extra = waiting.pop()
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found.add(name)
            for entry in self._asked_by(name, extra):
                waiting.append((entry["name"], ""))
                waiting += [(entry["name"], part) for part in entry.get("extra", ())]
        return found

    def _asked_by(self, name: str, extra: str) -> list[Entry]:
        entry = self.packages[name]
        if extra:
            return list(entry.get("optional-dependencies", {}).get(extra, ()))
        return list(entry.get("dependencies", ()))

    def brought(self) -> dict[str, list[str]]:
        """Each package that an installation may have: with which extras it comes, or with all of them."""
        ourselves = self.packages[OURSELVES]
        found: dict[str, list[str]] = {name: [GATEWAY] for name in self.reached(ourselves["dependencies"])}
        more: dict[str, list[str]] = defaultdict(list)
        for extra in self.extras():
            for name in self.reached(ourselves["optional-dependencies"][extra]) - found.keys():
                more[name].append(f"`[{extra}]`")
        return dict(sorted({**found, **more}.items()))


def licence(name: str) -> str:
    """A package's licence in SPDX's words, empty where it does not say; raises PackageNotFoundError."""
    metadata = distribution(name).metadata
    fields = [*metadata.get_all("License-Expression", []), *metadata.get_all("License", [])]
    said = "".join(fields[:1]).partition("\n")[0].strip()
    said = WORDS.get(said, said)
    if permissive(said):
        return said
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier", []) if "License ::" in line]
    known = {WORDS[words] for words in classifiers if words in WORDS}
    return " OR ".join(sorted(known)) or said or BY_NAME.get(name, "")


def permissive(expression: str) -> bool:
    return set(parts(expression)) <= PERMISSIVE


def parts(expression: str) -> list[str]:
    """The licences that an expression names."""
    return re.split(r" (?:AND|OR) ", expression.strip("()"))


def rows(lock: Lock) -> Iterator[tuple[str, str]]:
    """A line for each package that is installed here, as the file has it; the others have theirs from elsewhere."""
    kept = dict(written())
    ranges = lock.ranges()
    brought = lock.brought()
    for name, comes_with in brought.items():
        versions = ranges.get(name) or "as asked for by " + ", ".join(sorted(lock.askers(name) & brought.keys()))
        try:
            terms = licence(name)
        except PackageNotFoundError:
            terms = kept.get(name, "")
        if terms:
            yield name, f"| `{name}` | {versions} | {', '.join(comes_with)} | {terms} |"


def written() -> list[tuple[str, str]]:
    """Name and licence of each row of the file, as it stands."""
    if not FILE.exists():
        return []
    return ROW.findall(FILE.read_text())


def text() -> str:
    """The whole file."""
    return HEAD + "".join(f"{row}\n" for _, row in rows(Lock.read()))


if __name__ == "__main__":
    sys.stdout.write(text())
