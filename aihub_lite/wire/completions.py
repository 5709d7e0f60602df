"""Completions as they were before chat, and Mistral's fill-in-the-middle, which differs in what it answers."""

from __future__ import annotations

from typing import Any

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.chat_usage import usage_json
from aihub_lite.wire.estimate import byte_count, tokens_in, tokens_of
from aihub_lite.wire.fields import MAX_CHOICES, flag, model_in, wants_usage, whole, wrong
from aihub_lite.wire.passed_answer import PassedAnswer, rewritten, tokens_reported
from aihub_lite.wire.raw_answer import RawObject, looked_into, opened


def parse_completion(content: Content) -> Asked:
    """Raises InvalidRequest."""
    assert isinstance(content, dict)  # noqa: S101  the surface takes no forms
    model, prompt = model_in(content), content.get("prompt")
    if not isinstance(prompt, str | list) or prompt == []:
        raise InvalidRequest(wrong(content, "prompt", "a text, a list of texts, or tokens"))
    stream, suffix = flag(content, "stream"), content.get("suffix")
    choices = max(whole(content, "n", MAX_CHOICES) or 1, whole(content, "best_of", MAX_CHOICES) or 1)
    return Asked(
        content=content,
        model=model,
        stream=stream,
        include_usage=stream and wants_usage(content),
        prompt_estimate=tokens_of(prompt) + (tokens_in(suffix) if isinstance(suffix, str) else 0),
        n=choices * prompts_in(prompt),
        max_tokens=whole(content, "max_tokens"),
    )


def prompts_in(prompt: str | list[Any]) -> int:
    """How many prompts there are: a list of numbers is one, in tokens."""
    return len(prompt) if isinstance(prompt, list) and not isinstance(prompt[0], int) else 1


def completion_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """Raises AnswerNonsense."""
    fields = opened(data, "choices")
    usage = tokens_reported(fields)
    own = asked.usage(tokens_in(_written(fields)))
    changes: dict[str, object] = {"model": asked.model}
    if usage is None:
        changes["usage"] = usage_json(own)
    return PassedAnswer(rewritten(fields, **changes), usage, own)


def _written(fields: RawObject) -> int:
    choices = looked_into(fields, "choices")
    return sum(text_bytes(choice) for choice in choices) if isinstance(choices, list) else 0


def text_bytes(choice: object) -> int:
    """UTF-8 bytes of what one choice says: a `text`, or fill-in-the-middle's `message` or `delta`."""
    if not isinstance(choice, dict):
        return 0
    said = [choice.get("text")]
    said += [inner.get("content") for name in ("message", "delta") if isinstance(inner := choice.get(name), dict)]
    return sum(byte_count(text) for text in said if isinstance(text, str))
