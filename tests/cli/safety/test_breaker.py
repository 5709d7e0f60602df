"""`aihub-lite breaker`: what is printed of findings."""

from __future__ import annotations

import pytest

from aihub_lite.cli.breaker import what_text
from tests.cli.terminal import Terminal


def test_it_says_what_the_breaker_does_and_what_it_found(terminal: Terminal) -> None:
    finished = terminal.run("breaker")
    assert finished.code == 0
    assert "The breaker watches" in finished.stdout
    assert "Nothing was found." in finished.stdout
    assert terminal.run("breaker", "--json").json["findings"] == []


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        ({"kind": "spend", "seen": 5.2, "usual": 1.5, "minutes": 5}, "$5.20 in 5 minutes, usually at most $1.50"),
        ({"kind": "requests", "seen": 1200, "usual": 1000, "minutes": 60}, "1200 requests in 60 minutes"),
        ({"kind": "repeated", "seen": 24, "usual": 0, "minutes": 60}, "the same conversation 24 times"),
    ],
)
def test_a_finding_stands_beside_what_is_usual(finding: dict[str, object], text: str) -> None:
    assert what_text(finding).startswith(text)
