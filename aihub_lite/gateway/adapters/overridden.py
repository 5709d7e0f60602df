"""A request as a channel is really sent it, for whoever counts what it may come to: an operator may have changed how
much it may write, how often, at which tier of service, and what stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import attrs

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.hosted import Hosted
from aihub_lite.domain.overrides import Overrides
from aihub_lite.domain.usage import Usage
from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.adapters.surface import Serving
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.hub import ViaChatRequest
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.tier import TIER, asked_tier
from aihub_lite.wire.fields import MAX_CHOICES
from aihub_lite.wire.foreign_json import decode_strict, encode
from aihub_lite.wire.hosted import hosted_at_most
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at
from aihub_lite.wire.overrides import added_tokens, edits_of
from aihub_lite.wire.protocols import Request

if TYPE_CHECKING:
    from aihub_lite.gateway.adapters.passthrough import PassedSurface

ENDPOINTS: Mapping[str, str] = {"chat": "chat", "anthropic": "messages", "gemini": "gemini"}
"""What conversations are sent to, by the format of the upstream."""
MOST_TOKENS: Mapping[str, tuple[str, ...]] = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "messages": ("max_tokens",),
    "gemini": ("maxOutputTokens",),
    "responses": ("max_output_tokens",),
}
"""Where bodies say how much may be written."""
CHOICES: Mapping[str, str] = {"chat": "n", "gemini": "candidateCount"}
GEMINIS = "generationConfig"
"""Where Gemini's bodies have both."""


@attrs.frozen
class SentRequest:
    """A client's request with an operator's changes, as far as they count."""

    request: Request
    max_tokens: int | None
    n: int
    tier: str
    hosted: Hosted | None
    added: int
    """Tokens of the prompt that are the operator's."""

    @property
    def model(self) -> str:
        return self.request.model

    @property
    def stream(self) -> bool:
        return self.request.stream

    @property
    def events(self) -> bool:
        return self.request.events

    @property
    def prompt_estimate(self) -> int:
        return self.request.prompt_estimate + self.added

    @property
    def posted(self) -> JsonView:
        return self.request.posted

    def usage(self, completion_tokens: int = 0) -> Usage:
        usage = self.request.usage(completion_tokens)
        return attrs.evolve(usage, prompt_tokens=usage.prompt_tokens + self.added)

    def hosted_at_most(self) -> Hosted | None:
        return self.hosted

    def texts(self) -> Iterator[str]:
        return self.request.texts()


def as_sent(request: Request, surface: Serving, candidate: Candidate) -> Request:
    """The request as the candidate's channel is sent it; the same where nothing that counts is changed."""
    channel = candidate.channel
    overrides = channel.overrides
    if overrides is None or not overrides.change_bodies:
        return request
    # Imported only here, and below: few gateways change what they send.
    from aihub_lite.gateway.adapters.passthrough import PassedSurface  # noqa: PLC0415

    if isinstance(surface, PassedSurface):
        return _passed(request, surface, overrides)
    endpoint = ENDPOINTS[PROVIDERS[channel.provider].wire_for(candidate.upstream_model)]
    if surface.name == "responses" and endpoint == "chat":
        # Which of both it will be is seen when it is sent: the larger counts.
        both = [_conversation(request, surface.name, name, overrides) for name in ("chat", "responses")]
        return max(both, key=lambda sent: (sent.max_tokens is None, sent.max_tokens or 0))
    return _conversation(request, surface.name, endpoint, overrides)


def _passed(request: Request, surface: PassedSurface[Any], overrides: Overrides) -> Request:
    """Read again with the changes: its pictures and the like are counted by whoever knows how."""
    from aihub_lite.wire.passthrough.request import PostedRequest  # noqa: PLC0415

    if not isinstance(request, PostedRequest) or not isinstance(request.content, dict):
        return request  # forms go as they came
    content = decode_strict(encode(request.content))
    edits_of(overrides, surface.name).apply(content)
    with suppress(InvalidRequest):  # what makes no sense is for the upstream to refuse
        changed: Request = surface.parse(encode(content))
        return changed
    return request


def _conversation(request: Request, surface: str, endpoint: str, overrides: Overrides) -> SentRequest:
    body = _counted_fields(request, endpoint)
    edits_of(overrides, endpoint).apply(body)
    holder = dict_at(body, GEMINIS) if endpoint == "gemini" else body
    limits = [whole for name in MOST_TOKENS[endpoint] if (whole := _whole(holder.get(name))) is not None]
    hosted = hosted_at_most(body)
    offered = request.hosted_at_most()
    if hosted is not None:
        offered = hosted.most(offered)
    return SentRequest(
        request=request,
        max_tokens=next(iter(limits), None),
        n=min(_whole(holder.get(CHOICES.get(endpoint, ""))) or 1, MAX_CHOICES),
        tier=asked_tier(body),
        hosted=offered,
        added=added_tokens(overrides, surface),
    )


def _counted_fields(request: Request, endpoint: str) -> JsonObject:
    """A body with nothing but what counts, by the names that the endpoint has for it."""
    fields: JsonObject = {MOST_TOKENS[endpoint][0]: request.max_tokens}
    if endpoint in CHOICES:
        fields[CHOICES[endpoint]] = request.n
    if endpoint == "gemini":
        fields = {GEMINIS: fields}
    return {**fields, TIER: request.tier}


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        return None
    return value


def with_more_prompt(request: Request, tokens: int) -> Request:
    """The request with so many more tokens in its prompt by our own count, for an answer that does not count them."""
    if isinstance(request, ChatRequest):
        return attrs.evolve(request, prompt_estimate=request.prompt_estimate + tokens)
    if isinstance(request, ViaChatRequest):
        chat = attrs.evolve(request.chat, prompt_estimate=request.chat.prompt_estimate + tokens)
        return attrs.evolve(request, chat=chat)  # type: ignore[misc]
    return request
