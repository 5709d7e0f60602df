"""Moderations: texts and images, judged."""

from __future__ import annotations

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.estimate import tokens_of
from aihub_lite.wire.fields import model_in, wrong
from aihub_lite.wire.passed_answer import PassedAnswer, rewritten, tokens_reported
from aihub_lite.wire.raw_answer import opened


def parse_moderations(content: Content) -> Asked:
    """Raises InvalidRequest."""
    assert isinstance(content, dict)  # noqa: S101  the surface takes no forms
    model, given = model_in(content), content.get("input")
    if not isinstance(given, str | list) or not given:
        raise InvalidRequest(wrong(content, "input", "a text or a list"))
    return Asked(content=content, model=model, prompt_estimate=tokens_of(given))


def moderations_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """Raises AnswerNonsense."""
    fields = opened(data, "results")
    return PassedAnswer(rewritten(fields, model=asked.model), tokens_reported(fields), asked.usage())
