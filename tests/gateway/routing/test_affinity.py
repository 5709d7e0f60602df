"""Who thought what: the latest thoughts, and nothing that says what they were."""

from __future__ import annotations

from typing import Any

from aihub_lite.gateway.routing.affinity import Affinity

HERE, THERE = ("chn_1", "k1"), ("chn_1", "k2")


def detail(signature: str) -> dict[str, Any]:
    return {"type": "reasoning.text", "text": "A secret", "signature": signature, "format": "anthropic-claude-v1"}


def test_only_the_latest_thoughts_are_remembered() -> None:
    affinity = Affinity(limit=2)
    for signature in ("a", "b", "a", "c"):
        affinity.remember(HERE, [detail(signature)])

    assert 2 == len(affinity)
    assert [True, False, True] == [affinity.readable(HERE, signature, unknown=False) for signature in "abc"]


def test_a_thought_is_readable_where_it_was_had_and_nowhere_else() -> None:
    affinity = Affinity()
    affinity.remember(
        HERE, [detail("s"), {"type": "reasoning.encrypted", "data": "d", "format": "anthropic-claude-v1"}]
    )

    for signature in ("s", "d"):
        assert affinity.readable(HERE, signature, unknown=False)
        assert not affinity.readable(THERE, signature, unknown=True)
    assert affinity.readable(THERE, "unheard of", unknown=True)


def test_neither_thoughts_nor_signatures_are_kept() -> None:
    affinity = Affinity()
    affinity.remember(HERE, [detail("signature-of-a-thought")])

    kept = repr(affinity)
    assert "A secret" not in kept
    assert "signature-of-a-thought" not in kept


def test_a_thought_without_a_signature_is_nobodys() -> None:
    affinity = Affinity()
    affinity.remember(HERE, [{"type": "reasoning.text", "text": "Hm"}])

    assert not affinity
