"""Every attack of RULES.md's table T is held off by a test that says so."""

from __future__ import annotations

import re

import pytest

from tests.attacks import OPEN, RULES, attacks, table

pytestmark = pytest.mark.extended
ASKED_OTHERWISE = re.compile(r"^\| (T-\d+[a-z]?) \| .+ \| .+ \|$", re.MULTILINE)


def test_every_attack_has_a_test() -> None:
    assert [] == sorted(attacks().keys() - table().keys() - OPEN)


def test_what_is_open_has_no_test_yet() -> None:
    assert [] == sorted(OPEN & table().keys())


def test_every_mark_names_an_attack_that_there_is() -> None:
    assert [] == sorted(table().keys() - attacks().keys())


def test_every_case_from_1_to_74_is_in_the_table() -> None:
    """Its numbers have no gap: a row that is taken out would take its tests' reason along."""
    assert {f"T-{number:02}" for number in range(1, 75)} <= attacks().keys()


def test_what_security_says_is_asked_otherwise_is_a_case_with_a_test() -> None:
    named = ASKED_OTHERWISE.findall(RULES.with_name("SECURITY.md").read_text())
    assert named
    assert [] == sorted(set(named) - table().keys())
