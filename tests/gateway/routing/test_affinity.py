"""Who thought what: the latest thoughts, and nothing that says what they were."""

from __future__ import annotations

from typing import Any

from aihub_lite.gateway.thinkers import Thinkers

HERE, THERE = ("chn_1", "k1"), ("chn_1", "k2")


def detail(signature: str) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": "A secret", "signature": signature, "format": "anthropic-claude-v1"}


def test_only_the_latest_thoughts_are_remembered() -> None:
    thinkers = Thinkers(limit=2)
    for signature in ("a", "b", "a", "c"):
        thinkers.thought(HERE, [detail(signature)])

    assert 2 == len(thinkers)
    assert [True, False, True] == [thinkers.readable(HERE, signature, unknown=False) for signature in "abc"]


def test_a_thought_is_readable_where_it_was_had_and_nowhere_else() -> None:
    thinkers = Thinkers()
    thinkers.thought(HERE, [detail("s"), {"type": "reasoning.encrypted", "data": "d", "format": "anthropic-claude-v1"}])

    for signature in ("s", "d"):
        assert thinkers.readable(HERE, signature, unknown=False)
        assert not thinkers.readable(THERE, signature, unknown=True)
    assert thinkers.readable(THERE, "unheard of", unknown=True)


def test_neither_thoughts_nor_signatures_are_kept() -> None:
    thinkers = Thinkers()
    thinkers.thought(HERE, [detail("signature-of-a-thought")])

    kept = repr(thinkers)
    assert "A secret" not in kept
    assert "signature-of-a-thought" not in kept


def test_a_thought_without_a_signature_is_nobodys() -> None:
    thinkers = Thinkers()
    thinkers.thought(HERE, [{"type": "reasoning.text", "text": "Hm"}])

    assert not thinkers
