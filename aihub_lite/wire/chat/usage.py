"""Token counts as OpenAI-compatible upstreams report them, and as they are sent on."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.modality import MODALITIES, Modal
from aihub_lite.domain.usage import MAX_TOKENS, OtherUsage, Usage, count, credible
from aihub_lite.wire.chat.shapes import TokenDetails, UsageCounts
from aihub_lite.wire.chat.tier import TIER, at_tier, traffic_tier
from aihub_lite.wire.chat.upstream_cost import COST, TICKS, upstream_cost
from aihub_lite.wire.hosted import FIELDS as HOSTED
from aihub_lite.wire.hosted import hosted_in, server_tools
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at

PROMPT = ("prompt_tokens", "input_tokens")
COMPLETION = ("completion_tokens", "output_tokens")
PLAIN = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
"""Fields of a `usage` that has no details, which needs no further look."""
PROMPT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
COMPLETION_DETAILS = ("completion_tokens_details", "output_tokens_details", "output_token_details")
"""Of chat, of images, of transcriptions."""
CACHED_DETAILS = "cached_tokens_details"
"""Inside those of the prompt, where OpenAI's realtime models tell them apart."""
CACHE_READ = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_tokens")
"""In the details: OpenAI, Groq, Mistral; at the top: DeepSeek (`prompt_cache_hit_tokens`), Hugging Face and Moonshot
(`cached_tokens`). Mistral's `num_cached_tokens` is left out: it comes from the time before cached tokens were billed
at a rate of their own, and genai-prices does not count it either."""
CACHE_WRITE = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")
HOUR = "cache_write_1h_tokens"
"""In the details: of those written to a cache, how many for an hour. Our own name: nobody else has one."""
OTHERS = "other_models"
"""What other models counted for the answer, each an object with its `model` and the fields of a usage. Our own name."""
VERTEX = "extra_properties"
"""Where Vertex' endpoint after OpenAI's says which traffic an answer was, at `google.traffic_type`."""
REASONING = ("reasoning_tokens",)
MISCOUNTED = 1
"""By how many tokens reasoning may exceed the completion that it is part of: OpenRouter, which documents that it is,
says 11 of an answer that was cut at 10."""


def usage_of(usage: object) -> Usage | None:
    """Any chat `usage` object, made sane; None when it says nothing that can be billed, so that it is estimated."""
    if not isinstance(usage, dict):  # decoded JSON; looking for any Mapping costs ten times as much
        return None
    counts = _counts_of(usage)
    if TIER in usage:
        counts = at_tier(counts, usage[TIER])
    elif VERTEX in usage:
        counts = at_tier(counts, traffic_tier(dict_at(dict_at(usage, VERTEX), "google").get("traffic_type")))
    if counts is not None and OTHERS in usage:
        counts = attrs.evolve(counts, others=_others_in(usage[OTHERS]))
    if counts is not None and not HOSTED.isdisjoint(usage):
        counts = counts.with_hosted(hosted_in(usage))
    if COST in usage or TICKS in usage:
        return _with_cost(counts, upstream_cost(usage))
    return counts


def _with_cost(counts: Usage | None, cost: int | None) -> Usage | None:
    """The same with what the upstream says that it cost, even where it counts nothing."""
    if cost is None:
        return counts
    return attrs.evolve(counts or Usage(), upstream_cost_nano=cost)


def _others_in(listed: object) -> tuple[OtherUsage, ...]:
    """What other models counted, as `usage_json` lists it."""
    others = ((text_at(other, "model"), _counts_of(other)) for other in dicts_in(listed))
    return tuple(OtherUsage(model, counts) for model, counts in others if counts is not None)


def _counts_of(usage: JsonView) -> Usage | None:
    prompt = _first(usage, PROMPT)
    completion = _first(usage, COMPLETION)
    if prompt is None and completion is None:
        return None
    total = _total(usage)
    if usage.keys() <= PLAIN:
        # As most upstreams have it: nothing is left out, and nothing to be cut.
        if type(prompt) is int and type(completion) is int and prompt + completion == total:
            return Usage(prompt, completion)
        return Usage.clamped(*_parts(prompt, completion, total))
    prompt_details = _details(usage, PROMPT_DETAILS)
    completion_details = _details(usage, COMPLETION_DETAILS)
    read = _first(prompt_details, CACHE_READ) or _first(usage, CACHE_READ)
    written = _first(prompt_details, CACHE_WRITE) or _first(usage, CACHE_WRITE)
    reasoning = _first(completion_details, REASONING) or _first(usage, REASONING)
    parts = _parts(prompt, completion, total, count(reasoning), count(read) + count(written))
    counts = Usage.clamped(*parts, read, written, reasoning)
    if "cache_creation" in usage or HOUR in prompt_details:  # resellers of Claude pass Anthropic's own name on
        hour = dict_at(usage, "cache_creation").get("ephemeral_1h_input_tokens") or prompt_details.get(HOUR)
        counts = counts.with_hour(count(hour))
    if _mixed(prompt_details) or _mixed(completion_details):
        return counts.with_modal(_modal(prompt_details, completion_details))
    return counts


def _parts(
    prompt: int | float | None, completion: int | float | None, total: int, reasoning: int = 0, cached: int = 0
) -> tuple[int, int]:
    """The whole prompt and all that was written, whatever an upstream leaves out of either.

    xAI counts reasoning beside `completion_tokens` and into the total (docs.x.ai, "Consumption"), Google's compatible
    endpoint has thoughts in the total alone, and Vercel's gateway leaves them out of both, as its `cost` proves.
    A total that is larger by just the cached tokens is that of a prompt without them (Bedrock's).
    """
    given = count(prompt)
    written = count(completion)
    if prompt is None:
        return max(total - written, 0), written
    if completion is None:
        return given, max(total - given, 0)
    beyond = max(total - given - written, 0)
    if beyond and beyond == cached and beyond != reasoning:
        return given + cached, written
    if reasoning > written + MISCOUNTED:
        beyond = max(beyond, reasoning)
    return given, written + beyond


def _total(usage: JsonView) -> int:
    """0 where it is none, or so large that it would only make a bill of nonsense."""
    total = usage.get("total_tokens")
    if type(total) is int and 0 < total <= MAX_TOKENS:
        return total
    return 0


def usage_json(usage: Usage) -> UsageCounts:
    """The `usage` object clients get: OpenAI's three counts and their details.

    Pictures and films are told apart from text by the names that OpenRouter and Azure have for them.
    """
    prompt_details: TokenDetails = {"cached_tokens": usage.cache_read_tokens}
    if usage.cache_write_tokens:
        prompt_details["cache_write_tokens"] = usage.cache_write_tokens
    if usage.cache_write_1h_tokens:
        prompt_details[HOUR] = usage.cache_write_1h_tokens
    completion_details: TokenDetails = {"reasoning_tokens": usage.reasoning_tokens}
    if usage.modal is not None:
        no_text = usage.modal.counts()
        prompt_details |= _by_modality(no_text, "input")
        completion_details |= _by_modality(no_text, "output")
        if cached := _by_modality(no_text, "cache_read"):
            prompt_details[CACHED_DETAILS] = cached
    shown: UsageCounts = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": completion_details,
    }
    if usage.tier:
        shown["service_tier"] = usage.tier
    if usage.others:
        shown["other_models"] = [{"model": other.model, **usage_json(other.usage)} for other in usage.others]
    if usage.hosted is not None and (counts := server_tools(usage.hosted)):
        shown["server_tool_use"] = counts
    return shown


def _mixed(details: JsonView) -> bool:
    """Whether not all is text. OpenAI says every time that there are 0 tokens of sound."""
    get = details.get
    return bool(get("audio_tokens") or get("image_tokens") or get("video_tokens"))


def _modal(prompt: JsonView, completion: JsonView) -> Modal:
    parts = {"input": prompt, "cache_read": dict_at(prompt, CACHED_DETAILS), "output": completion}
    return Modal(
        **{
            f"{modality}_{part}": count(details.get(f"{modality}_tokens"))
            for part, details in parts.items()
            for modality in MODALITIES
        }
    )


def _by_modality(counts: Mapping[str, int], part: str) -> dict[str, int]:
    """The counts of one part of the usage that are not 0, as OpenAI names them: `audio_tokens`."""
    names = {f"{modality}_tokens": counts.get(f"{modality}_{part}", 0) for modality in MODALITIES}
    return {name: tokens for name, tokens in names.items() if tokens}


def _details(usage: JsonView, names: tuple[str, ...]) -> JsonObject:
    for name in names:
        if isinstance(value := usage.get(name), dict):
            return value
    return {}


def _first(counts: JsonView, names: tuple[str, ...]) -> int | float | None:
    for name in names:
        if (number := _number(counts.get(name))) is not None:
            return number
    return None


def _number(value: object) -> int | float | None:
    """A count worth believing: negative ones, those beyond every model, strings and the like say nothing."""
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        return None
    if not credible(value):
        return None
    return value
