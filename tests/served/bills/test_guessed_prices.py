"""A model at a reseller, whose own prices nobody knows, costs what its maker asks, and says that this is a guess."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.terminal import Terminal
from tests.support.gateway import Gateway
from tests.support.upstream.scripted import Upstream

CLAUDE = "claude-sonnet-4-5"


@pytest.fixture
def reseller(gateway: Gateway) -> Iterator[Upstream]:
    """Claude behind an `openai` channel; the settings are put back afterwards."""
    with Upstream() as upstream:
        gateway.add_channel(upstream.url, name="Reseller", models=[CLAUDE])
        yield upstream
    assert 200 == gateway.admin("DELETE", "/channels/Reseller").status
    assert 200 == gateway.admin("PATCH", "/settings", {"guess_prices": None}).status


def test_a_guessed_price_is_billed(gateway: Gateway, reseller: Upstream) -> None:
    assert 200 == gateway.chat(CLAUDE).status
    (record,) = gateway.books.records(CLAUDE)
    assert 0 < record.cost_nano


def test_a_guessed_price_ends_a_quota(gateway: Gateway, reseller: Upstream) -> None:
    key = gateway.add_token(quota="0.000001")
    assert 402 == gateway.chat(CLAUDE, key=key).status


def test_a_guess_is_marked_wherever_the_price_is_shown(gateway: Gateway, reseller: Upstream) -> None:
    (price,) = gateway.admin("GET", f"/prices?model={CLAUDE}").json()["prices"]
    assert (True, False) == (price["guessed"], price["unpriced"])
    assert price["source"].endswith(", guessed")


def test_without_guesses_the_model_is_unpriced(gateway: Gateway, reseller: Upstream) -> None:
    assert 200 == gateway.admin("PATCH", "/settings", {"guess_prices": "off"}).status
    answer = gateway.chat(CLAUDE, key=gateway.add_token(quota="1"))
    assert (403, "model_unpriced") == (answer.status, answer.error["code"])


def test_a_guess_can_be_made_ones_own(
    gateway: Gateway, reseller: Upstream, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (guessed,) = gateway.admin("GET", f"/prices?model={CLAUDE}").json()["prices"]
    said = Terminal(gateway.home.directory, capsys, monkeypatch).ok("price", "adopt", CLAUDE).stdout
    (own,) = gateway.admin("GET", f"/prices?model={CLAUDE}").json()["prices"]
    assert CLAUDE in said
    assert ("operator", False) == (own["source"], own["guessed"])
    assert (guessed["input"], guessed["output"], guessed["cache_read"]) == (
        own["input"],
        own["output"],
        own["cache_read"],
    )
    assert 200 == gateway.admin("DELETE", f"/prices/{CLAUDE}").status
