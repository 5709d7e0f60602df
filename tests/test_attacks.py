"""Every attack of RULES.md's table T is held off by a test that says so."""

from __future__ import annotations

import pytest

from tests.attacks import OPEN, attacks, table

pytestmark = pytest.mark.extended


def test_every_attack_has_a_test() -> None:
    assert [] == sorted(attacks().keys() - table().keys() - OPEN)


def test_what_is_open_has_no_test_yet() -> None:
    assert [] == sorted(OPEN & table().keys())


def test_every_mark_names_an_attack_that_there_is() -> None:
    assert [] == sorted(table().keys() - attacks().keys())
