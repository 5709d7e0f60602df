"""How many tokens an upstream says that a text has, over how many it comes to by our own count: its *drift*.

What is compared is the visible part of the completion: what is reported as written, without the reasoning that is
reported apart, over the text that was passed on (`wire/written.py`). Prompts are not compared, and so neither are
totals. What a provider puts before a prompt is legitimate: the words by which it explains tools, its own instructions,
pages that it found, pictures, what it keeps of earlier turns. In recorded traffic eight providers report a median
prompt as 1.5 to 3.6 times as long, and every one its median text as 0.8 to 1.15 times: `python -m
tests.gateway.adapters.recorded.drifts` prints the table.

No drift is recorded where a count says nothing of honesty:

* the upstream reported no usage, or the answer was not passed on to its end;
* the text is shorter than LEAST_TOKENS, where a few tokens around it weigh as much, or in a script without a count;
* there is more to the answer than its text: calls, searches, citations, pictures, sound, tokens of another model;
* the model thought, or may have, and its upstream does not say how many tokens that took.

So an upstream that counts too much in prompts, or in reasoning that nobody sees, has no drift for that. One that
multiplies what it reports has it in every answer.
"""

from __future__ import annotations

import functools
import re

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.anthropic.models import claude_model
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.json_types import JsonView, dicts_in
from aihub_lite.wire.written import Written

LEAST_TOKENS = 64
"""Tokens of text, by our own count."""
ASKS_TO_THINK = frozenset({"reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget"})
ASKS_FOR_MORE = frozenset({"web_search_options", "search_parameters", "plugins", "prediction"})
CLIENTS_OWN = ("function", "custom")
"""Types of tools that run at the client."""
THINKERS = re.compile(
    r"think|reason|\bo[134]\b|gpt-?[5-9]|gpt-oss|codex|gemini-(?:2\.5|[3-9]|flash|pro)|gemma-[4-9]"
    r"|grok-(?:3-mini|[4-9]|code)|\br1\b|qwq|qwen-?3|magistral|minimax-m|kimi-k2\.|glm-?(?:4\.[5-9]|[5-9]|z1)"
    r"|deepseek-v(?:3\.[1-9]|[4-9])|deep-?research|nemotron|ernie-x|hunyuan|doubao|seed|mimo|longcat|step-?3|phi-4-"
)
"""Parts of names of models that think unasked, or may, in November 2026. Where one reports no reasoning, its upstream
may count it and not name it: Google's compatible endpoint does. A name too many loses figures, one too few accuses."""


def drift_of(usage: Usage, written: Written | None, chat: ChatRequest | None, upstream_model: str) -> float | None:
    """Of an answer with the usage that its upstream reported; None where the two cannot be compared."""
    if written is None or written.other or chat is None:
        return None
    own = written.tokens(claude_model(upstream_model).prose_times)
    if own is None or own < LEAST_TOKENS:
        return None
    if usage.modal is not None or usage.others:
        return None
    if not usage.reasoning_tokens and _may_have_thought(written, upstream_model, chat.body):
        return None
    if _asks_for_more(chat.body):
        return None
    reported = usage.completion_tokens - usage.reasoning_tokens
    if reported <= 0:
        return None
    return round(reported / own, 2)


def _may_have_thought(written: Written, upstream_model: str, body: JsonView) -> bool:
    """Whether a model that reports no reasoning has thought, or may have without a word of it."""
    if written.thought or written.shows_thought:
        return written.thought
    if _thinks_unasked(upstream_model):
        return True
    return any(body[name] not in (None, "none") for name in ASKS_TO_THINK.intersection(body))


def _asks_for_more(body: JsonView) -> bool:
    """Whether an upstream may have written what nobody sees, for tools of its own or a text that did not come true."""
    if not ASKS_FOR_MORE.isdisjoint(body):
        return True
    if "tools" not in body:
        return False
    return any(tool.get("type", "function") not in CLIENTS_OWN for tool in dicts_in(body.get("tools")))


@functools.lru_cache(maxsize=1024)
def _thinks_unasked(upstream_model: str) -> bool:
    return THINKERS.search(upstream_model.lower()) is not None
