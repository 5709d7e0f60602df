"""What many upstreams refuse alike."""

from __future__ import annotations

import attrs

from aihub_lite.wire.chat.quirks import ALL_REASONING, ANTHROPIC_HINTS, CACHE_HINTS, Quirks

OPENAI = Quirks(
    drop_inside=ANTHROPIC_HINTS | ALL_REASONING,
    max_completion_tokens_models=("o1", "o3", "o4", "gpt-5"),
    cache_key=True,
    late_system=True,
)
"""Of OpenAI's own models, wherever they run."""
PLAIN = Quirks(drop=CACHE_HINTS, max_tokens_name="max_tokens", developer_role=False)
PLAIN_WITH_TOP_K = attrs.evolve(PLAIN, top_k=True)
LOCAL = Quirks(max_tokens_name="max_tokens", developer_role=False, top_k=True)
DEEPSEEK_AND_KIMI = ("deepseek", "kimi")
"""Thinking, both answer 400 to a message with calls and without `reasoning_content`: api-docs.deepseek.com, "Thinking
Mode", read in November 2026; QuantumNous/new-api#3121 for Kimi."""
