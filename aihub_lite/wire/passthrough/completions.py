"""Completions as they were before chat, and Mistral's fill-in-the-middle, which differs in what it answers."""

from __future__ import annotations

from typing import Any

from aihub_lite.domain.usage import believable
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.chat.foreign_usage import with_foreign
from aihub_lite.wire.chat.usage import usage_json
from aihub_lite.wire.estimate import byte_count, tokens_in, tokens_of
from aihub_lite.wire.fields import MAX_CHOICES, flag, model_in, wants_usage, whole, wrong
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at
from aihub_lite.wire.passthrough.answer import PassedAnswer, reported_usage, with_changes
from aihub_lite.wire.passthrough.raw import RawObject, fields_of, value_at
from aihub_lite.wire.passthrough.request import PassedRequest, PostedRequest


def parse_completion(content: JsonObject) -> PostedRequest[JsonObject]:
    """What the gateway reads of a request to complete prompts; raises InvalidRequest."""
    model = model_in(content)
    prompt = content.get("prompt")
    if not isinstance(prompt, str | list) or prompt == []:
        raise InvalidRequest(wrong(content, "prompt", "a text, a list of texts, or tokens"))
    stream = flag(content, "stream")
    n = whole(content, "n", MAX_CHOICES) or 1
    best_of = whole(content, "best_of", MAX_CHOICES) or 1
    return PostedRequest(
        content=content,
        model=model,
        stream=stream,
        include_usage=stream and wants_usage(content),
        prompt_estimate=tokens_of(prompt) + tokens_in(text_at(content, "suffix")),
        # All of `best_of` are made and billed, though only `n` are sent.
        n=max(n, best_of) * prompts_in(prompt),
        max_tokens=whole(content, "max_tokens"),
    )


def prompts_in(prompt: str | list[Any]) -> int:
    """How many prompts there are: a list of numbers is one, in tokens."""
    if isinstance(prompt, list) and not isinstance(prompt[0], int):
        return len(prompt)
    return 1


def completion_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """The answer with the client's name of the model and a usage in any case; raises AnswerNonsense."""
    fields = fields_of(data, "choices")
    usage = reported_usage(fields)
    own = request.usage(tokens_in(_text_bytes(fields)))
    changes: dict[str, object] = {"model": request.model}
    billed = believable(usage, own)
    if billed is not usage:
        changes["usage"] = with_foreign(usage_json(billed), value_at(fields, "usage"))
    return PassedAnswer(with_changes(fields, **changes), usage, own)


def _text_bytes(fields: RawObject) -> int:
    return sum(text_bytes(choice) for choice in dicts_in(value_at(fields, "choices")))


def text_bytes(choice: JsonView) -> int:
    """UTF-8 bytes of what one choice says: a `text`, or fill-in-the-middle's `message` or `delta`."""
    texts = [choice.get("text"), dict_at(choice, "message").get("content"), dict_at(choice, "delta").get("content")]
    return sum(byte_count(text) for text in texts if isinstance(text, str))
