"""Token counts as Anthropic reports them."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from aihub_lite.domain.hosted import Hosted, hosted_of
from aihub_lite.domain.usage import OtherUsage, Usage, count
from aihub_lite.wire.chat.tier import TIER, tier_of
from aihub_lite.wire.chat.upstream_cost import COST, upstream_cost
from aihub_lite.wire.chat.usage import usage_json
from aihub_lite.wire.hosted import SERVER_TOOLS, hosted_in, hosted_usage, says_searches
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at

COUNTS = ("input_tokens", "output_tokens")
ITERATIONS = "iterations"
FELL_BACK = "fallback_message"
"""The type of an iteration in which another model answered what the asked one had declined."""
STATED = (COST, "cost_details", "is_byok")
"""What OpenRouter says of the cost, here as in chat."""
PROMPT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
"""The parts of a prompt. One of them is 0 often, but never all."""


def usage_of(usage: object) -> Usage | None:
    """A `usage` object in OpenAI's convention; None when it counts nothing.

    Anthropic's input leaves cached tokens out, both read and written; OpenAI's has them in. All `iterations` are billed
    (platform.claude.com, "Compaction" and "Advisor tool"), and the counts beside them leave some out: the summary of a
    compaction, and another model's advice, which has that model's price.
    """
    if not isinstance(usage, dict) or all(usage.get(name) is None for name in COUNTS):
        return None
    counts = _counts_of(usage)
    if tier := tier_of(usage.get(TIER), usage.get("speed"), usage.get("inference_geo")):
        counts = attrs.evolve(counts, tier=tier)
    if ITERATIONS in usage:
        counts = _with_iterations(counts, dicts_in(usage[ITERATIONS]))
    if SERVER_TOOLS in usage:
        counts = counts.with_hosted(hosted_in(usage))
    if COST in usage:  # OpenRouter's Messages endpoint says it there too
        counts = attrs.evolve(counts, upstream_cost_nano=upstream_cost(usage))
    return counts


def _counts_of(usage: JsonView) -> Usage:
    read = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    lasting = dict_at(usage, "cache_creation")
    hour = count(lasting.get("ephemeral_1h_input_tokens"))
    written = max(written, hour + count(lasting.get("ephemeral_5m_input_tokens")))
    thinking = dict_at(usage, "output_tokens_details").get("thinking_tokens")
    prompt = count(usage.get("input_tokens")) + read + written
    return Usage.clamped(prompt, usage.get("output_tokens"), read, written, thinking).with_hour(hour)


def _with_iterations(counts: Usage, iterations: Sequence[JsonView]) -> Usage:
    """The sum of the iterations, where that is more than the counts beside them, and those of other models apart.

    Where the asked model declined and another one answered, the counts beside them are that one's, and who declined
    before the first word is not billed (platform.claude.com, "Refusals and fallback").
    """
    fell_back = any(iteration.get("type") == FELL_BACK for iteration in iterations)
    if fell_back:
        iterations = [iteration for iteration in iterations if count(iteration.get("output_tokens"))]
        counts = Usage(tier=counts.tier)
    own = [_counts_of(iteration) for iteration in iterations if not other_model(iteration)]
    others = tuple(
        OtherUsage(model, _counts_of(iteration)) for iteration in iterations if (model := other_model(iteration))
    )
    return attrs.evolve(
        counts,
        prompt_tokens=_larger(counts.prompt_tokens, [usage.prompt_tokens for usage in own]),
        completion_tokens=_larger(counts.completion_tokens, [usage.completion_tokens for usage in own]),
        cache_read_tokens=_larger(counts.cache_read_tokens, [usage.cache_read_tokens for usage in own]),
        cache_write_tokens=_larger(counts.cache_write_tokens, [usage.cache_write_tokens for usage in own]),
        cache_write_1h_tokens=_larger(counts.cache_write_1h_tokens, [usage.cache_write_1h_tokens for usage in own]),
        others=others,
    )


def _larger(beside: int, own: Sequence[int]) -> int:
    return max(beside, sum(own))


def searched(block: JsonView) -> bool:
    """Whether a block is what a search of the web found; one that failed is not billed ("Web search tool")."""
    return block.get("type") == "web_search_tool_result" and isinstance(block.get("content"), list)


def ran(reported: object, searches: int) -> Hosted | None:
    """What ran at Anthropic: as what is `reported` says, else the searches that were seen in an answer."""
    if says_searches(reported):
        return hosted_in(reported)
    return hosted_of({"web_search": searches})


def with_searches(counts: Usage | None, reported: object, searches: int) -> Usage | None:
    """The counts with what ran at Anthropic."""
    if counts is None:
        return None
    return counts.with_hosted(ran(reported, searches))


def other_model(iteration: JsonView) -> str:
    """The model whose price an iteration has; empty: that of the one that was asked, as a `message` may name it."""
    if iteration.get("type") == "message":
        return ""
    return text_at(iteration, "model")


def chat_usage(reported: object, searches: int = 0) -> JsonObject | None:
    """A `usage` object as chat has it, with what else says the cost, and with as many searches as were seen where it
    says nothing of them; those alone where it counts no tokens, and None where there were none."""
    usage = with_searches(usage_of(reported), reported, searches)
    if usage is None or not isinstance(reported, dict):
        return hosted_usage(ran(reported, searches))
    stated = {name: reported[name] for name in STATED if name in reported}
    return {**usage_json(usage), **stated}


def merge(so_far: JsonObject, usage: object) -> None:
    """In place: the last possible count. A stream repeats them cumulatively, so nothing is added.

    Some endpoints like Anthropic's end with zeros, or with nulls, for what they have counted at the start.
    """
    if not isinstance(usage, dict):
        return
    impossible: set[str] = set()
    if not any(count(usage.get(name)) for name in PROMPT):
        impossible.update((*PROMPT, "cache_creation"))
    if not count(usage.get("output_tokens")):
        impossible.add("output_tokens")
    for name, value in usage.items():
        if value is None or (name in impossible and so_far.get(name)):
            continue
        so_far[name] = value
