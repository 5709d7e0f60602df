"""What is installed: `uv.lock` is of this pyproject.toml, and licences that come along are listed and permissive."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.licences import BY_NAME, FILE, OURSELVES, ROOT, Lock, licence, permissive, text

LOCK = Lock.read()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
BUILD_REQUIRES = PYPROJECT["build-system"]["requires"]
BUILDERS = [Requirement(line) for line in PYPROJECT["dependency-groups"]["build"]]
REQUIREMENTS = [
    *(("", line) for line in PROJECT["dependencies"]),
    *((extra, line) for extra, lines in PROJECT["optional-dependencies"].items() for line in lines),
]


def asked_for() -> set[tuple[str, str, str]]:
    """Extra, name and versions of each line of pyproject.toml."""
    found = [(extra, Requirement(line)) for extra, line in REQUIREMENTS]
    return {(extra, canonicalize_name(wanted.name), str(wanted.specifier)) for extra, wanted in found}


def locked_for() -> set[tuple[str, str, str]]:
    """The same, as uv.lock was made for."""
    return {
        (extra_of(entry.get("marker", "")), entry["name"], normalised(entry.get("specifier", "")))
        for entry in LOCK.wanted()
    }


def extra_of(marker: str) -> str:
    """`sys_platform != 'win32' and extra == 'test'` is of the extra `test`."""
    _, _, named = marker.partition("extra == '")
    return named.partition("'")[0]


def normalised(specifier: str) -> str:
    return str(Requirement(f"it{specifier}").specifier)


def test_the_lock_is_of_this_project() -> None:
    """`uv lock` writes it anew; the gate installs what stands there."""
    assert asked_for() == locked_for()


@pytest.mark.parametrize(("extra", "line"), REQUIREMENTS)
def test_what_is_locked_is_what_is_asked_for(extra: str, line: str) -> None:
    wanted = Requirement(line)
    assert wanted.specifier.contains(LOCK.packages[canonicalize_name(wanted.name)]["version"]), extra


def test_every_locked_package_has_its_hashes() -> None:
    bare = [
        name
        for name, entry in LOCK.packages.items()
        if "registry" in entry["source"]
        and not all("hash" in file for file in [*entry.get("wheels", []), *filter(None, [entry.get("sdist")])])
    ]
    assert [] == bare


def test_what_builds_it_is_locked() -> None:
    """pip fetches a builder for each build by itself, and asks for no hash."""
    asked = {(canonicalize_name(wanted.name), str(wanted.specifier)) for wanted in BUILDERS}
    by_pip = {(canonicalize_name(each.name), str(each.specifier)) for each in map(Requirement, BUILD_REQUIRES)}
    locked = LOCK.packages[OURSELVES]["metadata"]["requires-dev"]["build"]
    assert by_pip <= asked
    assert asked == {(entry["name"], normalised(entry["specifier"])) for entry in locked}
    for wanted in BUILDERS:
        assert wanted.specifier.contains(LOCK.packages[canonicalize_name(wanted.name)]["version"])


def test_the_gate_installs_what_builds_it_by_hash_and_builds_with_that() -> None:
    before, command, _ = (ROOT / ".ci" / "run").read_text().partition("command_two=$(readme test)")
    _, _, installed = before.partition("what uv.lock says")
    assert command
    assert ["--all-groups", "--require-hashes", "no-build-isolation = false"] == re.findall(
        r"--all-groups|--require-hashes|no-build-isolation = \w+", installed
    )


@pytest.mark.parametrize("name", LOCK.brought())
def test_what_comes_along_has_a_permissive_licence(name: str) -> None:
    """What only another system has (`colorama`) is read there."""
    try:
        terms = licence(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed here")
    assert permissive(terms) or terms == BY_NAME.get(name), terms or "its metadata names no licence"


def test_what_was_looked_at_by_name_still_comes_along() -> None:
    assert BY_NAME.keys() <= LOCK.brought().keys()


def test_the_list_of_licences_is_that_of_this_installation() -> None:
    """Otherwise: `python -m tests.licences > .github/LICENCES.md`."""
    assert text() == FILE.read_text()
