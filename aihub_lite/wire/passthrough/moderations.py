"""Moderations: texts and images, judged."""

from __future__ import annotations

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import tokens_of
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.passthrough.answer import PassedAnswer, reported_usage, with_changes
from aihub_lite.wire.passthrough.raw import fields_of
from aihub_lite.wire.passthrough.request import PassedRequest, PostedRequest


def parse_moderations(content: JsonObject) -> PostedRequest[JsonObject]:
    """What the gateway reads of a request to judge texts and images; raises InvalidRequest."""
    model = model_in(content)
    prompt = content.get("input")
    if not isinstance(prompt, str | list) or not prompt:
        raise InvalidRequest(wrong(content, "input", "a text or a list"))
    return PostedRequest(content=content, model=model, prompt_estimate=tokens_of(prompt))


def moderations_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """The answer with the client's name of the model; raises AnswerNonsense."""
    fields = fields_of(data, "results")
    return PassedAnswer(with_changes(fields, model=request.model), reported_usage(fields), request.usage())
