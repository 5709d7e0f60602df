"""Images made from a prompt, and from other images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.domain.modal import Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.asked import Asked, Content
from aihub_lite.wire.estimate import IMAGE_TOKENS, tokens_in
from aihub_lite.wire.fields import MAX_CHOICES, flag, model_in, whole, wrong
from aihub_lite.wire.form import flag_in, number_in
from aihub_lite.wire.passed_answer import PassedAnswer, rewritten
from aihub_lite.wire.raw_answer import items_in, looked_into, opened
from aihub_lite.wire.typed_stream import TypedStream

MADE_TOKENS: Mapping[object, int] = {"low": 408, "medium": 1584, "standard": 1584}
MOST_MADE_TOKENS = 6240
"""Tokens of one gpt-image of a quality at its dearest size (OpenAI's image guide); `high`, `auto` and the rest."""


def parse_image(content: Content) -> Asked:
    """To make images of a prompt; raises InvalidRequest."""
    assert isinstance(content, dict)  # noqa: S101  the surface takes no forms
    return _asked(content, content, whole(content, "n", MAX_CHOICES), flag(content, "stream"), 0)


def parse_edit(content: Content) -> Asked:
    """To change images, in a form or, with their addresses, in JSON; raises InvalidRequest."""
    if isinstance(content, dict):
        images = content.get("images")
        given = len(images) if isinstance(images, list) else 0
        return _asked(content, content, whole(content, "n", MAX_CHOICES), flag(content, "stream"), given)
    fields, images = content.fields(), content.files("image", "image[]")
    if not images:
        raise InvalidRequest("'image' is missing; it must be a file.")
    return _asked(content, fields, number_in(fields, "n", MAX_CHOICES), flag_in(fields, "stream"), len(images))


def _asked(content: Content, fields: dict[str, Any], n: int | None, stream: bool, images: int) -> Asked:
    model, prompt = model_in(fields), fields.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise InvalidRequest(wrong(fields, "prompt", "a non-empty string"))
    quality = fields.get("quality")
    return Asked(
        content=content,
        model=model,
        stream=stream,
        prompt_estimate=tokens_in(prompt) + IMAGE_TOKENS * images,
        n=n or 1,
        max_tokens=MADE_TOKENS.get(quality, MOST_MADE_TOKENS) if isinstance(quality, str) else MOST_MADE_TOKENS,
        units=n or 1,
        unit="image",
        modal=Modal(image_input=IMAGE_TOKENS * images) if images else None,
        made="image",
    )


def images_answer(asked: Asked, data: bytes, content_type: str) -> PassedAnswer:
    """As many images as it holds, and its tokens where it counts them. Raises AnswerNonsense."""
    fields = opened(data, "data")
    made = len(items_in(fields, "data"))
    usage = asked.reported(looked_into(fields, "usage")) or Usage()
    return PassedAnswer(rewritten(fields), attrs.evolve(usage, units=made, unit="image"), asked.usage())


@attrs.define
class ImageStream(TypedStream):
    """Partial images, then whole ones."""

    named = True

    @property
    def complete(self) -> bool:
        """Whether every image is there."""
        return self.ended >= self.asked.n

    def reported(self, usage: object) -> Usage | None:
        """The last count of tokens, and every image."""
        known = self.asked.reported(usage) or self.usage or Usage()
        return attrs.evolve(known, units=self.ended, unit="image")

    def estimated(self, prompt_tokens: int) -> Usage:
        """Every image, also the one that was being made."""
        made, each = min(self.ended + 1, self.asked.n), self.asked.max_tokens or 0
        counted = self.usage.completion_tokens if self.usage else 0
        return self.asked.usage(counted + (made - self.ended) * each if counted else made * each, made)
