"""The sentinel finds every kind of leak, and none where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import leaks
from tests.support.canaries import PROMPT_CANARY
from tests.support.gateway import running
from tests.support.leaks import leak_sentinel
from tests.support.tests import standin_home


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "REST_WITHIN", 0.1)


def watch(parent: Path, fault: str) -> None:
    with running(standin_home(parent, STANDIN_FAULT=fault)) as gateway, leak_sentinel(gateway):
        gateway.admin("GET", "/anything")


def test_nothing_is_found_where_nothing_leaks(tmp_path: Path) -> None:
    watch(tmp_path, "")


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        ("fds", "descriptors left open"),
        ("tasks", "7 tasks, 3 at rest"),
        ("in_flight", "'in_flight': 1"),
        ("hold", "r1"),
        ("books", "'booked': 5"),
        ("log", "sk-standin-secret"),
        ("traceback", "oops"),
        ("privacy", f"{PROMPT_CANARY} in x.db"),
    ],
)
def test_every_kind_of_leak_is_found(tmp_path: Path, fault: str, finding: str) -> None:
    with pytest.raises(AssertionError) as caught:
        watch(tmp_path, fault)
    assert finding in str(caught.value)


def test_records_have_their_columns_and_attempts(tmp_path: Path) -> None:
    with running(standin_home(tmp_path)) as gateway:
        (record,) = gateway.books.records("m")
        assert (2, "a", 2) == (record.charge_nano, record.tries[0]["channel"], len(gateway.books.records()))
