"""Images made from a prompt, and from other images."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.modality import Modal
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.estimate import IMAGE_TOKENS, tokens_in
from aihub_lite.wire.fields import MAX_CHOICES, flag, model_in, whole, wrong
from aihub_lite.wire.json_types import JsonObject, list_at
from aihub_lite.wire.multipart import Form, flag_in, number_in
from aihub_lite.wire.passthrough.answer import PassedAnswer, with_changes
from aihub_lite.wire.passthrough.raw import fields_of, items_in, value_at
from aihub_lite.wire.passthrough.request import Body, PassedRequest, PostedRequest
from aihub_lite.wire.passthrough.typed_stream import TypedStream

IMAGE_TOKENS_MADE: Mapping[str, int] = {"low": 408, "medium": 1584, "standard": 1584}
MAX_IMAGE_TOKENS_MADE = 6240
"""Tokens of one gpt-image of a quality at its dearest size (OpenAI's image guide); `high`, `auto` and the rest."""


def parse_image(content: JsonObject) -> PostedRequest[JsonObject]:
    """What the gateway reads of a request to make images of a prompt; raises InvalidRequest."""
    return _request(content, content, whole(content, "n", MAX_CHOICES), flag(content, "stream"), 0)


def parse_edit(content: JsonObject | Form) -> PostedRequest[JsonObject | Form]:
    """The same to change images, in a form or, with their addresses, in JSON; raises InvalidRequest."""
    if isinstance(content, dict):
        count = len(list_at(content, "images"))
        return _request(content, content, whole(content, "n", MAX_CHOICES), flag(content, "stream"), count)
    fields = content.fields()
    images = content.files("image", "image[]")
    if not images:
        raise InvalidRequest("'image' is missing; it must be a file.")
    return _request(content, fields, number_in(fields, "n", MAX_CHOICES), flag_in(fields, "stream"), len(images))


def _request(content: Body, fields: JsonObject, n: int | None, stream: bool, images: int) -> PostedRequest[Body]:
    model = model_in(fields)
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise InvalidRequest(wrong(fields, "prompt", "a non-empty string"))
    modal = None
    if images:
        modal = Modal(image_input=IMAGE_TOKENS * images)
    return PostedRequest(
        content=content,
        model=model,
        stream=stream,
        prompt_estimate=tokens_in(prompt) + IMAGE_TOKENS * images,
        n=n or 1,
        max_tokens=_tokens_made(fields.get("quality")),
        units=n or 1,
        unit="image",
        modal=modal,
        answer_modality="image",
    )


def _tokens_made(quality: object) -> int:
    if isinstance(quality, str) and quality in IMAGE_TOKENS_MADE:
        return IMAGE_TOKENS_MADE[quality]
    return MAX_IMAGE_TOKENS_MADE


def images_answer(request: PassedRequest, data: bytes, content_type: str) -> PassedAnswer:
    """As many images as it holds, and its tokens where it counts them. Raises AnswerNonsense."""
    fields = fields_of(data, "data")
    images = len(items_in(fields, "data"))
    usage = request.reported_usage(value_at(fields, "usage")) or Usage()
    return PassedAnswer(with_changes(fields), attrs.evolve(usage, units=images, unit="image"), request.usage())


@attrs.define
class ImageStream(TypedStream):
    """Partial images, then whole ones."""

    named = True

    @property
    def complete(self) -> bool:
        """Whether every image is there."""
        return self.last_events >= self.request.n

    def reported_usage(self, value: object) -> Usage | None:
        """The last count of tokens, and every image."""
        usage = self.request.reported_usage(value) or self.usage or Usage()
        return attrs.evolve(usage, units=self.last_events, unit="image")

    def estimated(self, prompt_tokens: int) -> Usage:
        """Every image, also the one that was being made."""
        images = min(self.last_events + 1, self.request.n)
        tokens_each = self.request.max_tokens or 0
        tokens = images * tokens_each
        # Where the upstream has counted what is there, only the one in the making is our own guess.
        if self.usage is not None and self.usage.completion_tokens:
            tokens = self.usage.completion_tokens + (images - self.last_events) * tokens_each
        return self.request.usage(tokens, images)
